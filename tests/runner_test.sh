#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The test of the test runner: that tests/run fails when it should.
set -u

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
result=0

# suite NAME SCRIPT: make a suite that runs SCRIPT.
suite() {
	printf '#!/bin/sh\n%s\n' "$2" >"$scratch/$1"
	chmod +x "$scratch/$1"
}

# expect NAME STATUS LAST-LINE SUITE...: run the suites, compare.
expect() {
	local name=$1 status=$2 last=$3 got_status got_last

	shift 3
	SUITE_SECONDS=1 tests/run "${@/#/$scratch/}" >"$scratch/out" 2>&1
	got_status=$?
	got_last=$(tail -n 1 "$scratch/out")
	if [ "$got_status" = "$status" ] && [ "$got_last" = "$last" ]; then
		echo "ok $name"
	else
		echo "not ok $name: status $got_status, last line '$got_last'"
		result=1
	fi
}

suite good 'echo "ok one"; echo "ok two"; echo "# figure 7"'
suite bad 'echo "ok one"; echo "not ok two: reason"; exit 1'
suite bad_exit_0 'echo "not ok two: reason"'
suite silent 'exit 0'
suite crash 'echo "ok one"; kill -SEGV $$'
suite status 'echo "ok one"; exit 3'
suite slow 'echo "ok one"; sleep 30'
suite skips 'echo "skip one: no such device"'
suite tap 'echo 1..3; echo "ok - a::b (0.1s)"; echo "ok - a::c # SKIP why"
echo "ok - a::d"'
suite tap_short 'echo 1..3; echo "ok - a::b"'
suite tap_bad 'echo 1..1; echo "not ok - a::b"; echo "  - Assertion: 1"'

expect passing 0 '2 passed, 0 failed, 0 skipped' good
expect failing 1 '3 passed, 1 failed, 0 skipped' bad good
expect 'failing with exit status 0' 1 '0 passed, 1 failed, 0 skipped' \
	bad_exit_0
expect silent 1 '0 passed, 1 failed, 0 skipped' silent
expect crashing 1 '1 passed, 1 failed, 0 skipped' crash
expect 'non-zero status alone' 1 '1 passed, 1 failed, 0 skipped' status
expect 'out of time' 1 '1 passed, 1 failed, 0 skipped' slow
expect missing 1 '0 passed, 1 failed, 0 skipped' not_there
expect 'skips with reasons' 0 '0 passed, 0 failed, 1 skipped' skips
expect Criterion 0 '2 passed, 0 failed, 1 skipped' tap
expect 'Criterion cut short' 1 '1 passed, 1 failed, 0 skipped' tap_short
expect 'Criterion failing' 1 '0 passed, 1 failed, 0 skipped' tap_bad
expect 'no suite at all' 1 '0 passed, 1 failed, 0 skipped'

# Several at once: all are counted, and what they say comes in their order.
suite late 'sleep 0.3; echo "ok late"'
tests/run -j 3 "$scratch"/{late,good,bad,skips,good} >"$scratch/out" 2>&1
order=$(sed -n "s#^$scratch/##p" "$scratch/out" | tr '\n' ' ')
if [ "$order" = 'late good bad skips good ' ] &&
	[ "$(tail -n 1 "$scratch/out")" = '6 passed, 1 failed, 1 skipped' ]; then
	echo 'ok several at once'
else
	echo "not ok several at once: $order, $(tail -n 1 "$scratch/out")"
	result=1
fi

tests/run "$scratch/tap_bad" | grep -q 'Assertion: 1' &&
	echo 'ok details of a failure' ||
	{ echo 'not ok details of a failure: not shown'; result=1; }
tests/run "$scratch/skips" | grep -q 'skip one: no such device' &&
	echo 'ok reason of a skip' ||
	{ echo 'not ok reason of a skip: not shown'; result=1; }
exit "$result"
