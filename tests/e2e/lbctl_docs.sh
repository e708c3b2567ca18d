#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lbctl's man page and completion know every command and option that lbctl has.
# Needs no root and no loader.
. tests/e2e/lib_loader.sh

lbctl=$BUILD/bin/lbctl
page=deploy/lbctl.1

# Every command, a line each: "status", "weight set".
commands() {
	local first

	for first in $($lbctl completion-names commands); do
		if [ -n "$($lbctl completion-names commands "$first")" ]; then
			$lbctl completion-names commands "$first" |
				sed "s/^/$first /"
		else
			echo "$first"
		fi
	done
}

man_page() {
	local missing

	if ! command -v groff >/dev/null || ! echo .Dd | groff -mdoc -z 2>/dev/null
	then
		skip "man page" "there is no groff, or no mdoc macros"
	elif [ -n "$(groff -mdoc -ww -z $page 2>&1)" ]; then
		fail "man page" "$(groff -mdoc -ww -z $page 2>&1 | head -1)"
	else
		pass "man page without warnings"
	fi
	if command -v mandoc >/dev/null; then
		mandoc -T lint -W warning $page >"$scratch/lint" &&
			pass "man page by mandoc" ||
			fail "man page by mandoc" "$(head -1 "$scratch/lint")"
	fi
	missing=$(commands | while read -r one; do
		grep -q "^\.It Cm $one\( \|$\)" $page || echo "$one"
	done)
	[ -z "$missing" ] && pass "man page has every command" ||
		fail "man page has every command" "$missing is missing"
	missing=$(commands | while read -r one; do
		# shellcheck disable=SC2086 # one or two words
		for option in $($lbctl help $one |
			sed -n 's/^      --\([a-z-]*\).*/\1/p'); do
			grep -q -- "Fl -$option\( \|$\)" $page ||
				echo "--$option of $one"
		done
	done)
	[ -z "$missing" ] && pass "man page has every option" ||
		fail "man page has every option" "$missing is missing"
}

helps() {
	local one bad=

	while read -r one; do
		# shellcheck disable=SC2086 # one or two words
		$lbctl help $one | grep -q "^Usage: lbctl $one\|Usage: lbctl ${one% *}" ||
			bad="$one"
		# shellcheck disable=SC2086
		$lbctl $one --frob 2>&1 |
			grep -q "^lbctl $one: unknown option --frob" || bad="$one"
		# shellcheck disable=SC2086
		[ "$($lbctl help $one | awk 'length > 80')" ] && bad="$one"
	done < <(commands)
	[ -z "$bad" ] && pass "every command has its help, in 80 columns" ||
		fail "every command has its help, in 80 columns" "$bad"
}

# complete LINE: what is offered at its end, in one line.
complete_line() {
	bash -c '
		source deploy/lbctl.bash-completion
		COMP_LINE=$1
		COMP_POINT=${#1}
		read -ra COMP_WORDS <<<"$1"
		[[ $1 == *" " ]] && COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_lbctl
		echo "${COMPREPLY[*]}"
	' bash "$1"
}

# offers LINE WORDS: what completion makes of the line.
offers() {
	local seen

	seen=$(complete_line "$lbctl $1")
	if [ "$seen" = "$2" ]; then
		pass "completion of '$1'"
	else
		fail "completion of '$1'" "'$seen' instead of '$2'"
	fi
}

man_page
helps
offers "st" "status"
offers "ver" "version"
offers "dr" "drain"
offers "breaker " "open close auto"
offers "breaker c" "close"
offers "weight " "set"
offers "weight set t1 d" "default"
offers "help conf" "config"
offers "help config s" "schema"
offers "drain --d" "--deadline"
offers "drain --no" "--no-wait"
offers "reload --c" "--control"
offers "status --j" "--json"
touch "$scratch/quicsteer.yaml"
offers "config check $scratch/qui" "$scratch/quicsteer.yaml"
offers "status --pin-dir ${scratch%?}" "$scratch"
offers "drain --pin-dir $scratch/none " ""
offers "frob " ""
seen=$(complete_line "$lbctl " | tr ' ' '\n' | sort)
wanted=$({ $lbctl completion-names commands; echo help; } | sort)
[ "$seen" = "$wanted" ] && pass "completion of every command" ||
	fail "completion of every command" "$seen"
exit $((failures > 0))
