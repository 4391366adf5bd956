#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Blocks larger than a page, of 8, 16 and 64 KiB, on emulated drives: what is written is
# read, whatever the pages are that a block lies in; limits, discard, zeroes, file systems,
# commands, metadata, zones and formats. What the kernel or the controller cannot take is
# refused with a line, and the other namespaces go on. Linux 6.12 takes none of them.
#@kernel stock
#@timeout 900
#@long
#@vm --memory 1G --qemu -device --qemu nvme,id=c,serial=kinds --qemu -drive --qemu if=none,id=n1,driver=null-co,size=64M,read-zeroes=on --qemu -device --qemu nvme-ns,bus=c,drive=n1,nsid=1,logical_block_size=131072,physical_block_size=131072 --qemu -drive --qemu if=none,id=n2,driver=null-co,size=64M,read-zeroes=on --qemu -device --qemu nvme-ns,bus=c,drive=n2,nsid=2,logical_block_size=4096,physical_block_size=4096 --qemu -drive --qemu if=none,id=n3,format=raw,snapshot=on,file=/usr/bin/qemu-system-x86_64 --qemu -device --qemu nvme-ns,bus=c,drive=n3,nsid=3,logical_block_size=16384,physical_block_size=16384,ms=64,pi=1 --qemu -drive --qemu if=none,id=n4,format=raw,snapshot=on,file=/usr/bin/qemu-system-x86_64 --qemu -device --qemu nvme-ns,bus=c,drive=n4,nsid=4,logical_block_size=16384,physical_block_size=16384,ms=8,pi=1,mset=1 --qemu -drive --qemu if=none,id=n5,format=raw,snapshot=on,file=/usr/bin/qemu-system-x86_64 --qemu -device --qemu nvme-ns,bus=c,drive=n5,nsid=5,logical_block_size=16384,physical_block_size=16384,zoned=true,zoned.zone_size=4M --qemu -drive --qemu if=none,id=n6,format=raw,snapshot=on,file=/usr/bin/qemu-system-x86_64 --qemu -device --qemu nvme-ns,bus=c,drive=n6,nsid=6,logical_block_size=16384,physical_block_size=16384,ms=8,pi=1 --nvme size=512M,block=8192 --nvme size=512M,block=16384 --nvme size=512M,block=65536 --nvme size=512M,block=16384,mdts=1

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nvme.sh
. "$(dirname "$0")/../lib/nvme.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/zone.sh
. "$(dirname "$0")/../lib/zone.sh"

require_cmd fio python3 blkdiscard blkzone
(($(getconf PAGE_SIZE) == 4096)) || skip_all "a page is as large as some of these blocks"
require_nvme 5
helper userio
nvme_load "$@"
dir=$(mktemp -d) mountpoint=$(mktemp -d)
at_exit rm -rf "$dir" "$mountpoint"
at_exit umount -q "$mountpoint"

# has_line NSID TEXT : of a namespace that was refused
has_line() { kmsg_has "namespace $1: $2"; }
no_disk() { [[ ! -e /sys/block/$1 ]]; }
reads_zeroes() { dd if="/dev/$1" bs=1M count=2 iflag=direct status=none | cmp -n 2097152 - /dev/zero; }

# --- what is refused ----------------------------------------------------------

# Who looks for partitions reads blocks that have no protection information yet.
dmesg_expect "protection error, dev nvmec0n[346]"
dmesg_expect "Buffer I/O error on dev nvmec0n[346], logical block [0-9]*, async page read"
dmesg_expect "guard tag error at sector"
nvme_bind 0 1 2 3 4
if [[ $(uname -r) == 6.12.* || ! -d /sys/kernel/mm/transparent_hugepage ]]; then
	largest=12
	for n in 1 2 3 4; do
		check "drive $n has no disk" no_disk nvmec${n}n1
	done
	check "16 KiB: a line" has_line 1 "LBADS: blocks of 2^14 bytes, 2^9 to 2^12 can be used"
	check "64 KiB: a line" has_line 1 "LBADS: blocks of 2^16 bytes, 2^9 to 2^12 can be used"
else
	largest=16
	check "beyond MDTS: no disk" no_disk nvmec4n1
	check "beyond MDTS: a line" \
		has_line 1 "MDTS: blocks of 16384 bytes need as large transfers, got 8192"
fi
check "128 KiB: no disk" no_disk nvmec0n1
check "128 KiB: a line" has_line 1 "LBADS: blocks of 2^17 bytes, 2^9 to 2^$largest can be used"
check "another namespace of that controller goes on" reads_zeroes nvmec0n2
if ((largest == 12)); then
	exit 0
