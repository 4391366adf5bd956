#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Controllers made of code that lie, fall silent or die: each fault while the driver
# brings the controller up, under load, and while it is taken from the driver. Each
# time the outcome is the one in the table, within a bound; the controller works when
# it is honest again; and a second, honest one is not disturbed.
#
# Arguments are the names of faults, or parts of them: only these are tried; or of
# moments: bring-up, load, removal.
#@timeout 1200

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

# In seconds, on a slow kernel several times that. A command has a second, and CAP.TO is
# one: a bring-up that fails is tried twice, each time with one command that gets no
# answer, and once more to get ready. A load may take that much longer than it takes
# without a fault, which is measured first, as most of it is programs that start.
bound=12

# Lines of name, outcome of the bring-up (up, or no: it fails), of the load (ok, or err:
# it gets errors) and what sets it off beside the load (rescan, reset or -), and rules
# with semicolons between. A bar means that both are right.
faults() {
	grep -v '^#' <<-'END'
	# Commands without an answer: those that a driver cannot do without, and others
	silent-identify-ctrl	no	ok|err	reset	hold opcode=identify sel=1
	silent-identify-ns	no|up	ok	rescan	hold opcode=identify sel=0 hits=1
	silent-ns-list		no|up	ok	rescan	hold opcode=identify sel=2 hits=1
	silent-descriptors	no|up	ok	rescan	hold opcode=identify sel=3 hits=1
	silent-queue-number	no	ok|err	reset	hold opcode=set_features sel=7
	silent-event-config	up	ok	reset	hold opcode=set_features sel=0x0b hits=1
	silent-create-cq	no	ok|err	reset	hold opcode=create_cq
	silent-create-sq	no	ok|err	reset	hold opcode=create_sq
	silent-delete-sq	up	ok	-	hold opcode=delete_sq
	silent-delete-cq	up	ok	-	hold opcode=delete_cq
	silent-shadows		up	ok	reset	hold opcode=dbbuf hits=1
	silent-log		up	ok	rescan	drop opcode=get_log
	silent-once		up	ok	reset	drop opcode=identify sel=1 hits=1
	silent-read		up	ok|err	-	drop opcode=read after=20 hits=1
	silent-write		up	ok|err	-	drop opcode=write after=20 hits=3
	silent-abort		up	ok|err	-	drop opcode=read after=20 hits=1;drop opcode=abort
	slow-identify		up	ok	rescan	delay ms=200 opcode=identify
	slow-io			up	ok	-	delay ms=100 queue=io permille=20
	late-io			up	ok|err	-	delay ms=1300 queue=io after=50 hits=3
	# Errors
	error-identify-ctrl	no	ok|err	reset	status code=6 opcode=identify sel=1
	error-identify-dnr	no	ok|err	reset	status code=2 dnr=1 opcode=identify sel=1
	error-ns-list		up|no	ok	rescan	status code=6 opcode=identify sel=2
	error-descriptors	up	ok	rescan	status code=2 dnr=1 opcode=identify sel=3
	error-queue-number	no	ok|err	reset	status code=6 opcode=set_features sel=7
	error-create-cq		no	ok|err	reset	status code=0x101 dnr=1 opcode=create_cq
	error-create-sq		no	ok|err	reset	status code=6 opcode=create_sq
	error-events		up	ok	reset	status code=0x105 dnr=1 opcode=async_event
	error-read		up	err	-	status code=0x281 dnr=1 opcode=read after=20 hits=1
	error-read-once		up	ok	-	status code=0x281 opcode=read after=20 hits=1
	error-write-delayed	up	ok	-	status code=0x82 crd=1 opcode=write after=20 hits=3
	error-aborted		up	ok	-	status code=7 opcode=write after=20 hits=3
	error-garbage		up	ok|err	-	status code=0x7ff dnr=1 crd=3 opcode=write after=20 hits=1
	error-more-bits		up	ok|err	-	status code=0xffff opcode=read after=20 hits=1
	# Completions that are wrong. Sixteen without a command cost a reset, and five resets
	# are all that it has.
	twice-admin		up	ok	reset	twice queue=admin
	twice-io		up	ok	-	twice queue=io hits=70
	twice-io-for-ever	up	err	-	twice queue=io permille=300
	ghost-stale-admin	up	ok	reset	ghost kind=stale queue=admin after=2
	ghost-stale-io		up	ok	-	ghost kind=stale queue=io after=10 hits=70
	ghost-free-io		up	ok	-	ghost kind=free queue=io hits=70
	ghost-foreign-io	up	ok	-	ghost kind=foreign queue=io hits=70
	ghost-absurd-io		up	ok	-	ghost kind=absurd queue=io hits=70
	ghost-for-ever		up	err	-	ghost kind=absurd queue=io permille=300
	ghost-absurd-admin	up	ok	reset	ghost kind=absurd queue=admin
	wrong-stale-io		up	ok|err	-	wrongid kind=stale queue=io after=50 hits=1
	wrong-free-io		up	ok|err	-	wrongid kind=free queue=io after=50 hits=1
	wrong-absurd-io		up	ok|err	-	wrongid kind=absurd queue=io after=50 hits=1
	wrong-absurd-admin	up|no	ok|err	reset	wrongid kind=absurd queue=admin hits=1
	phase-admin		up|no	ok|err	reset	phase queue=admin hits=1
	phase-io		up	ok|err	-	phase queue=io after=50 hits=1
	early			up	ok|err	-	early queue=io after=50 permille=20
	sqhead			up	ok	reset	sqhead value=0xffff
	sqid-admin		up	ok	reset	sqid value=9 queue=admin hits=2
	sqid-io			up	ok|err	-	sqid value=9 queue=io after=50 hits=2
	# Data and results that are wrong
	all-zero-ctrl		no|up	ok|err	reset	nodata opcode=identify sel=1
	no-queues		no|up	ok|err	reset	result value=0xffffffff opcode=set_features sel=7
	few-queues		up	ok	reset	result value=0 opcode=set_features sel=7
	mdts-absurd		up	ok	reset	data opcode=identify sel=1 offset=77 bytes=ff
	sqes-absurd		no	ok|err	reset	data opcode=identify sel=1 offset=512 bytes=00
	cqes-absurd		no	ok|err	reset	data opcode=identify sel=1 offset=513 bytes=ff
	nn-zero			up|no	ok|err	reset	data opcode=identify sel=1 offset=516 bytes=00000000
	sgls-absurd		up	ok	reset	data opcode=identify sel=1 offset=536 bytes=ffffffff
	names-binary		up	ok	reset	data opcode=identify sel=1 offset=4 bytes=000102ff0a0d1b5b
	block-absurd		no|up	ok|err	rescan	data opcode=identify sel=0 offset=130 bytes=ff
	size-absurd		no|up	ok|err	rescan	data opcode=identify sel=0 offset=0 bytes=ffffffffffffffff
	size-zero		no|up	ok|err	rescan	data opcode=identify sel=0 offset=0 bytes=0000000000000000
	format-absurd		no|up	ok|err	rescan	data opcode=identify sel=0 offset=26 bytes=ff
	list-unsorted		up|no	ok	rescan	data opcode=identify sel=2 offset=0 bytes=0500000003000000
	list-absurd		up|no	ok	rescan	data opcode=identify sel=2 offset=0 bytes=ffffffff
	descriptor-endless	up	ok	rescan	data opcode=identify sel=3 offset=0 bytes=0300
	descriptor-long		up	ok	rescan	data opcode=identify sel=3 offset=0 bytes=03ff
	data-corrupt		up	err	-	data opcode=read lba=64-100 offset=100 bytes=ffeeddcc
	shadow-garbage		up	ok|err	-	shadow value=0xfffffff queue=io after=50
	# Interrupts and events
	no-interrupt-admin	up	ok	reset	noirq queue=admin hits=2
	no-interrupt-io		up	ok	-	noirq queue=io after=50 hits=2
	interrupt-storm		up	ok	reset	irqstorm n=200 permille=50
	event-storm		up	ok	reset	event n=64 type=0 info=1 log=1 queue=admin
	event-unknown		up	ok	reset	event n=8 type=7 info=0x55 log=0xff queue=admin
	event-persistent	up|no	ok|err	-	event n=1 type=0 info=3 log=1 queue=io after=50 hits=1
	event-namespaces	up	ok	-	event n=32 type=2 info=0 log=4 queue=io permille=20
	# Registers and states
	fatal-at-enable		no	ok|err	reset	cfs at=enable
	fatal-once		up	ok	reset	cfs at=enable hits=1
	fatal-admin		up|no	ok|err	reset	cfs opcode=identify sel=1 hits=1
	fatal-io		up	ok|err	-	cfs queue=io after=50 hits=1
	fatal-for-ever		up	err	-	cfs queue=io after=50
	fatal-now-and-then	up	err	-	cfs queue=io permille=50
	nssro			up	ok|err	-	nssro queue=io after=50 hits=1
	ready-lost		up	ok|err	-	clearready queue=io after=50 hits=1
	never-ready		no	ok|err	reset	unready
	ready-late		up	ok	reset	ready ms=700
	never-stops		up	ok|err	reset	stuck
	no-shutdown		up	ok	-	noshutdown
	all-ones		no	ok|err	reset	register offset=0 value=0xffffffffffffffff
	status-ones		no	err	reset	register offset=0x1c value=0xffffffff mask=0xffffffff
	cap-zero		no	ok|err	reset	register offset=0 value=0
	stride-absurd		no	ok|err	reset	register offset=0 value=0xf00000000 mask=0xf00000000
	pages-absurd		no	ok|err	reset	register offset=0 value=0xff000000000000 mask=0xff000000000000
	gone			no|up	err	-	gone queue=io after=50
	gone-admin		no	ok|err	reset	gone queue=admin after=3
	frozen-admin		no	err	reset	freeze queue=admin after=3
	frozen-io		up	err	-	freeze queue=io after=50
	END
}

