#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: model_random.sh [--seed N] [--seconds N]
#
# Three controllers made of code break the protocol by rules at random, under load, while
# they are reset, rescanned, taken from the driver and given back, and lose their power:
# nothing hangs, nothing is reported, and a fourth, honest one is not disturbed. The
# seed (default: another one each time) gives the same rules and steps again, if not the
# same moments.
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

seed=$((SRANDOM % 32768)) seconds=30
model_chance "$@"

# In seconds; a kernel that is slow has more, as it must answer in time when it is
# honest. A step may take as long as two bring-ups that fail, as in model_faults.
slow=${SELFTEST_SLOW:-1}
io_timeout=$((2 * slow))
admin_timeout=$((3 * slow))
bound=25

require_model
require_cmd fio
dmesg_expect 'I/O error'
nvme_load io_timeout=$io_timeout admin_timeout=$admin_timeout
RANDOM=$seed
diag "--seed $seed --seconds $seconds"
results=$(mktemp -d)
at_exit rm -rf "$results"

# --- chance: not in subshells, whose numbers would be others -------------------------

# pick WORD... : sets picked
pick() {
	local words=("$@")
	picked=${words[RANDOM % $#]}
}

# below N : sets picked
below() { picked=$((RANDOM % $1)); }

# random_match : adds to rule
random_match() {
	pick queue=admin queue=io queue=1 opcode=read opcode=write opcode=identify \
		opcode=set_features opcode=create_cq opcode=get_log opcode=abort ''
	rule+=" $picked"
	below 60
	rule+=" after=$picked"
	pick 0 1 1 1 2 5
	rule+=" hits=$picked"
	pick 20 100 500 1000
	rule+=" permille=$picked"
	below 30000
	rule+=" seed=$((picked + 1))"
}

# random_rule : sets rule
random_rule() {
	pick 'delay ms=' 'delay ms=1' hold drop twice 'wrongid kind=' 'ghost kind=' phase \
		'status code=' 'data offset=' nodata 'result value=' 'sqhead value=' \
		'sqid value=' noirq 'irqstorm n=' 'event type=' 'shadow value=' early cfs \
		nssro clearready unready stuck noshutdown 'ready ms=' 'register offset='
	rule=$picked
	case $rule in
	'delay ms='*) below 900 ;;
	*kind=) pick stale free foreign absurd ;;
	'data offset=') below 4096; rule+="$picked bytes="; pick 00 ff 80 ffffffff 0100 ;;
	'event type=') below 8; rule+="$picked n=4 log="; below 6 ;;
	'register offset=') pick '0x1c value=0x2 mask=0x2' '0x1c value=0xffffffff hits=2' \
		'0 value=0 mask=0xffff' '8 value=0' ;;
	'status code=') pick 0x0 0x2 0x6 0x7 0x81 0x281 0x4002 0x7ff 0x0882 ;;
	*=) below 65536 ;;
	*) picked='' ;;
	esac
	rule+=$picked
	case $rule in
	register*) ;;
	unready | stuck | noshutdown) rule+=" hits=2" ;;
	ready*) rule="ready ms=$((picked % 1500)) hits=2" ;;
	*) random_match ;;
	esac
}

# --- load ------------------------------------------------------------------------------

# load NAME : again and again, whether it ends well or not
load() {
	whatever
	while [[ ! -e $results/stop ]]; do
		disk=$(model_disk "$1") 2>/dev/null
		if [[ $disk == nvmec* && -b /dev/$disk ]]; then
			fio --name=load --filename="/dev/$disk" --direct=1 --thread \
				--ioengine=io_uring --iodepth=32 --bsrange=4k-128k --rw=randrw \
				--size=32m --time_based --runtime=2 --allow_file_create=0
		fi
		nap 0.1
	done
}

honest_load() {
	whatever
	while [[ ! -e $results/stop ]]; do
		fio_verify "$1" --size=512k --rate_iops=100 || return
	done
}

# --- steps, in the background and with a bound -------------------------------------------

# step NAME WHAT
step() {
	whatever
	local ctrl
	ctrl=$(model_ctrl "$1")
	case $2 in
	reset | rescan) [[ -z $ctrl ]] || echo 1 >"/sys/class/nvme_c/$ctrl/${2}_controller" ;;
	rebind) model_unbind "$1"; model_bind "$1" ;;
	replug) model_power "$1" 0; model_power "$1" 1; model_bind "$1" ;;
	resize) model_set "$1/namespaces/1" size_mib=$((32 + RANDOM % 64)) ;;
	detach) model_set "$1/namespaces/1" attached=0; model_set "$1/namespaces/1" attached=1 ;;
	gone) model_now "$1" gone; nap 0.3; model_now "$1" back ;;
	freeze) model_now "$1" freeze; nap 0.3; model_now "$1" release ;;
	irqs) model_now "$1" irqstorm n=100 ;;
	nothing) nap 0.5 ;;
	esac 2>/dev/null
}

names=(r1 r2 r3)
steps=0 hung=''
run_step() {
	local name what rules=() job
	pick "${names[@]}"
	name=$picked
	below 4
	while ((picked-- > 0)); do
		local left=$picked
		random_rule
		rules+=("$rule")
		picked=$left
	done
	pick reset reset rescan rebind replug resize detach gone freeze irqs nothing nothing
	what=$picked
	echo "step $steps: $name $what: ${rules[*]/%/;}" >>"$results/steps"
	echo "model_random: $name $what: ${rules[*]/%/;}" >/dev/kmsg
	for rule in "${rules[@]}"; do
		model_rule "$name" "$rule" || true
	done
	step "$name" "$what" &
	job=$!
	steps=$((steps + 1))
	wait_until $bound has_ended $job || {
		hung=$name
		diag "$(ps --ppid 2 -N -o pid,ppid,stat,wchan:32,args)"
		echo w >/proc/sysrq-trigger
	}
	model_rule "$name" clear
	model_now "$name" release || true
	[[ -n $hung ]] || return 0
	tail -n 3 "$results/steps"
	return 1
}

# --- the run ------------------------------------------------------------------------------

model_create honest
model_up honest
honest_load "$(model_disk honest)" >"$results/honest.log" 2>&1 &
honest=$!
at_exit end_job $honest
jobs=()
for name in "${names[@]}"; do
	model_create "$name" timeout=2 queues=2
	model_up "$name"
	load "$name" >/dev/null 2>&1 &
	jobs+=($!)
	at_exit end_job $!
done
begin=$SECONDS
while ((SECONDS - begin < seconds)); do
	run_step || break
done
check_eq "no step takes more than $bound s" "${hung:-none}" none
diag "$steps steps"

touch "$results/stop"
for job in "${jobs[@]}"; do
	check "the load ends" wait_until $((2 * bound)) has_ended "$job"
done
for name in "${names[@]}"; do
	model_honest "$name"
	check "$name is let go" model_unbind "$name"
	check "$name works again" model_bind "$name"
	wait_until 10 model_has_disk "$name" || true
	check "$name keeps data" fio_verify "$(model_disk "$name")" --size=1m
	model_unbind "$name"
	diag "$name: breaches: $(model_breaches "$name")"
done
check_wait "the honest controller's data is kept meanwhile" $honest
model_unbind honest
check_eq "and its protocol" "$(model_breaches honest)" ''
