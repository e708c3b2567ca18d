# SPDX-License-Identifier: GPL-2.0-only
# The HTTP/1.1 backend of the tests and of make run.
BACKEND_OBJS := $(addprefix $(BUILD)/obj/tests/backend/,answers.o backend.o \
	control.o mode.o raw.o server.o) $(addprefix $(BUILD)/obj/terminator/,body.o fields.o text.o)

PROGRAMS += $(BUILD)/bin/quicsteer-backend
$(BUILD)/bin/quicsteer-backend: LIBS := -lllhttp -luv
$(BUILD)/bin/quicsteer-backend: $(BACKEND_OBJS)
	$(link)
