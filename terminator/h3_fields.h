/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A field section that is being received: fields in the order they came, kept
 * in one growing buffer. Pure: no I/O.
 */
#ifndef TERMINATOR_H3_FIELDS_H
#define TERMINATOR_H3_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "terminator/exchange.h"

struct h3_fields {
	struct h3_field_place *places; /* where each field is in `text` */
	size_t count, room;
	char *text;
	size_t text_size, text_room;
	size_t section_size; /* as RFC 9114, 4.2.2 counts */
	struct field *list;  /* made by h3_fields_list */
};

/* h3_fields_add appends a copy of a field. Returns 0, -ENOMEM, or -EMSGSIZE if
 * the section would exceed `limit` (name, value and 32 octets each). A struct
 * of zeros is an empty section. */
int h3_fields_add(struct h3_fields *fields, const uint8_t *name,
		  size_t name_size, const uint8_t *value, size_t value_size,
		  size_t limit);

/* h3_fields_list lists the fields, valid until the next change. Returns 0 or
 * -ENOMEM. */
int h3_fields_list(struct h3_fields *fields, const struct field **ret_list,
		   size_t *ret_count);

/* h3_fields_request sets `request` from a section with pseudo-header fields
 * (message_split) and the rest of it to zeros. What it points to lives as long
 * as `fields` is not changed. Returns 0, -EPROTO (malformed) or -ENOMEM. */
int h3_fields_request(struct h3_fields *fields,
		      struct exchange_request *request);

/* h3_fields_free makes the section empty and frees its memory. */
void h3_fields_free(struct h3_fields *fields);

#endif
