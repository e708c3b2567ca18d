# SPDX-License-Identifier: GPL-2.0-only
include terminator/upstream.mk

# Without main.o, so that tests can link them.
TERMINATOR_OBJS := $(TERMINATOR_UPSTREAM_OBJS) \
	$(addprefix $(BUILD)/obj/terminator/,certificates.o host_names.o cid.o close_reason.o conn.o \
	conn_callbacks.o conn_write.o control.o control_maps.o \
	preferred_address.o \
	control_messages.o control_sockets.o debug_files.o drain.o early_packet.o \
	goaway.o icmp.o icmp_check.o paths.o h3.o h3_control.o h3_grease.o field_section.o h3_memory.o h3_messages.o h3_request.o h3_response.o h3_stream.o h3_unread.o \
	listing.o manager.o options.o quic.o reload.o reset_frames.o settings.o \
	sockets.o stateless.o setup.o successor.o terminator.o tls.o tls_filter.o ticket_keys.o key_log.o udp.o \
	udp_open.o usage.o \
	flood.o frame_budget.o frame_tally.o front.o h1_server.o h1_server_request.o h1_server_response.o h1_server_tunnel.o \
	h1_target.o h2_server.o h2_server_request.o h2_server_response.o \
	listener.o stream_tls.o tcp.o tcp_conn.o tcp_conn_about.o)
TERMINATOR_LIBS := -lngtcp2_crypto_wolfssl -lngtcp2 -lnghttp3 -lwolfssl \
	-lnghttp2 -lllhttp $(TERMINATOR_COMPRESS_LIBS) $(CONFIG_LIBS) -luv -lm

# See h3_messages.c, h3_memory.c and reset_frames.c.
comma := ,
TERMINATOR_WRAPS := $(patsubst %,-Wl$(comma)--wrap=nghttp3_http_on_%,header \
	request_headers data_chunk remote_end_stream) \
	-Wl$(comma)--wrap=ngtcp2_pkt_decode_frame \
	-Wl$(comma)--wrap=nghttp3_objalloc_init

PROGRAMS += $(BUILD)/bin/quicsteer-terminator

$(BUILD)/bin/quicsteer-terminator: LIBS := $(TERMINATOR_WRAPS) \
	$(TERMINATOR_LIBS)
$(BUILD)/bin/quicsteer-terminator: $(BUILD)/obj/terminator/main.o \
		$(TERMINATOR_OBJS) $(BUILD)/lib/libquicsteer.a
	$(link)

host_names_test_OBJS := $(BUILD)/obj/terminator/host_names.o
udp_test_OBJS := $(BUILD)/obj/terminator/udp.o
udp_test_LIBS := -luv
icmp_check_test_OBJS := $(BUILD)/obj/terminator/icmp_check.o
close_reason_test_OBJS := $(BUILD)/obj/terminator/close_reason.o
close_reason_test_LIBS := $(TERMINATOR_LIBS)
settings_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,client_table.o \
	limits.o random.o settings.o slow_list.o)
settings_test_LIBS := -luv
h1_target_test_OBJS := $(BUILD)/obj/terminator/h1_target.o
frame_tally_test_OBJS := $(BUILD)/obj/terminator/frame_tally.o
frame_budget_test_OBJS := $(BUILD)/obj/terminator/frame_budget.o
early_packet_test_OBJS := $(BUILD)/obj/terminator/early_packet.o
ticket_keys_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,random.o \
	ticket_keys.o)
ticket_keys_test_LIBS := -lwolfssl -lm
usage_test_OBJS := $(BUILD)/obj/terminator/usage.o
drain_test_OBJS := $(BUILD)/obj/terminator/drain.o
tls_filter_test_OBJS := $(BUILD)/obj/terminator/tls_filter.o
h3_control_test_OBJS := $(BUILD)/obj/terminator/h3_control.o
h3_grease_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,h3_grease.o \
	random.o)
h3_grease_test_LIBS := $(TERMINATOR_LIBS)
field_section_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,fields.o \
	field_section.o message.o)
identity_test_OBJS := $(BUILD)/obj/terminator/cid.o \
	$(BUILD)/obj/terminator/random.o
identity_test_LIBS := $(TERMINATOR_LIBS)
accept_encoding_test_OBJS := $(addprefix $(BUILD)/obj/terminator/, \
	accept_encoding.o fields.o)
