# SPDX-License-Identifier: GPL-2.0-only
# What a machine needs before the first compile, and what runs it all.

include deploy/install.mk

.PHONY: deps run

# One after the other: the libraries need the compiler from the packages.
deps:
	@deploy/packages deploy/packages.txt
	@deploy/tools $(TOOLS) build/download
	@$(MAKE) -s $(DEPS)/.ready

$(DEPS)/.ready: deploy/deps deploy/deps.sha256 deploy/deps-check.c \
		$(wildcard deploy/patches/*.patch)
	@deploy/deps $(DEPS) build/download

# For a program that uses the libcurl which deploy/tools unpacks. RPATH and
# not RUNPATH, so that libcurl finds its own libraries beside it.
TOOLS_LIB := $(TOOLS)/usr/lib/x86_64-linux-gnu
CURL_CFLAGS := -isystem $(TOOLS)/usr/include/x86_64-linux-gnu
CURL_LIBS := -L$(TOOLS_LIB) -Wl,-rpath-link,$(TOOLS_LIB) \
	-Wl,--disable-new-dtags,-rpath,$(abspath $(TOOLS_LIB)) -lcurl-gnutls

# The client that "make run" offers.
PROGRAMS += $(BUILD)/bin/h3get
$(BUILD)/obj/tests/client/h3get.o: EXTRA_CFLAGS := $(CURL_CFLAGS)
$(BUILD)/bin/h3get: LIBS := $(CURL_LIBS)
$(BUILD)/bin/h3get: $(BUILD)/obj/tests/client/h3get.o
	$(link)

run:
	@$(MAKE) deps
	@$(MAKE) all
	@deploy/run

# The whole system in containers.
.PHONY: compose-up
compose-up:
	cd deploy && docker compose up -d

# With an engine of its own and without a registry.
.PHONY: compose-test
compose-test:
	@$(MAKE) deps
	@$(MAKE) all suites
	@tests/compose/run
