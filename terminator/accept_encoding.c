/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/accept_encoding.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "terminator/fields.h"

enum { UNSAID = 2000, FULL = 1000 };

static const char *const names[CODING_COUNT] = {
	[CODING_IDENTITY] = "identity",
	[CODING_GZIP] = "gzip",
	[CODING_BR] = "br",
	[CODING_ZSTD] = "zstd",
};

const char *coding_name(enum coding coding)
{
	return names[coding];
}

/* "0", "1", "0.5", "0.333", "1.000" as thousandths, or -1. */
static int parse_weight(const char *text, size_t size)
{
	int weight, scale = 100;

	if (!size || size > 5 || (text[0] != '0' && text[0] != '1') ||
	    (size > 1 && text[1] != '.'))
		return -1;
	weight = text[0] == '1' ? FULL : 0;
	for (size_t i = 2; i < size; i++, scale /= 10) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		weight += (text[i] - '0') * scale;
	}
	return weight > FULL ? -1 : weight;
}

/* The weight behind the semicolon of a member; -1: not valid. */
static int read_weight(const char *semicolon, const char *end)
{
	struct field part = {.value = semicolon + 1};

	part.value_size = end - part.value;
	field_trim(&part);
	if (part.value_size < 3 || strncasecmp(part.value, "q=", 2))
		return -1;
	return parse_weight(part.value + 2, part.value_size - 2);
}

static void take(struct accept_encoding *accept, unsigned *any,
		 const struct field *member)
{
	const char *end = member->value + member->value_size;
	const char *semicolon = memchr(member->value, ';', member->value_size);
	struct field name = {.value = member->value};
	int weight = semicolon ? read_weight(semicolon, end) : FULL;

	name.value_size = (semicolon ? semicolon : end) - member->value;
	field_trim(&name);
	if (weight < 0)
		return;
	if (field_value_is_any_case(&name, "*"))
		*any = weight;
	if (field_value_is_any_case(&name, "x-gzip"))
		accept->weights[CODING_GZIP] = weight;
	for (size_t i = 0; i < CODING_COUNT; i++)
		if (field_value_is_any_case(&name, names[i]))
			accept->weights[i] = weight;
}

static void read_list(struct accept_encoding *accept, unsigned *any,
		      const struct field *list)
{
	const char *at = list->value;
	const char *end = at + list->value_size;

	while (at < end) {
		const char *comma = memchr(at, ',', end - at);
		struct field member = {.value = at};

		member.value_size = (comma ? comma : end) - at;
		take(accept, any, &member);
		at = comma ? comma + 1 : end;
	}
}

void accept_encoding_read(struct accept_encoding *accept,
			  const struct field *fields, size_t count)
{
	unsigned any = UNSAID;

	for (size_t i = 0; i < CODING_COUNT; i++)
		accept->weights[i] = UNSAID;
	for (size_t i = 0; i < count; i++)
		if (field_is(&fields[i], "accept-encoding"))
			read_list(accept, &any, &fields[i]);
	for (size_t i = 0; i < CODING_COUNT; i++)
		if (accept->weights[i] == UNSAID)
			accept->weights[i] = any == UNSAID ? 0 : any;
	/* Not named, it is taken unless "*" bars it, but liked least. */
	if (any && !accept->weights[CODING_IDENTITY])
		accept->weights[CODING_IDENTITY] = 1;
}

enum coding accept_encoding_choose(const struct accept_encoding *accept,
				   const enum coding *offered, size_t count)
{
	enum coding best = CODING_IDENTITY;
	unsigned weight = 0;

	for (size_t i = 0; i < count; i++)
		if (accept->weights[offered[i]] > weight) {
			best = offered[i];
			weight = accept->weights[best];
		}
	return accept->weights[CODING_IDENTITY] > weight ? CODING_IDENTITY
							 : best;
}
