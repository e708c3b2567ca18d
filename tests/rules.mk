# SPDX-License-Identifier: GPL-2.0-only
# Every tests/unit/NAME_test.c is a Criterion program of its own. Its object
# files and libraries, where it needs any, are named by two variables:
#   NAME_test_OBJS := $(BUILD)/obj/loader/maglev.o
#   NAME_test_LIBS := -lngtcp2

UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))
UNIT_SUITES := $(UNIT_NAMES:%=$(BUILD)/tests/%)
# Executable scripts of tests/e2e are suites, but for those that suites call.
E2E_HELPERS := tests/e2e/loader_bed.py tests/e2e/registrar.py
E2E_SUITES := $(filter-out $(E2E_HELPERS),$(sort $(E2E_SUITES) \
	$(shell find tests/e2e -maxdepth 1 -type f -perm -u+x \
	\( -name '*.sh' -o -name '*.py' \) 2>/dev/null)))
# End-to-end suites that also run on programs built with sanitizers.
SAN_SUITES := $(filter-out %.sh,$(wildcard tests/san/*))
LINT_SUITES := tests/runner_test.sh $(wildcard tests/lint/*.sh)

$(UNIT_SUITES): $(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o \
		$$($$*_OBJS)
	$(link) $($*_LIBS) -lcriterion

.PHONY: test test-unit test-bpf test-e2e test-vectors lint san \
	suites unit-suites
suites: unit-suites $$(TEST_PROGRAMS)
unit-suites: $(UNIT_SUITES)

# The totals stay in a file, so that .ci/run can end with them even when make
# has said its own last word.
SUMMARY := build/tests-summary
# Suites that run at once: each has namespaces and folders of its own, and
# most wait for clocks most of the time.
TEST_JOBS ?= 2

test:
	@rm -f $(SUMMARY)
	@$(MAKE) deps
	@$(MAKE) all suites
	@$(MAKE) SAN=1 BUILD=$(BUILD)/san all suites
	@tests/run -s $(SUMMARY) -j $(TEST_JOBS) $(LINT_SUITES) $(UNIT_SUITES) \
		$(UNIT_SUITES:$(BUILD)/%=$(BUILD)/san/%) \
		$(BPF_SUITES) $(E2E_SUITES) $(SAN_SUITES)

test-unit: unit-suites
	@tests/run -j $(TEST_JOBS) $(UNIT_SUITES)

test-bpf: all suites
	@tests/run $(BPF_SUITES)

test-e2e: all suites
	@tests/run -j $(TEST_JOBS) $(E2E_SUITES)

lint:
	@tests/run $(LINT_SUITES)

san:
	@$(MAKE) SAN=1 BUILD=$(BUILD)/san all suites
	@tests/run -j $(TEST_JOBS) $(UNIT_SUITES:$(BUILD)/%=$(BUILD)/san/%) $(SAN_SUITES)

test-vectors:
	@[ -n "$(VECTORS)" ] || \
		{ echo 'usage: make test-vectors VECTORS=FILE.csv' >&2; exit 2; }
	@$(MAKE) deps
	@$(MAKE) $(BUILD)/tests/vectors
	@$(BUILD)/tests/vectors $(VECTORS)
