# SPDX-License-Identifier: GPL-2.0-only
# Vectors of the CID codec: in userspace, and through the XDP program.

cid_test_OBJS := $(BUILD)/obj/tests/vectors/rows.o

TEST_PROGRAMS += $(BUILD)/tests/vectors
BPF_SUITES += tests/vectors/suite

$(BUILD)/tests/vectors: LIBS := -lbpf
$(BUILD)/tests/vectors: $(addprefix $(BUILD)/obj/tests/,vectors/vectors.o \
		vectors/rows.o bpf/world.o)
	$(link)
