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

require_cmd mkfs.ext4 e2fsck mount python3
crash_begin

check "ext4: lines that are synced are there" crash \
	--check promised_lines -- bash -c "appender sync"
check "ext4: lines that are not are missed" caught \
	--check promised_lines -- bash -c "appender true"
check "ext4: a file is replaced whole" crash \
	--check promised_version -- bash -c "replacer sync"
check "ext4: rename without fsync is caught" caught \
	--check promised_version -- bash -c "replacer true"
# With its defaults it does not sync the directory after it has removed its journal: this may
# come back, and then the last transaction is rolled back. "extra" syncs it.
check "SQLite as it is passes, but for the last transaction" crash \
	--check "promised_rows 1" -- bash -c "sqlite_rows full"
check "SQLite with synchronous=EXTRA passes" crash \
	--check promised_rows -- bash -c "sqlite_rows extra"
check "SQLite with synchronous=OFF is caught" caught \
	--check "promised_rows 1" -- bash -c "sqlite_rows off"
for fs in xfs btrfs; do
	if type -P "mkfs.$fs" >/dev/null && knows_fs "$fs"; then
		check "$fs: lines that are synced are there" crash --fs "$fs" \
			--check promised_lines -- bash -c "appender sync"
	else
		skip "$fs" "no mkfs.$fs, or the kernel does not know it"
	fi
done
left=("$NBC_ROOT"/crashtest*)
check "nothing is left" test ! -e "${left[0]}"