require_model
require_cmd fio
dmesg_expect 'I/O error'
nvme_load io_timeout="${SELFTEST_SLOW:-1}" admin_timeout="${SELFTEST_SLOW:-1}"
results=$(mktemp -d)
at_exit rm -rf "$results"

# --- the honest one -----------------------------------------------------------

honest_load() {
	whatever
	while [[ ! -e $results/stop ]]; do
		fio_verify "$1" --size=512k --rate_iops=100 || return
	done
}

# --- one case, beside others: it leaves "OUTCOME SECONDS" -----------------------------

# set_rules NAME RULES
set_rules() {
	local rules rule
	IFS=';' read -ra rules <<<"$2"
	for rule in "${rules[@]}"; do
		model_rule "$1" "$rule"
	done
}

# outcome FILE BEGIN WORD
outcome() { echo "$3 $(((${EPOCHREALTIME/[.,]/} - $2) / 100000))" >"$results/$1"; }

at_bring-up() {
	local begin=${EPOCHREALTIME/[.,]/} what=no
	if model_bind "$1"; then
		! wait_until 5 model_has_disk "$1" || what=up
	fi
	outcome "$1" "$begin" $what
}

# set_off NAME HOW
set_off() {
	[[ $2 == - ]] || echo 1 >"/sys/class/nvme_c/$(model_ctrl "$1")/${2}_controller"
}

