/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const connection_specific[] = {
	"connection", "proxy-connection",  "keep-alive",     "te",
	"upgrade",    "transfer-encoding", "http2-settings",
};

static const char *const barred_trailers[] = {
	"content-length",
	"content-encoding",
	"content-type",
	"content-range",
	"host",
	"authorization",
	"cookie",
	"set-cookie",
	"trailer",
	"expect",
	"via",
	"cache-control",
	"max-forwards",
	"range",
	"location",
	"date",
	"age",
	"expires",
	"retry-after",
	"vary",
	"forwarded",
};

static bool is_any_of(const struct field *field, const char *const *names,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (field_is(field, names[i]))
			return true;
	return false;
}

#define IS_ANY_OF(field, names) \
	is_any_of(field, names, sizeof(names) / sizeof((names)[0]))

bool field_is(const struct field *field, const char *name)
{
	return field->name_size == strlen(name) &&
	       !memcmp(field->name, name, field->name_size);
}

static bool is_token_octet(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool field_token_valid(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!is_token_octet(data[i]))
			return false;
	return size > 0;
}

static bool has_upper_case(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] >= 'A' && data[i] <= 'Z')
			return true;
	return false;
}

bool field_octet_valid(char octet)
{
	unsigned char c = octet;

	return (c >= 0x20 && c != 0x7f) || c == '\t';
}

bool field_valid(const struct field *field)
{
	if (!field_token_valid(field->name, field->name_size) ||
	    has_upper_case(field->name, field->name_size))
		return false;
	for (size_t i = 0; i < field->value_size; i++)
		if (!field_octet_valid(field->value[i]))
			return false;
	return true;
}

void field_strip(const char **text, size_t *size)
{
	while (*size && field_blank(**text)) {
		++*text;
		--*size;
	}
	while (*size && field_blank((*text)[*size - 1]))
		--*size;
}

void field_trim(struct field *field)
{
	field_strip(&field->value, &field->value_size);
}

/* Tells whether the comma-separated value of `list` has the field's name. */
static bool lists_name(const struct field *list, const struct field *field)
{
	const char *at = list->value;
	const char *end = list->value + list->value_size;

	while (at < end) {
		const char *comma = memchr(at, ',', end - at);
		struct field member = {.value = at};

		member.value_size = (comma ? comma : end) - at;
		field_trim(&member);
		if (member.value_size == field->name_size &&
		    !strncasecmp(member.value, field->name, field->name_size))
			return true;
		at = comma ? comma + 1 : end;
	}
	return false;
}

bool field_is_connection_specific(const struct field *field)
{
	return IS_ANY_OF(field, connection_specific);
}

bool field_is_hop_by_hop(const struct field *field, const struct field *fields,
			 size_t count)
{
	if (field_is_connection_specific(field))
		return true;
	for (size_t i = 0; i < count; i++)
		if (field_is(&fields[i], "connection") &&
		    lists_name(&fields[i], field))
			return true;
	return false;
}

bool field_is_barred_trailer(const struct field *field)
{
	return field_is_connection_specific(field) ||
	       IS_ANY_OF(field, barred_trailers) ||
	       (field->name_size >= 12 &&
		!memcmp(field->name, "x-forwarded-", 12));
}

int field_parse_length(const struct field *field, uint64_t *ret_length)
{
	uint64_t length = 0;

	for (size_t i = 0; i < field->value_size; i++) {
		unsigned digit = (unsigned char)field->value[i] - '0';

		if (digit > 9 || length > ((uint64_t)INT64_MAX - digit) / 10)
			return -EPROTO;
		length = length * 10 + digit;
	}
	if (!field->value_size)
		return -EPROTO;
	*ret_length = length;
	return 0;
}

static int make_field_room(struct field_list *list)
{
	size_t capacity = list->capacity ? list->capacity * 2 : 16;
	struct field *fields;

	if (list->count < list->capacity)
		return 0;
	fields = realloc(list->fields, capacity * sizeof(*fields));
	if (!fields)
		return -ENOMEM;
	list->fields = fields;
	list->capacity = capacity;
	return 0;
}

/* The fields point into the text, so they move with it. */
static int make_text_room(struct field_list *list, size_t size)
{
	size_t capacity = list->text_capacity ? list->text_capacity : 512;
	char *text;

	if (size <= list->text_capacity - list->text_size)
		return 0;
	while (capacity - list->text_size < size)
		capacity *= 2;
	text = malloc(capacity);
	if (!text)
		return -ENOMEM;
	if (list->text_size)
		memcpy(text, list->text, list->text_size);
	for (size_t i = 0; i < list->count; i++) {
		struct field *field = &list->fields[i];

		field->name = text + (field->name - list->text);
		field->value = text + (field->value - list->text);
	}
	free(list->text);
	list->text = text;
	list->text_capacity = capacity;
	return 0;
}

static const char *add_text(struct field_list *list, const char *data,
			    size_t size)
{
	char *copy = list->text + list->text_size;

	if (size)
		memcpy(copy, data, size);
	list->text_size += size;
	return copy;
}

int field_list_add(struct field_list *list, const struct field *field)
{
	struct field *copy;

	if (make_field_room(list) < 0 ||
	    make_text_room(list, field->name_size + field->value_size) < 0)
		return -ENOMEM;
	copy = &list->fields[list->count++];
	copy->name = add_text(list, field->name, field->name_size);
	copy->name_size = field->name_size;
	copy->value = add_text(list, field->value, field->value_size);
	copy->value_size = field->value_size;
	return 0;
}

void field_list_clear(struct field_list *list)
{
	list->count = 0;
	list->text_size = 0;
}

void field_list_free(struct field_list *list)
{
	free(list->fields);
	free(list->text);
	*list = (struct field_list){0};
}
