# SPDX-License-Identifier: GPL-2.0-only
# The XDP program against a model of it, by random packets.

TEST_PROGRAMS += $(BUILD)/tests/xdp_fuzz
BPF_SUITES += tests/fuzz/suite

$(BUILD)/obj/tests/fuzz/worlds.o $(BUILD)/obj/tests/fuzz/xdp_fuzz.o: \
	$(BPF_SKELETONS)

$(BUILD)/tests/xdp_fuzz: LIBS := -lbpf
$(BUILD)/tests/xdp_fuzz: $(BUILD)/obj/tests/bpf/world.o \
		$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/fuzz/*.c))
	$(link)

.PHONY: fuzz-xdp
# make fuzz-xdp COUNT=5000000 [SEED=7] (root)
fuzz-xdp: all $(BUILD)/tests/xdp_fuzz
	@$(BUILD)/tests/xdp_fuzz -n $(or $(COUNT),1000000) \
		$(if $(SEED),-s $(SEED)) tests/fuzz/seeds/kept