at_load() {
	local begin=${EPOCHREALTIME/[.,]/} what=err
	set_off "$1" "$2" &
	! fio_verify "$(model_disk "$1")" --size=4m || what=ok
	wait
	outcome "$1" "$begin" $what
}

at_removal() {
	local begin=${EPOCHREALTIME/[.,]/} job disk
	disk=$(model_disk "$1")
	fio_verify "$disk" --size=16m --loops=20 &
	job=$!
	wait_until 5 disk_is_busy "$disk" || true
	set_rules "$1" "$3"
	begin=${EPOCHREALTIME/[.,]/}
	model_unbind "$1"
	outcome "$1" "$begin" gone
	wait $job || true
}

# Honest again, it is of use again: leaves why it is not, or nothing.
recover() {
	local why='' disk
	model_unbind "$1" || why="it is not let go"
	[[ -n $why ]] || model_bind "$1" || why="it is not brought up"
	[[ -n $why ]] || wait_until 30 model_has_disk "$1" || why="it has no disk"
	disk=$(model_disk "$1")
	[[ -n $why ]] || fio_verify "$disk" --size=512k || why="its data is not kept"
	[[ -n $why ]] || model_unbind "$1" || why="it is not let go again"
	echo "$why" >"$results/$1.recovered"
}

# --- some cases at a time, as the bus has eight slots ---------------------------------

names=() rules=() wanted=() triggers=()

# begin MOMENT I : the Ith fault of the batch, on the controller f1, f2...
begin() {
	local name=f$2
	model_create "$name" timeout=2 queues=1 shadow=1
	model_power "$name" 1
	[[ $1 == bring-up ]] || { model_bind "$name" && wait_until 30 model_has_disk "$name"; }
	[[ $1 == removal ]] || set_rules "$name" "${rules[$2]}"
}

