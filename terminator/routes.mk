# SPDX-License-Identifier: GPL-2.0-only
# What answers requests besides pools, and what routes do to messages; part of
# the upstream's objects.
TERMINATOR_ROUTES_OBJS := $(addprefix $(BUILD)/obj/terminator/,answer.o \
	byte_ranges.o conditions.o error_pages.o exchange_rules.o field_view.o \
	files.o files_head.o files_open.o files_path.o files_plan.o \
	files_send.o health.o http_date.o media_types.o metrics_page.o random.o routes.o rules.o \
	site.o variables.o) \
	$(addprefix $(BUILD)/obj/loader/lib/,template.o nearest.o)
