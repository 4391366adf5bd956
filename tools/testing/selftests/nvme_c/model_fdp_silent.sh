#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A controller made of code that lets the host choose where data lies (FDP), and does not
# answer one of the questions for that: each time costs a reset. It is asked twice, and not
# given up; its disk works, without streams or with those that it has.
#@kernel uml-nvme
#@timeout 300

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/model.sh
. "$(dirname "$0")/../lib/model.sh"

require_cmd fio
require_model
nvme_load io_timeout=2 admin_timeout=2

disk() { model_disk m; }
streams() { queue_limit "$(disk)" max_write_streams; }
has_streams() { [[ $(streams) == "$1" ]]; }
is_up() { model_has_disk m && nvme_state_is "$(model_ctrl m)" live; }
end() {
	model_honest m
	model_unbind m
	check_eq "$what: no breach of the protocol" "$(model_breaches m)" ''
	model_destroy m
}
seen=0
has_lines() {
	[[ $(kmsg_since_start | grep -c "FDP: no answer in time, 2 times: not asked any more") == "$seen" ]]
}
# silence QUESTION... : from now on; asked twice, and the controller lives
silence() {
	model_rule m drop "$@"
	"${bring[@]}" || true
	check "$what: asked" wait_until 30 model_hit m 1
	check "$what: asked again" wait_until 30 model_hit m 2
	seen=$((seen + 1))
	check "$what: a line" wait_until 30 has_lines
	check "$what: it is up" wait_until 30 is_up
	for scan in 1 2 3; do
		check "$what: looked at again, $scan" nvme_rescan "$(model_ctrl m)"
	done
	check_eq "$what: not asked any more" "$(model_hits m)" 2
	check "$what: it works" fio_verify "$(disk)" --size=1m
}

while read -r question rule; do
	what="$question, new"
	check "$what: made" model_create m queues=2 fdp=4
	model_power m 1
	bring=(model_bind m)
	# shellcheck disable=SC2086 # several words
	silence $rule
	check_eq "$what: no streams" "$(streams)" 0
	end
	what="$question, in use"
	check "$what: made" model_create m queues=2 fdp=4
	check "$what: up" model_up m
	check "$what: it has streams" wait_until 10 has_streams 4
	bring=(nvme_rescan "$(model_ctrl m)")
	# shellcheck disable=SC2086 # several words
	silence $rule
	check_eq "$what: it keeps its streams" "$(streams)" 4
	model_honest m
	check "$what: given to the driver again" eval 'model_unbind m && model_bind m'
	check "$what: it is asked" wait_until 10 has_streams 4
	end
done <<-'END'
	feature	opcode=get_features sel=0x1d
	log	opcode=get_log sel=0x20
	handles	opcode=0x12 queue=io
END
