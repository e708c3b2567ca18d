# SPDX-License-Identifier: GPL-2.0-only
# The test clients. curl_h3 needs libcurl-gnutls with HTTP/3 and is linked to
# the one that deploy/clients unpacks.

CLIENT_OBJ := $(BUILD)/obj/tests/client
CLIENT_LIBS := -lngtcp2_crypto_wolfssl -lngtcp2 -lnghttp3 -lwolfssl -lm -luv \
	-ljansson
CLIENT_COMMON := tls udp connection callbacks
H3LOAD_OBJS := $(CLIENT_COMMON) request http options load report h3load

TEST_PROGRAMS += $(BUILD)/tests/h3load

$(BUILD)/tests/h3load: LIBS := $(CLIENT_LIBS)
$(BUILD)/tests/h3load: $(H3LOAD_OBJS:%=$(CLIENT_OBJ)/%.o)
	$(link)