fi

# --- data ---------------------------------------------------------------------

# content DISK BLOCK : writes and reads by chance, past the page cache and by it, and what
# must be there. Blocks lie in pages in any order, begin within one, or in none of their own.
content() {
	python3 - "/dev/$1" "$2" <<-'END'
		import mmap, os, random, sys
		path, block = sys.argv[1], int(sys.argv[2])
		random.seed(block)
		SIZE, PAGE, PAGES = 4 << 20, 4096, 512
		direct = os.open(path, os.O_RDWR | os.O_DIRECT)
		cached = os.open(path, os.O_RDWR)
		memory = memoryview(mmap.mmap(-1, PAGES * PAGE))
		model = bytearray(random.randbytes(SIZE))
		assert os.pwrite(cached, model, 0) == SIZE
		os.fsync(cached)

		def shuffled(n):
		    order = random.sample(range(PAGES), n)
		    return [memory[p * PAGE:(p + 1) * PAGE] for p in order]

		def in_one(n):
		    at = random.randrange(0, PAGES * PAGE - n, 4)
		    return [memory[at:at + n]]

		def ragged(n):
		    head = random.randrange(512, PAGE, 512)
		    some = shuffled(n // PAGE + 1)
		    return [some[0][PAGE - head:], *some[1:-1], some[-1][:PAGE - head]]

		def pieces(n):
		    kind = random.choice([shuffled, in_one, ragged])
		    return shuffled(n // PAGE) if kind == shuffled else kind(n)

		def blocks():
		    n = random.randint(1, 4) * block
		    return random.randrange(0, SIZE - n + 1, block), n

		def bytes_():
		    n = random.randint(1, 3 * block)
		    return random.randrange(0, SIZE - n + 1), n

		for i in range(300):
		    kind = random.choice("wrWR")
		    at, n = blocks() if kind in "wr" else bytes_()
		    if kind == "w":
		        model[at:at + n] = random.randbytes(n)
		        vector, done = pieces(n), 0
		        for piece in vector:
		            piece[:] = model[at + done:at + done + len(piece)]
		            done += len(piece)
		        assert os.pwritev(direct, vector, at) == n
		    elif kind == "W":
		        model[at:at + n] = random.randbytes(n)
		        assert os.pwrite(cached, model[at:at + n], at) == n
		    elif kind == "r":
		        vector = pieces(n)
		        assert os.preadv(direct, vector, at) == n
		        assert b"".join(vector) == model[at:at + n], (i, at, n)
		    else:
		        assert os.pread(cached, n, at) == model[at:at + n], (i, at, n)
		os.fsync(cached)
		os.posix_fadvise(cached, 0, 0, os.POSIX_FADV_DONTNEED)
		assert os.pread(cached, SIZE, 0) == model
		for at in range(0, SIZE, 1 << 20):
		    assert os.preadv(direct, [memory[:1 << 20]], at) == 1 << 20
		    assert memory[:1 << 20] == model[at:at + (1 << 20)], at
		# A gap within a block is what no list of pages can say.
		try:
		    os.preadv(direct, [memory[:2048], memory[PAGE:PAGE + block - 2048]], 0)
		    sys.exit("a gap was taken")
		except OSError as error:
		    assert error.errno == 22, error
		# Neither can less than a block be read.
		try:
		    os.preadv(direct, [memory[:PAGE]], 0)
		    sys.exit("less than a block was read")
		except OSError as error:
		    assert error.errno == 22, error
	END
}

# write_atomic DISK BLOCK BLOCKS : with RWF_ATOMIC
write_atomic() {
	python3 - "/dev/$1" "$2" "$3" <<-'END'
		import mmap, os, sys
		path, block, blocks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		file = os.open(path, os.O_WRONLY | os.O_DIRECT)
		data = mmap.mmap(-1, block * blocks)
		data.write(b"atomic".ljust(block * blocks, b"."))
		try:
		    os.pwritev(file, [data], 4 * block, 0x40)
		except OSError as error:
		    sys.exit(error.strerror)
	END
}

# emptied DISK BLOCK blkdiscard-OPTION... : blocks 3 and 4 of eight become zeroes, and no other
emptied() {
	local disk=/dev/$1 block=$2
	shift 2
	head -c $((8 * block)) /dev/urandom >"$dir/eight"
	dd if="$dir/eight" of="$disk" bs="$block" oflag=direct status=none &&
		blkdiscard "$@" -o $((3 * block)) -l $((2 * block)) "$disk" &&
		dd if=/dev/zero of="$dir/eight" bs="$block" seek=3 count=2 conv=notrunc status=none &&
		dd if="$disk" bs="$block" count=8 iflag=direct status=none | cmp - "$dir/eight"
}
refused() { ! "$@" 2>/dev/null; }

# limits NAME DISK BLOCK
limits() {
	local limit
	for limit in logical_block_size physical_block_size minimum_io_size discard_granularity \
		atomic_write_unit_min_bytes atomic_write_unit_max_bytes; do
		check_eq "$1: $limit" "$(queue_limit "$2" $limit)" "$3"
	done
	for limit in max_hw_sectors_kb max_sectors_kb; do
		check_eq "$1: $limit is blocks" $(($(queue_limit "$2" $limit) * 1024 % $3)) 0
		check "$1: $limit is not 0" test "$(queue_limit "$2" $limit)" -gt 0
	done
	check_eq "$1: zeroes are blocks" $(($(queue_limit "$2" write_zeroes_max_bytes) % $3)) 0
	check "$1: and can be written" test "$(queue_limit "$2" write_zeroes_max_bytes)" -gt 0
}

# commands NAME CONTROLLER-NUMBER BLOCK : of user space, of one block
commands() {
	local generic=/dev/ngc$2n1 disk=/dev/nvmec$2n1 how ring
	head -c "$3" /dev/urandom >"$dir/data"
	for how in io64 uring-io "-f uring-io" submit; do
		ring="" what="op=1 nsid=1 cdw10=5"
		[[ $how != -f* ]] || ring=-f
		[[ $how != submit ]] || what="op=1 slba=5 blocks=0"
		dd if=/dev/zero of="$disk" bs="$3" seek=5 count=1 oflag=direct status=none
		# shellcheck disable=SC2086 # several words
		check_eq "$1: $how: written" \
			"$(userio $ring "$generic" "${how#-f }" $what len="$3" in="$dir/data")" "0 0"
		check "$1: $how: there" cmp -n "$3" -i "$((5 * $3)):0" "$disk" "$dir/data"
		# shellcheck disable=SC2086 # several words
		check_eq "$1: $how: read" "$(userio $ring "$generic" "${how#-f }" ${what/op=1/op=2} \
			len="$3" out="$dir/back")" "0 0"
		check "$1: $how: the same" cmp "$dir/data" "$dir/back"
		[[ $how != submit ]] || continue
		# shellcheck disable=SC2086 # several words
		check_eq "$1: $how: less than a block" "$(userio $ring "$generic" "${how#-f }" \
			${what/op=1/op=2} len=4096 2>&1)" EINVAL
	done
}

# filesystem NAME DISK TYPE mkfs-OPTION... : made, filled, checked, mounted again
filesystem() {
	local name=$1 disk=/dev/$2 fs=$3
	shift 3
	if [[ -z $(type -P "mkfs.$fs") ]] || ! knows_fs "$fs"; then
		skip "$name: $fs" "no mkfs.$fs, or the kernel does not know it"
		return
	fi
	check "$name: $fs: made" "mkfs.$fs" -q "$@" "$disk"
	check "$name: $fs: mounted" mount -t "$fs" "$disk" "$mountpoint"
	check "$name: $fs: filled" cp "$dir/file" "$dir/small" "$mountpoint"
	check "$name: $fs: unmounted" umount "$mountpoint"
	check "$name: $fs: mounted again" mount -t "$fs" "$disk" "$mountpoint"
	check "$name: $fs: all is there" cmp "$dir/file" "$mountpoint/file"
	check "$name: $fs: the small one, too" cmp "$dir/small" "$mountpoint/small"
	check "$name: $fs: trimmed" fstrim "$mountpoint"
	check "$name: $fs: unmounted again" umount "$mountpoint"
}

head -c 5000001 /dev/urandom >"$dir/file"
head -c 777 /dev/urandom >"$dir/small"
for n in 1 2 3; do
	disk=nvmec${n}n1
	block=$((n == 1 ? 8192 : n == 2 ? 16384 : 65536))
	name="$((block / 1024)) KiB"
	check "$name: a disk" test -b /dev/$disk
	limits "$name" $disk $block
	check "$name: pages in any order" content $disk $block
	check "$name: a block at a time" fio_verify $disk --bs=$block --size=8m
	check "$name: mixed sizes, memory at odd places" fio_verify $disk --blockalign=$block \
		--bsrange=$block-512k --size=16m --iomem_align=512
	check "$name: buffered" fio_verify $disk --direct=0 --bs=4k --size=4m --fsync=64
	check "$name: discard" emptied $disk $block
	check "$name: zeroes" emptied $disk $block -z
	check "$name: zeroes of less" refused blkdiscard -z -o 0 -l 4096 /dev/$disk
	check "$name: a block at once" write_atomic $disk $block 1
	check_eq "$name: is there" "$(dd if=/dev/$disk bs=$block skip=4 count=1 iflag=direct \
		status=none | head -c 6)" atomic
	check "$name: not two" expect_errno EINVAL write_atomic $disk $block 2
	commands "$name" $n $block
	check "$name: a reset" nvme_reset nvmec$n
	check "$name: data after it" fio_verify $disk --bs=$block --size=2m
	filesystem "$name" $disk ext4 -F -b $block
	# Its largest sector
	((block > 32768)) || filesystem "$name" $disk xfs -f -b size=$block -s size=$block
done

# --- metadata, zones ------------------------------------------------------------

check_eq "protected: profile" "$(show /sys/block/nvmec0n3/integrity/format)" T10-DIF-TYPE1-CRC
check_eq "protected: a block" "$(queue_limit nvmec0n3 logical_block_size)" 16384
check "protected: whole blocks" fio_verify nvmec0n3 --bs=16k --size=4m
check "protected: mixed sizes" fio_verify nvmec0n3 --blockalign=16k --bsrange=16k-128k --size=4m
# Of so many blocks with so little metadata the block layer would lose count.
check_eq "by the drive alone: a block" "$(queue_limit nvmec0n6 logical_block_size)" 16384
check_eq "by the drive alone: no profile" "$(show /sys/block/nvmec0n6/integrity/format)" none
check "by the drive alone: mixed sizes" fio_verify nvmec0n6 --blockalign=16k --bsrange=16k-128k \
	--size=4m
check_eq "between the data: a block" "$(queue_limit nvmec0n4 logical_block_size)" 16384
check "between the data: protected" fio_verify nvmec0n4 --bs=16k --size=4m
what="nsid=4 cdw10=3 cdw12=$((1 << 29)) cdw14=3"
head -c 16384 /dev/urandom >"$dir/data"
# shellcheck disable=SC2086 # several words
check_eq "between the data: a command, taken off" \
	"$(userio /dev/ngc0n4 io64 op=1 $what len=16384 in="$dir/data")" "0 0"
check "between the data: is there" cmp -n 16384 -i 49152:0 /dev/nvmec0n4 "$dir/data"
check_eq "between the data: a command, with it" \
	"$(userio /dev/ngc0n4 io64 op=2 nsid=4 cdw10=3 len=16392 out="$dir/back")" "0 0"
check "between the data: the same" cmp -n 16384 "$dir/data" "$dir/back"
check_eq "between the data: too little" \
	"$(userio /dev/ngc0n4 io64 op=2 nsid=4 cdw10=3 len=16384 2>&1)" EINVAL

check_eq "zones: a block" "$(queue_limit nvmec0n5 logical_block_size)" 16384
check_eq "zones: of 4 MiB" "$(queue_limit nvmec0n5 chunk_sectors)" 8192
check "zones: appends" test "$(queue_limit nvmec0n5 zone_append_max_bytes)" -ge 16384
check "zones: a reset of one" zone_do nvmec0n5 1 reset
check "zones: a write" dd if="$dir/data" of=/dev/nvmec0n5 bs=16k seek=256 oflag=direct \
	conv=notrunc status=none
check_eq "zones: moved the write pointer" "$(zone nvmec0n5 1)" "oi 32"
check "zones: is there" cmp -n 16384 -i 4194304:0 /dev/nvmec0n5 "$dir/data"

# --- formats ----------------------------------------------------------------------

# format FORMAT : of drive 2, whose own, of 16 KiB, is the one behind QEMU's eight
format() { userio /dev/nvmec2 admin op=0x80 nsid=1 "cdw10=$1" | grep -qx "0 0"; }
block_is() { [[ $(queue_limit nvmec2n1 logical_block_size 2>/dev/null) == "$1" ]]; }
# A disk that is dead has an end at once, or an error.
reads() { (($(dd bs=64k count=1 iflag=direct status=none <&"$fd" 2>/dev/null | wc -c) == 65536)); }
check "format: of 4 KiB" format 4
check "format: another disk" wait_until 20 block_is 4096
exec {fd}</dev/nvmec2n1
check "format: can be read" reads
check "format: of 16 KiB, while it is open" format 8
check "format: another disk again" wait_until 20 block_is 16384
check "format: the open one is dead" refused reads
exec {fd}<&-
check "format: pages in any order" content nvmec2n1 16384
check "format: drive 3 goes on" fio_verify nvmec3n1 --bs=64k --size=4m
