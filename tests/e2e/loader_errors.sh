#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the loader refuses: one line that names the thing, exit status 1 (2 for
# wrong usage), and nothing changed: no pin, no program, no control socket.
#
# Not tested, since this test cannot take the kernel's features away: a kernel
# without XDP links, and one that accepts freplace.
. tests/e2e/lib_loader.sh

[ "$(id -u)" = 0 ] || {
	skip "loader errors" "needs root"
	finish
}

loader=$BUILD/bin/quicsteer-loader
lbctl=$BUILD/bin/lbctl
namespace=qserr$$
inside="nsenter --net=/run/netns/$namespace"
interface=qe$$
peer=qf$$
pins=/sys/fs/bpf/$namespace
other=/sys/fs/bpf/$namespace-other
running= holder=

cleanup() {
	[ -z "$running$holder" ] || kill -9 $running $holder 2>/dev/null
	[ ! -e $pins ] || $inside $loader --detach --pin-dir $pins 2>/dev/null
	rm -f $other
	ip netns del $namespace 2>/dev/null
	cleanup_scratch
}
trap cleanup EXIT

# As bpffs.py does: of suites that begin at once one mounts it.
flock "${TMPDIR:-/tmp}" sh -c "mountpoint -q /sys/fs/bpf ||
	mount -t bpf bpf /sys/fs/bpf"
ip netns add $namespace
ip -n $namespace link add $interface type veth peer name $peer
ip -n $namespace address add 10.77.2.1/24 dev $interface
for link in lo $interface $peer; do
	ip -n $namespace link set $link up
done

common="--pin-dir $pins --control $scratch/control.sock --metrics none"
good="--interface $interface --vip 10.77.2.1:9443 $common
	--state-dir $scratch/state"

# attached: whether anything hangs on the interface.
attached() {
	$inside bpftool net show | grep -q "^$interface("
}

# refused NAME STATUS TEXT COMMAND...: see above. `before` says what is allowed
# to be there since it was there before: pins, program.
before=
refused() {
	name=$1 status=$2 text=$3
	shift 3
	timeout 120 "$@" >$scratch/out 2>$scratch/err
	got=$?
	case $before in
	*pins*) [ -e $pins ] || fail "$name" "removed the pins" || return ;;
	*) [ ! -e $pins ] || fail "$name" "left pins" || return ;;
	esac
	case $before in
	*program*) attached || fail "$name" "detached a program" || return ;;
	*) ! attached || fail "$name" "left a program" || return ;;
	esac
	case $before in
	*control*) ;;
	*)
		[ ! -e $scratch/control.sock ] ||
			fail "$name" "left the control socket" || return
		;;
	esac
	check_refusal "$name" $status $got "$text"
}

