#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# lbctl cid decode and encode: the draft's vectors in both directions, and what
# is said about bad input. Needs no root and no loader.
. tests/e2e/lib_loader.sh

lbctl=$BUILD/bin/lbctl

# vectors FILE: every row but those marked BROKEN, decoded and encoded.
vectors() {
	rows=0
	while IFS=, read -r section cr encoding key sid nonce cid self; do
		case $section in
		section | *BROKEN*) continue ;;
		esac
		rows=$((rows + 1))
		self=$(printf %s "$self" | tr -d '\r')
		want="{\"config_id\":$cr,\"server_id\":\"$sid\",\"nonce\":\"$nonce\"}"
		got=$($lbctl cid decode ${key:+--key $key} \
			--server-id-length $((${#sid} / 2)) \
			--nonce-length $((${#nonce} / 2)) --json $cid | jq -c .)
		[ "$got" = "$want" ] ||
			fail "vectors" "$section: decoded as $got" || return
		if [ "$self" = y ]; then
			got=$($lbctl cid encode ${key:+--key $key} \
				--config-id $cr --server-id $sid --nonce $nonce)
			want=$cid
		else
			# The low five bits of octet 0 are random.
			got=$($lbctl cid encode ${key:+--key $key} \
				--length-bits random --config-id $cr \
				--server-id $sid --nonce $nonce)
			[ $((0x$(echo $got | cut -c1-2) >> 5)) = $cr ] ||
				fail "vectors" "$section: octet 0 of $got" || return
			got=$(echo $got | cut -c3-)
			want=$(echo $cid | cut -c3-)
		fi
		[ "$got" = "$want" ] ||
			fail "vectors" "$section: encoded as $got" || return
	done <"$1"
	[ $rows -gt 0 ] || fail "vectors" "no rows in $1" || return
	pass "vectors of $(basename $1), $rows rows both ways"
}

for file in $VECTORS_DIR/*.csv; do
	vectors "$file"
done

# refused NAME STATUS TEXT COMMAND...: one line with TEXT, nothing on stdout.
refused() {
	name=$1 status=$2 text=$3
	shift 3
	"$@" >$scratch/out 2>$scratch/err
	got=$?
	check_refusal "$name" $status $got "$text"
}

refused "no command" 2 "command is missing" $lbctl
refused "unknown command" 2 "unknown command 'frob'" $lbctl frob
refused "unknown global option" 2 "unknown option '--frob'" $lbctl --frob
refused "cid alone" 2 "decode, encode, configs or rotate" $lbctl cid
refused "unknown option" 2 "unknown option --frob" $lbctl cid decode --frob
refused "value missing" 2 "value missing after --key" $lbctl cid decode --key
refused "no CID" 2 "a CID is missing" $lbctl cid decode
refused "CID not hex" 2 "not a CID" $lbctl cid decode --server-id-length 4 \
	--nonce-length 4 xyz
refused "CID of odd length" 2 "not a CID" $lbctl cid decode \
	--server-id-length 4 --nonce-length 4 012
refused "CID over 20 octets" 2 "not a CID" $lbctl cid decode \
	--server-id-length 4 --nonce-length 4 \
	000102030405060708090a0b0c0d0e0f1011121314
refused "CID too short" 1 "too short" $lbctl cid decode --server-id-length 4 \
	--nonce-length 12 0001020304
refused "config ID 7 decoded" 1 "config ID 7" $lbctl cid decode \
	--server-id-length 4 --nonce-length 4 e00102030405060708
refused "config ID 7 encoded" 2 "0 to 6" $lbctl cid encode --config-id 7 \
	--server-id 01020304 --nonce 01020304
refused "short key" 2 "32 hex digits" $lbctl cid decode --key 0011 \
	--server-id-length 4 --nonce-length 4 000102030405060708
refused "server ID too long" 2 "1 to 15 octets" $lbctl cid decode \
	--server-id-length 16 --nonce-length 4 000102030405060708
refused "nonce too short" 2 "4 to 18 octets" $lbctl cid encode --config-id 0 \
	--server-id 01 --nonce 010203
refused "sum too long" 2 "at most 19 octets" $lbctl cid decode \
	--server-id-length 10 --nonce-length 10 000102030405060708
refused "one length only" 2 "both needed" $lbctl cid decode \
	--server-id-length 4 000102030405060708
refused "key file missing" 1 "cannot open the key file" $lbctl cid decode \
	--key-file $scratch/none --server-id-length 4 --nonce-length 4 00
refused "no maps" 1 "no loader has pinned maps" $lbctl status \
	--pin-dir /sys/fs/bpf/quicsteer-none
refused "no maps for a live decode" 1 "no loader has pinned maps" \
	$lbctl cid decode --pin-dir /sys/fs/bpf/quicsteer-none 000102030405060708

# A key from a file does what a key as an argument does.
echo 8f95f09245765f80256934e50c66207f >$scratch/key
by_file=$($lbctl cid encode --key-file $scratch/key --config-id 2 \
	--server-id 01020304 --nonce 000102030405060708090a0b)
by_argument=$($lbctl cid encode --key $(cat $scratch/key) --config-id 2 \
	--server-id 01020304 --nonce 000102030405060708090a0b)
if [ -n "$by_file" ] && [ "$by_file" = "$by_argument" ]; then
	pass "key file"
else
	fail "key file" "$by_file is not $by_argument"
fi

for command in "" status terminators "cid decode" "cid encode" version; do
	name="help of lbctl${command:+ $command}"
	if $lbctl $command --help 2>$scratch/err | grep -q '^Usage: lbctl' &&
		[ ! -s $scratch/err ]; then
		pass "$name"
	else
		fail "$name" "no usage text"
	fi
done

finish
