#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A function fits a screen, 80 lines, and a file has one job, 500 lines.
# tests/lint/oversize.txt lists the exceptions, each with its reason:
#   path/file.c:function reason
#   path/file.c reason
set -u

exceptions=tests/lint/oversize.txt
status=0 files=0

report() {
	local name=$1 what=$2 reason

	reason=$(awk -v name="$name" \
		'$1 == name { $1 = ""; print; exit }' "$exceptions")
	if [ -n "$reason" ]; then
		echo "# $name: $what, because:$reason"
	else
		echo "not ok $name: $what"
		status=1
	fi
}

# Prints "FUNCTION LINES" for each function of a kernel-style file: the
# brace that opens its body and the one that ends it stand in column one.
function_lengths() {
	awk '
	/^[a-zA-Z].*\(/ { name = $0; sub(/\(.*/, "", name)
		sub(/.*[ *]/, "", name); first = NR }
	/^{/ { inside = 1 }
	/^}/ { if (inside) print name, NR - first + 1; inside = 0 }
	' "$1"
}

while read -r file; do
	files=$((files + 1))
	lines=$(wc -l <"$file")
	[ "$lines" -le 500 ] || report "$file" "$lines lines, limit 500"
	while read -r name length; do
		[ "$length" -le 80 ] ||
			report "$file:$name" "$length lines, limit 80"
	done < <(function_lengths "$file")
done < <(git ls-files --cached --others --exclude-standard '*.c' '*.h')
[ "$files" -gt 0 ] || { echo "not ok size: git lists no file"; exit 1; }
[ "$status" -eq 0 ] && echo "ok sizes of $files files"
exit "$status"
