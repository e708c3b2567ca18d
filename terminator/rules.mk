# SPDX-License-Identifier: GPL-2.0-only
include terminator/upstream.mk

# Without main.o, so that tests can link them.
TERMINATOR_OBJS := $(TERMINATOR_UPSTREAM_OBJS) \
	$(addprefix $(BUILD)/obj/terminator/,cid.o conn.o conn_callbacks.o \
	conn_write.o control.o h3.o h3_fields.o h3_request.o h3_response.o \
	h3_stream.o options.o quic.o random.o stateless.o tls.o tls_filter.o \
	udp.o)
TERMINATOR_LIBS := -lngtcp2_crypto_wolfssl -lngtcp2 -lnghttp3 -lwolfssl \
	-lllhttp -luv -lm

PROGRAMS += $(BUILD)/bin/quicsteer-terminator

$(BUILD)/bin/quicsteer-terminator: LIBS := $(TERMINATOR_LIBS)
$(BUILD)/bin/quicsteer-terminator: $(BUILD)/obj/terminator/main.o \
		$(TERMINATOR_OBJS) $(BUILD)/lib/libquicsteer.a
	$(link)

tls_filter_test_OBJS := $(BUILD)/obj/terminator/tls_filter.o
h3_fields_test_OBJS := $(BUILD)/obj/terminator/h3_fields.o
identity_test_OBJS := $(BUILD)/obj/terminator/cid.o \
	$(BUILD)/obj/terminator/random.o
identity_test_LIBS := $(TERMINATOR_LIBS)
