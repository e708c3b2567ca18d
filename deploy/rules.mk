# SPDX-License-Identifier: GPL-2.0-only
# What a machine needs before the first compile, and the run target.

.PHONY: deps run

# One after the other: the libraries need the compiler from the packages.
deps:
	@deploy/packages deploy/packages.txt
	@deploy/tools $(TOOLS) build/download
	@$(MAKE) -s $(DEPS)/.ready

$(DEPS)/.ready: deploy/deps deploy/deps.sha256 deploy/deps-check.c
	@deploy/deps $(DEPS) build/download

run:
	@$(MAKE) deps
	@$(MAKE) all
	@deploy/run
