# SPDX-License-Identifier: GPL-2.0-only
# The package in a Debian of its own: installed, run, upgraded, removed. Not
# part of "make test", which has tests/e2e/package.py: it fetches a Debian.

.PHONY: deb-test
deb-test:
	@$(MAKE) deps
	@deploy/packages tests/deb/packages.txt
	@$(MAKE) all suites deb
	@tests/run tests/deb/life.py
