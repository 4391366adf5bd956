#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A zoned namespace of a controller made of code, and one without zones beside it: what is
# said of the zones is followed if it makes sense. If not it is refused with a line that
# names the field, the disk that was there stays, and the other namespace goes on.
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
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd blkzone fio
require_model
nvme_load "$@"

# made : namespace 1 has 16 zones, namespace 2 has none
made() {
	model_create m && model_set m/namespaces/1 csi=2 && model_add_ns m 2 &&
		model_power m 1
}
end() {
	model_honest m
	model_unbind m
	check_eq "$1: no breach of the protocol" "$(model_breaches m)" ''
	model_destroy m
}
fio_zones() {
	fio --name=v "--filename=/dev/$(model_disk m)" --zonemode=zbd --direct=1 --thread \
		--ioengine=io_uring --iodepth=8 --bs=16k --rw=write --size=8m --verify=crc32c
}
reads() { dd if="/dev/$(model_disk m "$1")" of=/dev/null bs=4k count=1 iflag=direct status=none; }

# --- sense ----------------------------------------------------------------------

check "zones: made" made
check "zones: it comes up" model_bind m
check "zones: its disks" wait_until 10 model_has_disk m 2
disk=$(model_disk m)
check_eq "zones: 16 of them" "$(blkzone report "/dev/$disk" | grep -c 'cap 0x002000.*zcond: 1')" 16
check "zones: data" fio_zones
check_eq "zones: the first one is full" "$(zone "$disk" 0 | cut -d ' ' -f 1)" fu
check "zones: reset" zone_do "$disk" 0 reset
check_eq "zones: it is empty" "$(zone "$disk" 0)" "em 0"

# --- nonsense of a disk that is in use -------------------------------------------

# refused NAME FIELD : by a scan
refused() {
	check "$1: a scan" nvme_rescan "$(model_ctrl m)"
	check "$1: is refused with a line" kmsg_has "$2"
	check "$1: the disk stays, and what is known of its zones" reads 1
	check_eq "$1: zones" "$(queue_limit "$disk" nr_zones)" 16
	check "$1: the other one goes on" reads 2
	model_honest m
}
# Descriptors begin at byte 64, and have 64 bytes: the second one is at 128. The third
# zone is the first that has a write pointer.
while read -r field at bytes what; do
	model_rule m data opcode=0x7a offset="$at" bytes="$bytes"
	refused "in use, $field" "$what"
done <<-'END'
	number-of-zones	0	0000000000000000	zone at block 0: number of zones: 0x0 makes no sense
	few-zones	0	0100000000000000	zone at block 0: number of zones: 0x1 makes no sense
	ZT		128	03			zone at block 8192: ZT: 0x3 makes no sense
	ZS		129	50			zone at block 8192: ZS: 0x50 makes no sense
	ZCAP		136	0000000000000000	zone at block 8192: ZCAP: 0x0 makes no sense
	large-ZCAP	136	0120000000000000	zone at block 8192: ZCAP: 0x2001 makes no sense
	ZSLBA		144	0000000000000000	zone at block 8192: ZSLBA: 0x0 makes no sense
	WP		216	0000000000000000	zone at block 16384: WP: 0x0 makes no sense
END
end "in use"

# --- nonsense of a disk that is to be --------------------------------------------

while read -r field rule what; do
	check "new, $field: made" made
	# shellcheck disable=SC2086 # several words
	model_rule m ${rule//,/ }
	check "new, $field: it comes up" model_bind m
	check "new, $field: the other disk is there" wait_until 10 model_has_disk m 2
	check "new, $field: and works" reads 2
	check "new, $field: is refused with a line" kmsg_has "$what"
	check "new, $field: there is no disk with zones" eval '! model_has_disk m 1'
	end "new, $field"
done <<-'END'
	few-zones	data,opcode=0x7a,offset=0,bytes=0f			zone at block 0: number of zones: 0xf makes no sense
	no-report	status,opcode=0x7a,code=0x2,dnr=1			namespace 1:
	ZOC		data,opcode=identify,sel=5,nsid=1,offset=0,bytes=0100	namespace 1: ZOC:
	ZSZE		data,opcode=identify,sel=5,nsid=1,offset=2816,bytes=0320	namespace 1: ZSZE:
	large-ZSZE	data,opcode=identify,sel=5,nsid=1,offset=2816,bytes=0000040000000000	namespace 1: NSZE:
	MOR		data,opcode=identify,sel=5,nsid=1,offset=4,bytes=0000000001000000	namespace 1: MOR:
	no-identify	status,opcode=identify,sel=5,nsid=1,code=0x2,dnr=1	namespace 1:
END
