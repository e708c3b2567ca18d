#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every source file names its licence in its first or second line.
set -u

status=0 files=0
while read -r file; do
	files=$((files + 1))
	if ! head -n 2 "$file" |
		grep -q 'SPDX-License-Identifier: GPL-2.0-only'; then
		echo "not ok $file: no SPDX line GPL-2.0-only at its top"
		status=1
	fi
done < <(git ls-files --cached --others --exclude-standard \
	'*.c' '*.h' '*.sh' '*.py' '*.awk' '*.mk' Makefile deploy/deps \
	deploy/fetch deploy/packages deploy/run deploy/tools tests/run .ci/run)
[ "$files" -gt 0 ] || { echo "not ok licence: git lists no file"; exit 1; }
[ "$status" -eq 0 ] && echo "ok licence lines of $files files"
exit "$status"
