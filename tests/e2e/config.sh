#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# lbctl config check and config schema: every bad file of tests/config/bad with
# its message, the good ones and the default, JSON, and the schema for editors.
# Needs no root and no loader.
. tests/e2e/lib_loader.sh

lbctl=$BUILD/bin/lbctl
fixtures=tests/config
export QS_TEST_SET=verbose
QS_TEST_NOT_UTF8=$(printf 'a\377b')
export QS_TEST_NOT_UTF8
unset QS_TEST_UNSET

# expected FILE: the message that it must get.
expected() {
	if [ -f "$1.expect" ]; then
		cat "$1.expect"
	else
		sed -n '1s/^# expect: //p' "$1"
	fi
}

# refused FILE: status 1, exactly the expected line on stderr, nothing else.
refused() {
	name="bad/$(basename "$1" .yaml)"
	$lbctl config check "$1" >$scratch/out 2>$scratch/err
	status=$?
	[ $status = 1 ] || fail "$name" "exit status $status" || return
	[ ! -s $scratch/out ] || fail "$name" "wrote to stdout" || return
	echo "$1:$(expected "$1")" >$scratch/want
	cmp -s $scratch/want $scratch/err ||
		fail "$name" "said: $(cat $scratch/err)" || return
	pass "$name: $(expected "$1" | cut -c1-100)"
}

count=0
for file in $fixtures/bad/*.yaml; do
	refused "$file"
	count=$((count + 1))
done
if [ $count -ge 45 ]; then
	pass "$count bad files"
else
	fail "bad files" "only $count of them"
fi

# good NAME TEXT FILE: status 0 and exactly that line on stdout.
good() {
	out=$($lbctl config check "$3" 2>&1) ||
		fail "$1" "refused: $out" || return
	[ "$out" = "$3: good: $2" ] || fail "$1" "said: $out" || return
	pass "$1: $2"
}

good "minimal file" "1 pool, 1 backend, 1 route" $fixtures/good/minimal.yaml
good "file with every key" "2 pools, 3 backends, 9 routes" \
	$fixtures/good/full.yaml
good "file with aliases" "2 pools, 4 backends, 1 route" \
	$fixtures/good/aliases.yaml
good "file with variables" "1 pool, 1 backend, 1 route" \
	$fixtures/good/variables.yaml
good "default file" "1 pool, 1 backend, 1 route" deploy/quicsteer.yaml
sed "s|# certificate: .*|certificate: /dev/null|
	s|# private_key: .*|private_key: $scratch/private_key.pem|" \
	deploy/quicsteer.yaml >$scratch/keyless.yaml
$lbctl config check $scratch/keyless.yaml >$scratch/out 2>$scratch/err
check_refusal "default file without its private key" 1 $? \
	"terminator.private_key: .*: No such file or directory"

$lbctl config check $scratch/no.yaml >$scratch/out 2>$scratch/err
check_refusal "no file" 1 $? "no.yaml: cannot be read: No such file"
$lbctl config check >$scratch/out 2>$scratch/err
check_refusal "no argument" 2 $? "a FILE is missing"
$lbctl config check a b >$scratch/out 2>$scratch/err
check_refusal "two arguments" 2 $? "unexpected argument 'b'"
$lbctl config schema a >$scratch/out 2>$scratch/err
check_refusal "argument of schema" 2 $? "unexpected argument 'a'"

# json NAME STATUS FILTER FILE: jq's FILTER holds for what --json prints.
json() {
	$lbctl config check --json "$4" >$scratch/out 2>$scratch/err
	status=$?
	[ $status = $2 ] || fail "$1" "exit status $status" || return
	[ ! -s $scratch/err ] || fail "$1" "wrote to stderr" || return
	jq -e "$3" $scratch/out >/dev/null ||
		fail "$1" "printed $(cat $scratch/out)" || return
	pass "$1"
}

json "JSON of a good file" 0 \
	'.ok and .pools == 2 and .backends == 3 and .routes == 9' \
	$fixtures/good/full.yaml
json "JSON of a bad file" 1 '(.ok | not) and .error.line == 4 and
	.error.column == 5 and .error.path == "pools[0].helth" and
	(.error.text | startswith("unknown key; did you mean \"health\"?"))' \
	$fixtures/bad/015-unknown-key-nested.yaml
json "JSON of no file" 1 '.error.line == 0 and .error.path == ""' \
	$scratch/no.yaml

$lbctl config schema >$scratch/schema.json
if cmp -s $scratch/schema.json deploy/quicsteer.schema.json; then
	pass "deploy/quicsteer.schema.json is what lbctl config schema prints"
else
	fail "deploy/quicsteer.schema.json" \
		"not as the tables are; run: lbctl config schema >that file"
fi
if python3 -c 'import jsonschema, yaml' 2>/dev/null; then
	$fixtures/schema.py $scratch/schema.json deploy/quicsteer.yaml \
		$fixtures || failures=$((failures + 1))
else
	skip "schema against the fixtures" "no python3-jsonschema, python3-yaml"
fi

finish
