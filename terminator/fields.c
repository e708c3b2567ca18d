/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Sets that an octet belongs to. */
enum {
	TOKEN = 1,
	NAME = 2, /* those without upper case */
	TEXT = 4, /* of a value */
	NAMES = TEXT | TOKEN | NAME,
};

static const uint8_t sets[256] = {
	['\t'] = TEXT,
	[' '] = TEXT,
	['!'] = NAMES,
	['"'] = TEXT,
	['#' ... '\''] = NAMES,
	['(' ... ')'] = TEXT,
	['*' ... '+'] = NAMES,
	[','] = TEXT,
	['-' ... '.'] = NAMES,
	['/'] = TEXT,
	['0' ... '9'] = NAMES,
	[':' ... '@'] = TEXT,
	['A' ... 'Z'] = TEXT | TOKEN,
	['[' ... ']'] = TEXT,
	['^' ... '`'] = NAMES,
	['a' ... 'z'] = NAMES,
	['{'] = TEXT,
	['|'] = NAMES,
	['}'] = TEXT,
	['~'] = NAMES,
	[0x80 ... 0xff] = TEXT,
};

struct name {
	const char *name;
	size_t size;
};

#define NAMED(string)                      \
	{                                  \
		string, sizeof(string) - 1 \
	}

static const struct name connection_specific[] = {
	NAMED("connection"),	 NAMED("proxy-connection"),
	NAMED("keep-alive"),	 NAMED("te"),
	NAMED("upgrade"),	 NAMED("transfer-encoding"),
	NAMED("http2-settings"),
};

static const struct name barred_trailers[] = {
	NAMED("content-length"),
	NAMED("content-encoding"),
	NAMED("content-type"),
	NAMED("content-range"),
	NAMED("host"),
	NAMED("authorization"),
	NAMED("cookie"),
	NAMED("set-cookie"),
	NAMED("trailer"),
	NAMED("expect"),
	NAMED("via"),
	NAMED("cache-control"),
	NAMED("max-forwards"),
	NAMED("range"),
	NAMED("location"),
	NAMED("date"),
	NAMED("age"),
	NAMED("expires"),
	NAMED("retry-after"),
	NAMED("vary"),
	NAMED("forwarded"),
};

static bool is_any_of(const struct field *field, const struct name *names,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (field->name_size == names[i].size &&
		    !memcmp(field->name, names[i].name, names[i].size))
			return true;
	return false;
}

#define IS_ANY_OF(field, names) \
	is_any_of(field, names, sizeof(names) / sizeof((names)[0]))

static bool all_in(const char *data, size_t size, uint8_t set)
{
	for (size_t i = 0; i < size; i++)
		set &= sets[(unsigned char)data[i]];
	return set;
}

bool field_token_valid(const char *data, size_t size)
{
	return size && all_in(data, size, TOKEN);
}

bool field_octet_valid(char octet)
{
	return sets[(unsigned char)octet] & TEXT;
}

bool field_valid(const struct field *field)
{
	return field->name_size &&
	       all_in(field->name, field->name_size, NAME) &&
	       all_in(field->value, field->value_size, TEXT);
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
