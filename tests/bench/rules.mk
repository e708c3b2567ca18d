# SPDX-License-Identifier: GPL-2.0-only
# Programs that measure one thing and print the figure.

BENCH_OBJ := $(BUILD)/obj/tests/bench
TEST_PROGRAMS += $(BUILD)/tests/metrics_bench

$(BUILD)/tests/metrics_bench: LIBS = -lpthread $(QUICSTEER_LIBS)
$(BUILD)/tests/metrics_bench: $(BENCH_OBJ)/metrics_bench.o \
		$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard loader/metrics*.c)) \
		$(BUILD)/obj/loader/totals.o $(BUILD)/lib/libquicsteer.a
	$(link)

.PHONY: bench-metrics
# What a scrape costs (root).
bench-metrics: all $(BUILD)/tests/metrics_bench
	@tests/run tests/e2e/metrics.py
