# SPDX-License-Identifier: GPL-2.0-only
# An end-to-end suite on programs built with ASan and UBSan. Whoever sources
# this has the suite's name.
exec env BUILD="${BUILD:-build}/san" "tests/e2e/$(basename "$0").py"
