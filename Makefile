# SPDX-License-Identifier: GPL-2.0-only
# One make for the whole tree. Each folder's rules.mk lists what it builds;
# this file holds what they share. "make help" tells the targets.

.DELETE_ON_ERROR:
.SECONDEXPANSION:
.SUFFIXES:
.DEFAULT_GOAL := all

ifneq ($(SAN),)
BUILD ?= build/san
endif
BUILD ?= build
DEPS ?= build/deps
TOOLS ?= build/tools
CLANG ?= clang
# make's own default for CC is cc, which ?= would leave in place.
ifeq ($(origin CC),default)
CC := gcc
endif
export BUILD DEPS TOOLS
# Where bpftool is; not every root shell looks there.
export PATH := $(PATH):/usr/sbin:/sbin

ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-print-directory

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Werror
CFLAGS_ALL = -std=gnu11 -O2 -g -D_GNU_SOURCE -Iinclude -I. -I$(BUILD) \
	-isystem $(DEPS)/include $(WARNINGS) -MMD -MP $(SAN_FLAGS) $(CFLAGS)
LDFLAGS_ALL = -L$(DEPS)/lib $(SAN_FLAGS) $(LDFLAGS)
ifneq ($(SAN),)
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
endif

# Quiet by default; V=1 shows every command.
ifeq ($(V),)
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(2)'
else
Q :=
say = @:
endif

# In the recipe of a program: link the objects and archives among its
# prerequisites with the libraries in LIBS, a variable of that target.
define link
$(call say,LD,$@)
@mkdir -p $(@D)
$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o %.a,$^) $(LIBS)
endef

# What the folders add to.
PROGRAMS :=
TEST_PROGRAMS :=
BPF_SUITES :=
E2E_SUITES :=

-include bpf/rules.mk
-include loader/rules.mk
-include healthd/rules.mk
-include terminator/rules.mk
include deploy/rules.mk
include $(wildcard tests/*/rules.mk)
include tests/rules.mk

.PHONY: all clean help
all: $$(PROGRAMS)

$(BUILD)/obj/%.o: %.c $(DEPS)/.ready
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(EXTRA_CFLAGS) -c -o $@ $<

$(BUILD)/%.a:
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

clean:
	rm -rf $(filter-out %/deps %/download %/tools,$(wildcard $(BUILD)/*))

help:
	@echo 'make deps           install packages, build the libraries (root)'
	@echo 'make                build the programs into $(BUILD)/bin'
	@echo 'make run            all of the above, then try it on this machine'
	@echo 'make compose-up     run it in containers: deploy/compose.yaml'
	@echo 'make test           all of the above, then every test (root)'
	@echo 'make test-unit      unit tests'
	@echo 'make san            unit and some end-to-end tests under ASan, UBSan'
	@echo 'make test-bpf       the BPF programs, by BPF_PROG_TEST_RUN (root)'
	@echo 'make fuzz-xdp COUNT=N   random packets against a model (root)'
	@echo 'make bench-xdp      what a packet costs the XDP program (root)'
	@echo 'make bench-h3       what HTTP/3 costs a terminator (root; FAST=1)'
	@echo 'make test-e2e       whole connections, in namespaces (root)'
	@echo 'make deb-test       the package in a Debian with systemd (root)'
	@echo 'make test-vectors VECTORS=FILE.csv   CID vectors of your own'
	@echo 'make compose-test   the containers, from nothing (root; 10 minutes)'
	@echo 'make lint           format, size of functions, build with clang'
	@echo 'make install        programs, units, manuals (DESTDIR, prefix; root)'
	@echo 'make deb            the same as a Debian package, in $(BUILD)/deb'
	@echo 'make clean          remove what was built, keep the libraries'
	@echo 'Options: V=1 shows commands, SAN=1 builds with sanitizers.'

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
