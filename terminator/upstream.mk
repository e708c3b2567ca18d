# SPDX-License-Identifier: GPL-2.0-only
# The objects of the exchange and of the HTTP/1.1 upstream; they need libuv and
# llhttp. rules.mk of the terminator and of the tests use this list.
include terminator/access.mk
include terminator/balance.mk
include terminator/compress.mk
include terminator/routes.mk
TERMINATOR_UPSTREAM_OBJS := $(TERMINATOR_BALANCE_OBJS) \
	$(TERMINATOR_ACCESS_OBJS) $(TERMINATOR_COMPRESS_OBJS) \
	$(TERMINATOR_ROUTES_OBJS) $(addprefix $(BUILD)/obj/terminator/, \
	backend_stats.o backend_tls.o backends.o body.o choose.o exchange.o \
	fields.o \
	forwarding.o h1_client.o h1_client_end.o h1_client_send.o \
	h1_client_time.o h1_client_tls.o h1_request.o h1_response.o \
	introduction.o later.o message.o own_rows.o pool.o pool_retry.o \
	proxy_protocol.o request_id.o retry.o \
	client_table.o exchange_early.o exchange_limits.o limits.o random.o slow_list.o \
	exchange_tunnel.o pool_stats.o router.o text.o trials.o upstream.o \
	websocket.o websocket_frames.o)

client_table_test_OBJS := $(BUILD)/obj/terminator/client_table.o
slow_list_test_OBJS := $(BUILD)/obj/terminator/slow_list.o

trials_test_OBJS := $(BUILD)/obj/terminator/trials.o
trials_test_LIBS := -lpthread
routes_test_OBJS := $(BUILD)/obj/terminator/routes.o
own_rows_test_OBJS := $(BUILD)/obj/terminator/own_rows.o \
	$(addprefix $(BUILD)/obj/loader/lib/,effective.o parse.o)
proxy_protocol_test_OBJS := $(BUILD)/obj/terminator/proxy_protocol.o
websocket_test_OBJS := $(BUILD)/obj/terminator/websocket.o
websocket_test_LIBS := -lwolfssl
websocket_frames_test_OBJS := $(BUILD)/obj/terminator/websocket_frames.o
retry_test_OBJS := $(BUILD)/obj/terminator/retry.o
body_test_OBJS := $(BUILD)/obj/terminator/body.o
fields_test_OBJS := $(BUILD)/obj/terminator/fields.o
h1_request_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,fields.o \
	forwarding.o h1_request.o message.o text.o)
forwarding_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,fields.o \
	forwarding.o request_id.o text.o)
message_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,fields.o message.o)
message_fuzz_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,fields.o \
	forwarding.o h1_request.o message.o text.o)
message_fuzz_test_LIBS := -lllhttp
h1_response_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,fields.o \
	h1_response.o text.o)
h1_response_test_LIBS := -lllhttp
h1_response_fuzz_test_OBJS := $(h1_response_test_OBJS)
h1_response_fuzz_test_LIBS := -lllhttp
upstream_test_OBJS := $(TERMINATOR_UPSTREAM_OBJS) \
	$(addprefix $(BUILD)/obj/tests/unit/,upstream_bed.o upstream_script.o) \
	$(addprefix $(BUILD)/obj/loader/lib/,effective.o json_text.o log.o parse.o utf8.o)
upstream_test_LIBS := $(TERMINATOR_COMPRESS_LIBS) -lllhttp -lwolfssl -luv -lm
upstream_rows_test_OBJS := $(upstream_test_OBJS) \
	$(BUILD)/obj/tests/unit/upstream_rows.o
upstream_rows_test_LIBS := $(upstream_test_LIBS)
upstream_stats_test_OBJS := $(upstream_rows_test_OBJS)
upstream_stats_test_LIBS := $(upstream_test_LIBS)
upstream_retry_test_OBJS := $(upstream_rows_test_OBJS)
upstream_retry_test_LIBS := $(upstream_test_LIBS)
upstream_wait_test_OBJS := $(upstream_test_OBJS)
upstream_wait_test_LIBS := $(upstream_test_LIBS)
upstream_churn_test_OBJS := $(upstream_rows_test_OBJS)
upstream_churn_test_LIBS := $(upstream_test_LIBS)
upstream_limits_test_OBJS := $(upstream_test_OBJS)
upstream_limits_test_LIBS := $(upstream_test_LIBS)
upstream_backend_test_OBJS := $(upstream_test_OBJS) \
	$(BUILD)/bin/quicsteer-backend
upstream_backend_test_LIBS := $(upstream_test_LIBS)

include tests/backend/backend.mk
