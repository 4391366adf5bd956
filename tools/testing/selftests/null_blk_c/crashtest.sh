#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/crashtest: file systems pass at every state, programs that promise too early are
# caught, those that do not pass; SQLite with its defaults, and with synchronous=OFF.
#
#@group cache
#@long
#@timeout 400

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/crash.sh
. "$(dirname "$0")/../lib/crash.sh"

crashtest=$SELFTEST_TOP/scripts/crashtest
states=${STATES:-8}

# A new file takes the place of the old one, which is what others see.
replacer() {
	local i
	for ((i = 0; i < 150; i++)); do
		echo "version $i" >new
		"$1" new
		mv new current
		"$1" .
		echo "$i"
	done
}
promised_version() {
	local last
	last=$(tail -n 1 "$CRASHTEST_OUTPUT")
	[[ -n $last ]] || return 0
	read -r _ version <current && ((version >= last)) && return
	echo "version ${version-} is older than $last"
	return 1
}
export -f replacer promised_version

sqlite_rows() {
	python3 - "$1" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect("db")
		db.execute("pragma synchronous=" + sys.argv[1])
		db.execute("create table t(n integer)")
		for n in range(150):
		    db.execute("insert into t values(?)", (n,))
		    db.commit()
		    print(n, flush=True)
	END
}
# promised_rows [SPARE] : all but the last SPARE ones
promised_rows() {
	python3 - "${1:-0}" <<-'END'
		import os, sqlite3, sys
		promised = [int(n) for n in open(os.environ["CRASHTEST_OUTPUT"])]
		promised = promised[:len(promised) - int(sys.argv[1])]
		db = sqlite3.connect("db")
		assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
		if promised:
		    there = {n for n, in db.execute("select n from t")}
		    assert set(promised) <= there, "%d were promised" % len(promised)
	END
}
export -f sqlite_rows promised_rows

# crash OPTION... -- COMMAND... : in small
crash() { "$crashtest" --states "$states" --size 300 --cache 16 --stop 1 "$@"; }
# caught OPTION... -- COMMAND... : some state fails, and no other thing does
caught() {
	local code=0
	"$crashtest" --states 60 --size 300 --cache 16 --stop 1 "$@" 2>&1 || code=$?
	((code == 1))
}

[[ -x $crashtest ]] || skip_all "no scripts/crashtest: not in its tree"
require_cmd mkfs.ext4 e2fsck mount python3 pgrep setsid
nbc_load nr_devices=0
# Who is killed while the disk goes may leave errors behind.
dmesg_expect "(I/O|timeout) error(, dev| on dev(ice)?) crashtest"
dmesg_expect "Buffer I/O error"
dmesg_expect "EXT4-fs|XFS|BTRFS|JBD2"
diag "SEED=${SEED:=$RANDOM}"

check "ext4: lines that are synced are there" crash --seed "$SEED" \
	--check promised_lines -- bash -c "appender sync"
check "ext4: lines that are not are missed" caught --seed "$SEED" \
	--check promised_lines -- bash -c "appender true"
check "ext4: a file is replaced whole" crash --seed "$SEED" \
	--check promised_version -- bash -c "replacer sync"
check "ext4: rename without fsync is caught" caught --seed "$SEED" \
	--check promised_version -- bash -c "replacer true"
# With its defaults it does not sync the directory after it has removed its journal: this may
# come back, and then the last transaction is rolled back. "extra" syncs it.
check "SQLite as it is passes, but for the last transaction" crash --seed "$SEED" \
	--check "promised_rows 1" -- bash -c "sqlite_rows full"
check "SQLite with synchronous=EXTRA passes" crash --seed "$SEED" \
	--check promised_rows -- bash -c "sqlite_rows extra"
check "SQLite with synchronous=OFF is caught" caught --seed "$SEED" \
	--check "promised_rows 1" -- bash -c "sqlite_rows off"
for fs in xfs btrfs; do
	if type -P "mkfs.$fs" >/dev/null && knows_fs "$fs"; then
		check "$fs: lines that are synced are there" crash --fs "$fs" --seed "$SEED" \
			--check promised_lines -- bash -c "appender sync"
	else
		skip "$fs" "no mkfs.$fs, or the kernel does not know it"
	fi
done
images=$(mktemp -d)
at_exit rm -rf "$images"
check "images of failed states are kept" caught --keep "$images" --seed "$SEED" \
	--check false -- bash -c "appender sync"
check "an image is the file system" e2fsck -p "$images/state-0.img"
check "what was promised is beside it" test -e "$images/state-0.output"
# look [OPTION...] : two states, and a file says whether e2fsck looks at them
look() {
	rm -f "$images/looked"
	PATH=$images:$PATH states=2 crash --seed "$SEED" "$@" -- bash -c "appender sync"
}
cat >"$images/e2fsck" <<-EOF
	#!/bin/sh
	touch "$images/looked"
	exec $(type -P e2fsck) "\$@"
EOF
chmod +x "$images/e2fsck"
check "two states" look
check "e2fsck looks at them" test -e "$images/looked"
check "two states with --no-fsck" look --no-fsck
check "it does not look at these" test ! -e "$images/looked"
check "but what the check says counts" caught --no-fsck --seed "$SEED" \
	--check promised_lines -- bash -c "appender true"
# What the command does outside of the file system is seen from the check.
ticker() {
	local nothing
	exec {nothing}<> <(:)
	while :; do
		echo >>"$1"
		read -rt 0.01 -u "$nothing"
	done
}
stands_still() {
	local before nothing
	exec {nothing}<> <(:)
	before=$(stat -c %s "$1")
	read -rt 0.3 -u "$nothing"
	(($(stat -c %s "$1") == before))
}
export -f ticker stands_still
touch "$images/ticks"
check "the command stands still while a state is checked" crash --seed "$SEED" \
	--check "stands_still $images/ticks" -- bash -c "ticker $images/ticks"
has_blocks() { grep -qx "$1" /sys/block/crashtest*s/queue/logical_block_size; }
export -f has_blocks
check "blocks of 512 bytes" crash --block 512 --policies prefix --seed "$SEED" \
	--check "has_blocks 512 && promised_lines" -- bash -c "appender sync"
check "blocks of 4096 bytes without a wish" crash --seed "$SEED" \
	--check "has_blocks 4096" -- bash -c "appender sync"
fails_by_itself() {
	local code=0
	crash -- false || code=$?
	((code == 4))
}
check "a command that fails by itself is no state" fails_by_itself
# refused OPTION VALUE
refused() {
	local code=0
	"$crashtest" "$@" -- true || code=$?
	((code == 2))
}
check "bad input: policy" refused --policies some
for value in many 0 08 1.5 ''; do
	check "bad input: \"$value\" states" refused --states "$value"
done
check "bad input: file system" refused --fs vfat
check "bad input: block" refused --block 100
check "a server is left behind" crash --seed "$SEED" \
	--check promised_lines -- bash -c "setsid sleep 987654 >open & appender sync"
check "it is ended" eval '! pgrep -fx "sleep 987654"'
left=("$NBC_ROOT"/crashtest*)
check "nothing is left" test ! -e "${left[0]}"