# run_jobs MOMENT|recover : one for each controller, and wait
run_jobs() {
	local i jobs=()
	for i in "${!names[@]}"; do
		{
			whatever
			case $1 in
			recover) recover "f$i" ;;
			*) "at_$1" "f$i" "${triggers[i]}" "${rules[i]}" ;;
			esac
		} >"$results/f$i.$1.log" 2>&1 &
		jobs+=($!)
	done
	wait_until $((2 * bound)) all_ended "${jobs[@]}" || true
	for i in "${!names[@]}"; do
		[[ $1 == recover ]] || model_hits "f$i" >"$results/f$i.hits"
		# Whatever hangs is to be seen, and to end.
		model_honest "f$i"
		[[ ${rules[i]} != gone* || $1 == recover ]] || model_now "f$i" back
	done
	wait_until $((2 * bound)) all_ended "${jobs[@]}" || true
}

# verdict MOMENT I
verdict() {
	local name="${names[$2]}, $1" what='never ended' tenths=0 hits
	local free=$((2 * baseline))
	[[ $1 == load ]] || free=0
	hits=${hit[$2]}
	[[ ! -s $results/f$2 ]] || read -r what tenths <"$results/f$2"
	diag "$name: $what, $((tenths / 10)).$((tenths % 10)) s, $hits hits"
	if [[ "|${wanted[$2]}|" != *"|$what|"* ]]; then
		not_ok "$name" "$what, wanted ${wanted[$2]}"
	elif ((tenths > bound * 10 * ${SELFTEST_SLOW:-1} + free)); then
		not_ok "$name" "took more than $bound s, and $((free / 10)) s for programs"
	elif [[ ! -s $results/f$2.recovered || -n $(<"$results/f$2.recovered") ]]; then
		not_ok "$name" "when it is honest again: $(cat "$results/f$2.recovered" 2>&1)"
		diag "$(tail -n 5 "$results/f$2.recover.log")"
	else
		ok "$name"
	fi
}

# run_batch MOMENT
run_batch() {
	local i hit=()
	((${#names[@]})) || return 0
	for i in "${!names[@]}"; do
		rm -f "$results/f$i" "$results/f$i.recovered"
		begin "$1" "$i"
	done
	run_jobs "$1"
	for i in "${!names[@]}"; do
		hit[i]=$(<"$results/f$i.hits")
	done
	run_jobs recover
	for i in "${!names[@]}"; do
		verdict "$1" "$i"
		model_destroy "f$i"
	done
	names=() rules=() wanted=() triggers=()
}

chosen() {
	local part
	((${#only[@]})) || return 0
	for part in "${only[@]}"; do
		[[ $1 != *"$part"* ]] || return 0
	done
	return 1
}

# run_moment MOMENT
run_moment() {
	local name up load trigger rest
	while read -r name up load trigger rest; do
		chosen "$name" || continue
		names+=("$name")
		rules+=("$rest")
		triggers+=("$trigger")
		case $1 in
		bring-up) wanted+=("$up") ;;
		load) wanted+=("$load") ;;
		removal) wanted+=(gone) ;;
		esac
		((${#names[@]} < 7)) || run_batch "$1"
	done < <(faults)
	run_batch "$1"
}

# measure_baseline DISK : sets baseline, what the load of a batch takes without a fault, in
# tenths of a second
measure_baseline() {
	local begin=${EPOCHREALTIME/[.,]/} i jobs=()
	for i in {1..7}; do
		fio_verify "$1" --size=4m --offset=$((i * 4))m >/dev/null 2>&1 &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	baseline=$(((${EPOCHREALTIME/[.,]/} - begin) / 100000))
	diag "the load by itself: $((baseline / 10)).$((baseline % 10)) s"
}

only=() moments=()
for word; do
	case $word in
	bring-up | load | removal) moments+=("$word") ;;
	*) only+=("$word") ;;
	esac
done
((${#moments[@]})) || moments=(bring-up load removal)
model_create honest
model_up honest
measure_baseline "$(model_disk honest)"
honest_load "$(model_disk honest)" >"$results/honest.log" 2>&1 &
honest=$!
at_exit end_job $honest
for moment in "${moments[@]}"; do
	run_moment "$moment"
done
touch "$results/stop"
check_wait "the honest controller's data is kept meanwhile" $honest
model_unbind honest
check_eq "and its protocol" "$(model_breaches honest)" ''
