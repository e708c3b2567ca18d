# SPDX-License-Identifier: GPL-2.0-only
# What answers requests besides pools, and what routes do to messages; part of
# the upstream's objects.
TERMINATOR_ROUTES_OBJS := $(addprefix $(BUILD)/obj/terminator/,answer.o \
	byte_ranges.o conditions.o error_pages.o exchange_rules.o field_view.o \
	files.o files_head.o files_open.o files_path.o files_plan.o \
	files_send.o health.o http_date.o media_types.o metrics_page.o random.o routes.o rules.o \
	site.o variables.o) \
	$(addprefix $(BUILD)/obj/loader/lib/,template.o nearest.o)

files_path_test_OBJS := $(addprefix $(BUILD)/obj/,\
	terminator/files_path.o loader/lib/parse.o)
files_open_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,\
	accept_encoding.o fields.o files_open.o)
http_date_test_OBJS := $(BUILD)/obj/terminator/http_date.o
byte_ranges_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,byte_ranges.o \
	files_plan.o)
conditions_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,conditions.o \
	fields.o http_date.o)
rules_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,field_view.o fields.o \
	routes.o rules.o text.o variables.o) \
	$(addprefix $(BUILD)/obj/loader/lib/,template.o nearest.o)
media_types_test_OBJS := $(BUILD)/obj/terminator/media_types.o
error_pages_test_OBJS := $(addprefix $(BUILD)/obj/terminator/,error_pages.o \
	media_types.o)
metrics_page_test_OBJS = $(upstream_test_OBJS)
metrics_page_test_LIBS = $(upstream_test_LIBS)
