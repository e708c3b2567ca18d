# SPDX-License-Identifier: GPL-2.0-only
# The BPF programs, packet by packet, through BPF_PROG_TEST_RUN.

TEST_PROGRAMS += $(BUILD)/tests/bpf_fixtures
BPF_SUITES += $(BUILD)/tests/bpf_fixtures

$(BUILD)/obj/tests/bpf/world.o: $(BPF_SKELETONS)

$(BUILD)/tests/bpf_fixtures: LIBS := -lbpf
$(BUILD)/tests/bpf_fixtures: $(BUILD)/obj/tests/vectors/rows.o \
		$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/bpf/*.c))
	$(link)
