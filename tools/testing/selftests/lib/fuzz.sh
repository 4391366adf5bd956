# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the tests that write texts at random (textfuzz.c). Sourced after lib.sh and disk.sh.
#
# The corpus of a test is beside it, TEST.corpus. With counters of gcov the texts go where
# no text was before; without, the corpus is changed at random all the same.

fuzz_seed=$((SRANDOM % 32768)) fuzz_count=5000 fuzz_added=''

# fuzz_options [--seed N] [--seconds N] [--count N] [--corpus FILE] : of the test; a night
# is --seconds 7000 --count 0
fuzz_options() {
	fuzz_seconds=${seconds:-12}
	while (($# > 1)); do
		case $1 in
		--seed) fuzz_seed=$2 ;;
		--seconds) fuzz_seconds=$2 ;;
		--count) fuzz_count=$2 ;;
		--corpus) fuzz_added=$2 ;;
		*) skip_all "unknown option $1" ;;
		esac
		shift 2
	done
	(($# == 0)) || skip_all "$1 lacks its value"
	diag "--seed $fuzz_seed --seconds $fuzz_seconds"
	fuzz_dir=$(mktemp -d)
	at_exit rm -rf "$fuzz_dir"
}

# fuzz_texts NAME DIRECTORY PART OPTION... : of textfuzz
fuzz_texts() {
	local name=$1 dir=$2 code=0
	timeout --kill-after=5 $((3 * fuzz_seconds + 120 * ${SELFTEST_SLOW:-1})) textfuzz -s -g "$3" "${@:4}" \
		-c "${0%.sh}.corpus" -n "$fuzz_count" -o "$fuzz_dir/new" \
		"$fuzz_seed" "$fuzz_seconds" "$dir" >"$fuzz_dir/out" 2>"$fuzz_dir/err" || code=$?
	diag "$name: $(tail -n 1 "$fuzz_dir/out")"
	if ((code)); then
		diag "$(awk '/^refused, but/ && n++ < 5' "$fuzz_dir/out")"
		diag "the last texts: $(tail -n 5 "$fuzz_dir/out")" "$(<"$fuzz_dir/err")"
	fi
	check_eq "$name: no refused text changed anything" "$code" 0
	[[ -z $fuzz_added ]] || cat "$fuzz_dir/new" >>"$fuzz_added"
}
