#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tree compiles with clang too, where warnings are errors as with gcc.
set -u

build=${BUILD:-build}/clang
if env -u MAKEFLAGS -u MFLAGS make --no-print-directory CC=clang \
	BUILD="$build" all suites >&2; then
	echo "ok build with clang"
else
	echo "not ok build with clang: see the messages below"
	exit 1
fi
