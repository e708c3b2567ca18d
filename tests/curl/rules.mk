# SPDX-License-Identifier: GPL-2.0-only
# A client for single requests, linked to the libcurl of deploy/tools like
# curl_h3 of tests/client.
CURL_ASK_OBJ := $(BUILD)/obj/tests/curl/curl_ask.o

TEST_PROGRAMS += $(BUILD)/tests/curl_ask

$(CURL_ASK_OBJ): EXTRA_CFLAGS := $(CURL_CFLAGS)
$(BUILD)/tests/curl_ask: LIBS = $(CURL_LIBS) -ljansson
$(BUILD)/tests/curl_ask: $(CURL_ASK_OBJ)
	$(link)
