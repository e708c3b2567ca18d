# SPDX-License-Identifier: GPL-2.0-only
# What the shell tests of loader and lbctl share: results, a scratch directory,
# and its removal whatever happens. Sourced from the root of the repository.
set -u

BUILD=${BUILD:-build}
VECTORS_DIR=${VECTORS_DIR:-tests/vectors}
scratch=$(mktemp -d)
failures=0

cleanup_scratch() {
	rm -rf "$scratch"
}
trap cleanup_scratch EXIT
trap 'exit 130' INT TERM

pass() {
	echo "ok $1"
}

# fail NAME REASON: always false, for "condition || fail ... || return".
fail() {
	echo "not ok $1: $2"
	failures=$((failures + 1))
	return 1
}

skip() {
	echo "skip $1: $2"
}

# check_refusal NAME WANTED-STATUS STATUS TEXT: the command whose output is in
# $scratch/out and $scratch/err must have said one line, with TEXT, on stderr.
check_refusal() {
	[ $3 = $2 ] || fail "$1" "exit status $3 instead of $2" || return
	[ $(wc -l <$scratch/err) = 1 ] ||
		fail "$1" "$(wc -l <$scratch/err) lines instead of one" || return
	grep -q -- "$4" $scratch/err ||
		fail "$1" "said: $(cat $scratch/err)" || return
	[ ! -s $scratch/out ] || fail "$1" "wrote to stdout" || return
	pass "$1"
}

finish() {
	[ $failures = 0 ]
	exit
}
