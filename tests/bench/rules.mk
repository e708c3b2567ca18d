# SPDX-License-Identifier: GPL-2.0-only
# Programs that measure one thing and print the figure.

BENCH_OBJ := $(BUILD)/obj/tests/bench
TEST_PROGRAMS += $(BUILD)/tests/metrics_bench

$(BUILD)/tests/metrics_bench: LIBS = -lpthread -lgnutls $(QUICSTEER_LIBS)
$(BUILD)/tests/metrics_bench: $(BENCH_OBJ)/metrics_bench.o \
		$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard loader/metrics*.c)) \
		$(addprefix $(BUILD)/obj/loader/,totals.o certificate_expiry.o) \
		 $(BUILD)/lib/libquicsteer.a
	$(link)

.PHONY: bench-metrics
# What a scrape costs (root).
bench-metrics: all $(BUILD)/tests/metrics_bench
	@tests/run tests/e2e/metrics.py

BENCH_BPF := $(BUILD)/tests/bench/drive
TEST_PROGRAMS += $(BUILD)/tests/xdp_bench

$(BENCH_BPF).bpf.o: tests/bench/drive.bpf.c tests/bench/drive.h \
		$(BUILD)/bpf/vmlinux.h
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BENCH_BPF).skel.h: $(BENCH_BPF).bpf.o
	$(call say,SKEL,$@)
	$(Q)bpftool gen skeleton $< name drive_bpf >$@

$(BENCH_OBJ)/xdp_bench.o: $(BENCH_BPF).skel.h $(BPF_SKELETONS)

$(BUILD)/tests/xdp_bench: LIBS := -lbpf
$(BUILD)/tests/xdp_bench: $(BENCH_OBJ)/xdp_bench.o \
		$(addprefix $(BUILD)/obj/tests/,vectors/rows.o bpf/fixture.o \
		bpf/packet.o bpf/world.o)
	$(link)

.PHONY: bench-xdp
# What the XDP program costs a packet (root). Use it on an idle machine.
bench-xdp: all $(BUILD)/tests/xdp_bench
	@mkdir -p $(BUILD)/bench
	@$(BUILD)/tests/xdp_bench -o $(BUILD)/bench/xdp.json

.PHONY: bench-h3
# What a request, a GB, a new and an idle connection cost a terminator (root).
# FAST=1: in half a minute, less exact. Use it on an idle machine.
bench-h3: all $(BUILD)/tests/h3load
	@mkdir -p $(BUILD)/bench
	@tests/bench/h3_bench.py $(if $(FAST),--fast) -o $(BUILD)/bench/h3.json

.PHONY: bench-memory
# What 10,000 connections and 500 slow readers take of a terminator (root).
bench-memory: all $(BUILD)/tests/h3load
	@MEMORY=long tests/run tests/e2e/memory.py
