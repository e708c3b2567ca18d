# SPDX-License-Identifier: GPL-2.0-only
# healthd: health, breakers, weights and addresses of what quicsteer balances.

# Without main.o and options.o, so that tests can link them.
HEALTHD_OBJS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out \
	healthd/main.c healthd/options.c,$(wildcard healthd/*.c))) \
	$(addprefix $(BUILD)/obj/terminator/,backend_tls.o proxy_protocol.o \
	text.o)

PROGRAMS += $(BUILD)/bin/quicsteer-healthd

$(BUILD)/bin/quicsteer-healthd: $(BUILD)/obj/healthd/main.o \
		$(BUILD)/obj/healthd/options.o $(HEALTHD_OBJS) \
		$(BUILD)/lib/libquicsteer.a
	$(link)
$(BUILD)/bin/quicsteer-healthd: LIBS = -lbpf -lllhttp -lwolfssl -luv \
	$(CONFIG_LIBS) -lm

# What the unit tests link.
breaker_test_OBJS := $(BUILD)/obj/healthd/breaker.o
weight_test_OBJS := $(BUILD)/obj/healthd/weight.o
weight_test_LIBS := -lm
load_test_OBJS := $(BUILD)/obj/healthd/load.o
load_test_LIBS := -lm
watch_test_OBJS := $(BUILD)/obj/healthd/watch.o
signs_test_OBJS := $(BUILD)/obj/healthd/signs.o
check_test_OBJS := $(BUILD)/obj/healthd/check.o $(BUILD)/obj/healthd/expect.o
slow_start_test_OBJS := $(BUILD)/obj/healthd/slow_start.o
rows_test_OBJS := $(addprefix $(BUILD)/obj/,healthd/rows.o healthd/wanted.o \
	loader/lib/parse.o)
