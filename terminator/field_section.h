/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A field section that is being received: fields in the order they came, kept
 * in one growing buffer. Pure: no I/O.
 */
#ifndef TERMINATOR_FIELD_SECTION_H
#define TERMINATOR_FIELD_SECTION_H

#include <stddef.h>
#include <stdint.h>

#include "terminator/exchange.h"

struct field_section {
	struct field_place *places; /* where each field is in `text` */
	size_t count, room;
	char *text;
	size_t text_size, text_room;
	size_t section_size; /* as RFC 9114, 4.2.2 counts */
	struct field *list;  /* made by field_section_list */
};

/* field_section_add appends a copy of a field. Returns 0, -ENOMEM, or -EMSGSIZE
 * if the section would exceed `limit` (name, value and 32 octets each). A
 * struct of zeros is an empty section. */
int field_section_add(struct field_section *fields, const uint8_t *name,
		      size_t name_size, const uint8_t *value, size_t value_size,
		      size_t limit);

/* field_section_list lists the fields, valid until the next change. Returns 0
 * or -ENOMEM. */
int field_section_list(struct field_section *fields,
		       const struct field **ret_list, size_t *ret_count);

/* field_section_request sets `request` from a section with pseudo-header fields
 * (message_split) and the rest of it to zeros. What it points to lives as long
 * as `fields` is not changed. Returns 0, -EPROTO (malformed) or -ENOMEM. */
int field_section_request(struct field_section *fields,
			  struct exchange_request *request);

/* field_section_free makes the section empty and frees its memory. */
void field_section_free(struct field_section *fields);

#endif
