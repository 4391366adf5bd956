#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/crashtest with PostgreSQL: with its defaults no transaction that was committed is
# lost, and with fsync=off some are, which is caught.
#
#@group cache
#@long
#@timeout 900

# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/disk.sh
. "$(dirname "$0")/../lib/disk.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/nbc.sh
. "$(dirname "$0")/../lib/nbc.sh"

crashtest=$SELFTEST_TOP/scripts/crashtest
states=${STATES:-8}
programs=(/usr/lib/postgresql/*/bin)
PATH=${programs[-1]}:$PATH

# It does not run as root. Its own collector of statistics would write, too.
as_postgres() { runuser -u postgres -- env PATH="$PATH" "$@"; }
# start_server [OPTION...] : on the cluster in ./data
start_server() {
	as_postgres pg_ctl -D data -l data/log -w -t 120 -s start \
		-o "-k $PWD/data -c listen_addresses= -c autovacuum=off $*" && return
	tail data/log
	return 1
}
stop_server() { as_postgres pg_ctl -D data -w -t 120 -s -m fast stop; }
query() { as_postgres stdbuf -oL psql -h "$PWD/data" -AtqX postgres "$@"; }

# Says which rows were committed, each in a transaction of its own.
postgres_rows() {
	local n
	start_server "$@"
	for ((n = 0; n < 300; n++)); do
		printf 'insert into t values (%d);\n\\echo %d\n' "$n" "$n"
	done | query -v ON_ERROR_STOP=1
	stop_server
}
promised_rows() {
	local missing
	# Both name a process that the machine which lost its power does not have; this one
	# may have another by that number.
	rm -f data/postmaster.pid data/.s.PGSQL.*.lock
	start_server || return
	query -c "select n from t" >rows || return
	missing=$(comm -13 <(sort rows) <(sort "$CRASHTEST_OUTPUT"))
	stop_server
	[[ -n $missing ]] || return 0
	echo "not there, but committed: ${missing//$'\n'/ }"
	return 1
}
export -f as_postgres start_server stop_server query postgres_rows promised_rows

crash() {
	"$crashtest" --size 400 --cache 32 --stop 1 --interval 0.3 --seed "$SEED" \
		--prepare "cp -a '$cluster/data' ." --check promised_rows "$@"
}
caught() {
	local code=0
	crash "$@" >"$cluster/said" 2>&1 || code=$?
	cat "$cluster/said"
	((code == 1)) && grep -qE "not there, but committed|could not start server" "$cluster/said"
}

[[ -x $crashtest ]] || skip_all "no scripts/crashtest: not in its tree"
require_cmd mkfs.ext4 e2fsck runuser
type -P initdb >/dev/null || skip_all "no initdb; try: apt install postgresql"
nbc_load nr_devices=0
# Who is killed while the disk goes may leave errors behind.
dmesg_expect "(I/O|timeout) error(, dev| on dev(ice)?) crashtest"
dmesg_expect "Buffer I/O error"
dmesg_expect "EXT4-fs|JBD2"
diag "SEED=${SEED:=$RANDOM}"

cluster=$(mktemp -d)
at_exit rm -rf "$cluster"
chown postgres "$cluster"
make_cluster() (
	cd "$cluster" &&
		as_postgres initdb -D data -A trust --no-sync --no-locale -E UTF8 \
			--wal-segsize=1 >/dev/null &&
		start_server && query -c "create table t(n integer)" && stop_server
)
check "a cluster with a table" make_cluster
check "PostgreSQL with its defaults passes" crash --states "$states" -- \
	bash -c "set -e; postgres_rows"
check "fsync=off is caught" caught --states 60 -- \
	bash -c "set -e; postgres_rows -c fsync=off"
left=("$NBC_ROOT"/crashtest*)
check "nothing is left" test ! -e "${left[0]}"
