/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Header and trailer fields: what is valid (RFC 9110, 5), what must not pass a
 * proxy (RFC 9110, 7.6.1; RFC 9114, 4.2), and lists that own their text.
 */
#ifndef TERMINATOR_FIELDS_H
#define TERMINATOR_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "terminator/exchange.h"

/* field_make makes a field of texts, which it points to. */
static inline struct field field_make(const char *name, const char *value)
{
	return (struct field){name, strlen(name), value, strlen(value)};
}

/* field_value_is tells whether the field has this value;
 * field_value_is_any_case does so without regard to case. */
static inline bool field_value_is(const struct field *field, const char *value)
{
	return field->value_size == strlen(value) &&
	       !memcmp(field->value, value, field->value_size);
}

static inline bool field_value_is_any_case(const struct field *field,
					   const char *value)
{
	return field->value_size == strlen(value) &&
	       !strncasecmp(field->value, value, field->value_size);
}

/* field_blank tells whether the octet is white space in a field's value
 * (RFC 9110, 5.6.3). */
static inline bool field_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* field_is tells whether the field has this name, in lower case. */
static inline bool field_is(const struct field *field, const char *name)
{
	return field->name_size == strlen(name) &&
	       !memcmp(field->name, name, field->name_size);
}

/* field_valid tells whether the name is a token without upper case and the
 * value holds no control octet but HTAB: above all no CR, LF or NUL. */
bool field_valid(const struct field *field);

/* field_token_valid tells whether `size` octets make a token (RFC 9110,
 * 5.6.2), upper case allowed. */
bool field_token_valid(const char *data, size_t size);

/* field_octet_valid tells whether the octet may stand in a value or a reason
 * phrase: no control octet but HTAB. */
bool field_octet_valid(char octet);

/* field_strip takes spaces and tabs off both ends of a text. */
void field_strip(const char **text, size_t *size);

/* field_trim takes spaces and tabs off both ends of the value. */
void field_trim(struct field *field);

/* field_is_connection_specific tells whether the field, by its name, is for one
 * connection only (RFC 9110, 7.6.1). */
bool field_is_connection_specific(const struct field *field);

/* field_is_hop_by_hop tells whether the field is specific to a connection, by
 * its name or because a Connection field in `fields` lists it. */
bool field_is_hop_by_hop(const struct field *field, const struct field *fields,
			 size_t count);

/* field_is_barred_trailer tells whether the field may not stand in a trailer
 * section, since it is for framing, routing or control (RFC 9110, 6.5.1). */
bool field_is_barred_trailer(const struct field *field);

/* field_parse_length reads a Content-Length. Returns 0, or -EPROTO if the value
 * is not just digits or exceeds 63 bits. */
int field_parse_length(const struct field *field, uint64_t *ret_length);

/* A list of fields with the text they point to. All zeros is an empty one. */
struct field_list {
	struct field *fields;
	size_t count;
	size_t capacity;
	char *text;
	size_t text_size;
	size_t text_capacity;
};

/* field_list_add appends a copy of the field. Returns 0 or -ENOMEM. */
int field_list_add(struct field_list *list, const struct field *field);

/* field_list_clear empties the list and keeps its memory. */
void field_list_clear(struct field_list *list);

/* field_list_free frees the list's memory; it can be used again. */
void field_list_free(struct field_list *list);

#endif