# started OPTION...: a loader in the background, until it is ready.
started() {
	: >$scratch/loader.log
	$inside $loader "$@" >$scratch/loader.log 2>&1 &
	running=$!
	for _ in $(seq 1000); do
		! grep -q ' ready: ' $scratch/loader.log || return 0
		kill -0 $running 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

# stopped SIGNAL: ends it.
stopped() {
	kill -$1 $running
	wait $running
	running=
}

# Wrong usage.
refused "unknown option" 2 "unknown or ambiguous option --frob" \
	$loader --frob
refused "value missing" 2 "value missing after --vip" $loader --vip
refused "no interface" 2 "interface is missing" $loader --vip 10.77.2.1:9443
refused "no VIP" 2 "vip is missing" $loader --interface $interface
refused "an argument too many" 2 "unexpected argument 'x'" $loader $good x
for vip in 10.77.2.1 10.77.2.1:0 10.77.2.1:65536 10.77.2:9443 [::1] \
	fd77::1:9443 [fd77::1]:x example.org:9443 [10.77.2.1]:9443; do
	refused "VIP $vip" 2 "not ADDR:PORT" $loader --interface $interface \
		--vip $vip
done
refused "VIPs of nine ports" 2 "more than 8 different ports" $loader \
	--interface $interface --vip 10.77.2.1:9443 --vip 10.77.2.1:9444 \
	--vip 10.77.2.1:9445 --vip 10.77.2.1:9446 --vip 10.77.2.1:9447 \
	--vip 10.77.2.1:9448 --vip 10.77.2.1:9449 --vip 10.77.2.1:9450 \
	--vip 10.77.2.1:9451
refused "mode" 2 "not auto, native, generic or tc" $loader $good --mode fast
refused "dispatcher" 2 "not auto or never" $loader $good --dispatcher always
refused "metrics address" 2 "not ADDR:PORT" $loader $good --metrics 9464
refused "log level" 2 "not error, warn" $loader $good --log-level all
refused "terminator user" 2 "no such user" $loader $good \
	--terminator-user qs-nobody-has-this-name

# The configuration file. Options override it, and it may lack what they give.
refused "no such configuration" 1 "$scratch/none.yaml: " \
	$loader --config $scratch/none.yaml
cat >$scratch/bare.yaml <<YAML
pools:
  - name: web
    backends:
      - url: http://127.0.0.1:8001
YAML
refused "a configuration without a loader" 2 \
	"bare.yaml: loader.interface is missing, and so is --interface" \
	$loader --config $scratch/bare.yaml
refused "a configuration without VIPs" 2 \
	"bare.yaml: loader.vips is missing, and so is --vip" \
	$loader --config $scratch/bare.yaml --interface $interface
sed '1i log_level: loud' $scratch/bare.yaml >$scratch/bad.yaml
refused "a bad configuration" 1 "bad.yaml:1:12: log_level: " \
	$loader --config $scratch/bad.yaml $good
sed '1i loader: {interface: lo, vips: ["10.77.2.1:9443"], terminator_user: qs-none}' \
	$scratch/bare.yaml >$scratch/user.yaml
refused "terminator user in the configuration" 2 \
	"loader.terminator_user: qs-none: no such user" \
	$loader --config $scratch/user.yaml $good
refused "a bad configuration to detach by" 1 "bad.yaml:1:12: " \
	$loader --config $scratch/bad.yaml --detach

# The machine and the caller.
install -m 755 $loader $scratch/loader
chmod 755 $scratch
refused "no permission" 1 "no permission to load BPF programs" \
	setpriv --reuid nobody --regid nogroup --clear-groups \
	$scratch/loader $good
refused "no kernel BTF" 1 "the kernel shows no BTF" \
	unshare --mount sh -c \
	"mount -t tmpfs none /sys/kernel/btf && exec $loader $good"
refused "pin directory elsewhere" 1 "not on a BPF file system" $inside $loader \
	$good --pin-dir $scratch/pins
refused "pin directory is all of the BPF file system" 1 "the whole BPF file" \
	$inside $loader $good --pin-dir /sys/fs/bpf
refused "interface missing" 1 "there is no interface qserr-none" $inside $loader \
	$good --interface qserr-none
refused "parent of the control socket missing" 1 "cannot make the directory" \
	$inside $loader $good --control $scratch/a/b/control.sock
touch $scratch/file
refused "control socket's path is a file" 1 "no socket" $inside $loader $good \
	--control $scratch/file

# mounts: in a mount namespace without bpffs the loader mounts it.
unshare --mount sh -c "umount -l /sys/fs/bpf && \
	exec nsenter --net=/run/netns/$namespace $loader $good" \
	>$scratch/log 2>&1 &
running=$!
for _ in $(seq 600); do
	! grep -q ' ready: ' $scratch/log && kill -0 $running 2>/dev/null || break
	sleep 0.1
done
stopped INT
if grep -q 'mounted the BPF file system' $scratch/log &&
	grep -q ' ready: ' $scratch/log; then
	pass "a missing BPF file system is mounted"
else
	fail "a missing BPF file system is mounted" "$(tail -1 $scratch/log)"
fi

# hold PYTHON: binds what the lines say until release; `holder` is its PID.
hold() {
	: >$scratch/held
	$inside python3 -c "import socket, time
$1
print('held', flush=True)
time.sleep(600)" >$scratch/held 2>&1 &
	holder=$!
	for _ in $(seq 600); do
		! grep -q held $scratch/held || return 0
		sleep 0.1
	done
}

release() {
	kill $holder
	wait $holder 2>/dev/null
	holder=
}

# Ports.
hold "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(('10.77.2.1', 9443))"
refused "UDP port taken" 1 "UDP port 9443 is taken by python3 (pid $holder)" \
	$inside $loader $good
release
hold "u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
u.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
u.bind(('::', 9443))"
refused "UDP port taken by one that would share it" 1 \
	"UDP port 9443 is taken by python3 (pid $holder)" $inside $loader $good
release
hold "t = socket.create_server(('127.0.0.1', 9465))"
refused "metrics port taken" 1 "metrics address 127.0.0.1:9465" $inside \
	$loader $good --metrics 127.0.0.1:9465
release

# Secrets.
if started $good; then
	pass "a good start"
else
	fail "a good start" "$(tail -1 $scratch/loader.log)"
fi
stopped INT
mode=$(stat -c %a $scratch/state/secrets)
if [ "$mode" = 600 ]; then
	pass "secrets are made with mode 600"
else
	fail "secrets are made with mode 600" "$mode"
fi
cp -p $scratch/state/secrets $scratch/saved
chmod 644 $scratch/state/secrets
refused "secrets that others may read" 1 "nobody else may read" $inside \
	$loader $good
chmod 600 $scratch/state/secrets
echo "quicsteer-secrets 2" >$scratch/state/secrets
refused "secrets of another version" 1 "does not hold the secrets" $inside \
	$loader $good
rm $scratch/state/secrets
ln -s $scratch/saved $scratch/state/secrets
refused "secrets that are a symbolic link" 1 "nobody else may read" $inside \
	$loader $good
rm -r $scratch/state

# A program of somebody else's.
cat >$scratch/pass.c <<'C'
__attribute__((section("xdp"), used)) int other_program(void *context)
{
	(void)context;
	return 2;
}
char _license[] __attribute__((section("license"), used)) = "GPL";
C
clang -O2 -g -target bpf -c $scratch/pass.c -o $scratch/pass.o
bpftool prog load $scratch/pass.o $other type xdp
for mode in native generic; do
	option=$([ $mode = native ] && echo xdpdrv || echo xdpgeneric)
	$inside bpftool net attach $option pinned $other dev $interface
	before=program
	refused "foreign $mode XDP program" 1 \
		"another XDP program already, 'other_program'" \
		$inside $loader $good
	before=
	$inside bpftool net detach $option dev $interface
done

# With a loader that runs.
started $good || fail "another start" "$(tail -1 $scratch/loader.log)"
before="pins program control"
refused "second loader" 1 "another loader (pid $running) runs on $pins" \
	$inside $loader $good
refused "second loader of other pins" 1 "another XDP program already" \
	$inside $loader $good --pin-dir ${pins}2 --control $scratch/2.sock
[ ! -e ${pins}2 ] || fail "second loader of other pins" "left ${pins}2"
refused "detach while a loader runs" 1 "another loader (pid $running)" \
	$inside $loader --detach --pin-dir $pins
stopped TERM
before="pins program"

# With pins that an earlier loader left.
refused "another mode than the program runs in" 1 "the mode cannot change" \
	$inside $loader $good --mode generic
refused "pins on another interface" 1 "is on another interface" \
	$inside $loader $good --interface $peer
rm $pins/sources
bpftool map create $pins/sources type array key 4 value 16 entries 7 name sources
refused "pins of another layout" 1 \
	"the map $pins/sources has 7 entries of 16 octets" $inside $loader $good
size=$(bpftool -j map show pinned $pins/settings |
	sed 's/.*"bytes_value":\([0-9]*\).*/\1/')
bpftool map update pinned $pins/settings key 0 0 0 0 value hex \
	63 00 00 00 $(printf '00 %.0s' $(seq $((size - 4)))) >/dev/null
refused "pins of another version" 1 "of ABI version 99" $inside $loader $good
"$lbctl" status --pin-dir $pins >$scratch/out 2>$scratch/err
check_refusal "lbctl with pins of another version" 1 $? "ABI version 99"
before=
if $inside $loader --detach --pin-dir $pins 2>$scratch/err && ! attached &&
	[ ! -e $pins ]; then
	pass "detach removes pins of another version"
else
	fail "detach removes pins of another version" "$(cat $scratch/err)"
fi
if $inside $loader --detach --pin-dir $pins 2>$scratch/err; then
	pass "detach of nothing is no error"
else
	fail "detach of nothing is no error" "$(cat $scratch/err)"
fi

# Generic mode, since veth shows native only.
if started $good --mode generic &&
	[ "$($lbctl status --json --pin-dir $pins |
		jq -r .attached.mode)" = generic-link ]; then
	pass "generic mode on demand"
else
	fail "generic mode on demand" "$(tail -1 $scratch/loader.log)"
fi
stopped INT
if started $good --interface lo --vip 10.77.2.1:9443 &&
	grep -q "falling back to generic mode" $scratch/loader.log &&
	[ "$($lbctl status --json --pin-dir $pins |
		jq -r .attached.mode)" = generic-link ]; then
	pass "generic mode as a stated fallback on lo"
else
	fail "generic mode as a stated fallback on lo" \
		"$(tail -1 $scratch/loader.log)"
fi
stopped INT
interface=lo
if attached || [ -e $pins ]; then
	fail "SIGINT leaves nothing behind" "$(ls $pins 2>/dev/null)"
else
	pass "SIGINT leaves nothing behind"
fi

finish
