# SPDX-License-Identifier: GPL-2.0-only
# The test clients. curl_h3 is linked to the libcurl of deploy/tools.

CLIENT_OBJ := $(BUILD)/obj/tests/client
CLIENT_LIBS := -lngtcp2_crypto_wolfssl -lngtcp2 -lnghttp3 -lwolfssl -lm -luv \
	-ljansson
CLIENT_COMMON := tls udp connection connection_send callbacks
H3LOAD_OBJS := $(CLIENT_COMMON) request http http_callbacks options load \
	load_entry load_move report h3load

HOSTILE_OBJS := $(CLIENT_COMMON) hostile hostile_tls hostile_packets

H3RAW_OBJS := $(CLIENT_COMMON) raw raw_print h3raw

TEST_PROGRAMS += $(BUILD)/tests/h3load $(BUILD)/tests/h3raw \
	$(BUILD)/tests/hostile $(BUILD)/tests/curl_h3

$(BUILD)/tests/h3load: LIBS := $(CLIENT_LIBS)
$(BUILD)/tests/h3load: $(H3LOAD_OBJS:%=$(CLIENT_OBJ)/%.o)
	$(link)

$(BUILD)/tests/h3raw: LIBS := $(CLIENT_LIBS)
$(BUILD)/tests/h3raw: $(H3RAW_OBJS:%=$(CLIENT_OBJ)/%.o)
	$(link)

$(BUILD)/tests/hostile: LIBS := $(CLIENT_LIBS)
$(BUILD)/tests/hostile: $(HOSTILE_OBJS:%=$(CLIENT_OBJ)/%.o)
	$(link)

$(CLIENT_OBJ)/curl_h3.o: EXTRA_CFLAGS := $(CURL_CFLAGS)
$(BUILD)/tests/curl_h3: LIBS = $(CURL_LIBS) -ljansson
$(BUILD)/tests/curl_h3: $(CLIENT_OBJ)/curl_h3.o
	$(link)
