# SPDX-License-Identifier: GPL-2.0-only
# Which backend a request goes to; part of the upstream. wolfSSL is needed.
TERMINATOR_BALANCE_OBJS := $(addprefix $(BUILD)/obj/terminator/, \
	affinity.o affinity_table.o affinity_token.o balance.o balance_hash.o \
	balance_two.o cookie.o latency.o random.o \
	request_key.o)

balance_test_OBJS := $(BUILD)/obj/terminator/balance.o
balance_pick_test_OBJS := $(addprefix $(BUILD)/obj/terminator/, \
	balance_hash.o balance_two.o)
balance_pick_test_LIBS := -lm
latency_test_OBJS := $(BUILD)/obj/terminator/latency.o
latency_test_LIBS := -lm
affinity_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,affinity_table.o \
	affinity_token.o cookie.o fields.o request_key.o)
affinity_test_LIBS := -lwolfssl
upstream_affinity_test_OBJS = $(upstream_rows_test_OBJS)
upstream_affinity_test_LIBS = $(upstream_test_LIBS)
