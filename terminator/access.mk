# SPDX-License-Identifier: GPL-2.0-only
# The access log; part of the upstream.
TERMINATOR_ACCESS_OBJS := $(addprefix $(BUILD)/obj/terminator/, \
	access.o access_line.o access_log.o access_write.o)

access_line_test_OBJS := $(BUILD)/obj/terminator/access_line.o \
	$(addprefix $(BUILD)/obj/loader/lib/,json_text.o utf8.o)
access_line_test_LIBS := -ljansson
access_log_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,access_line.o \
	access_log.o access_write.o) \
	$(addprefix $(BUILD)/obj/loader/lib/,json_text.o log.o utf8.o)
access_log_test_LIBS := -lpthread
