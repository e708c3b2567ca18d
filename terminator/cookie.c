/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/cookie.h"

#include <stdio.h>
#include <string.h>

#include "terminator/fields.h"

/* Takes one cookie out of a pair; false if it has another name. */
static bool take(const char *pair, size_t size, const char *name,
		 const char **ret_value, size_t *ret_size)
{
	const char *equals = memchr(pair, '=', size);
	const char *value;
	size_t name_size, value_size;

	if (!equals)
		return false;
	name_size = equals - pair;
	value = equals + 1;
	value_size = size - name_size - 1;
	field_strip(&pair, &name_size);
	if (name_size != strlen(name) || memcmp(pair, name, name_size) != 0)
		return false;
	field_strip(&value, &value_size);
	if (value_size >= 2 && value[0] == '"' && value[value_size - 1] == '"')
		value++, value_size -= 2;
	*ret_value = value;
	*ret_size = value_size;
	return true;
}

/* The next one in the field where the search stands. */
static bool find_here(struct cookie_search *search, const struct field *field,
		      const char *name, const char **ret_value,
		      size_t *ret_size)
{
	while (search->position < field->value_size) {
		const char *pair = field->value + search->position;
		size_t left = field->value_size - search->position;
		const char *end = memchr(pair, ';', left);
		size_t size = end ? (size_t)(end - pair) : left;

		search->position += size + 1;
		if (take(pair, size, name, ret_value, ret_size))
			return true;
	}
	return false;
}

bool cookie_find(struct cookie_search *search, const struct field *fields,
		 size_t count, const char *name, const char **ret_value,
		 size_t *ret_size)
{
	while (search->field < count) {
		const struct field *field = &fields[search->field];

		if (field_is(field, "cookie") &&
		    find_here(search, field, name, ret_value, ret_size))
			return true;
		search->field++;
		search->position = 0;
	}
	return false;
}

static const char *const same_sites[] = {
	[COOKIE_SAME_SITE_LAX] = "Lax",
	[COOKIE_SAME_SITE_STRICT] = "Strict",
	[COOKIE_SAME_SITE_NONE] = "None",
};

size_t cookie_write(char text[COOKIE_SET_SIZE],
		    const struct cookie_attributes *attributes,
		    const char *value)
{
	char age[32] = "";

	if (attributes->max_age_s)
		snprintf(age, sizeof(age), "; Max-Age=%u",
			 attributes->max_age_s);
	return snprintf(text, COOKIE_SET_SIZE,
			"%s=%.64s; Path=%s%s; HttpOnly%s; SameSite=%s",
			attributes->name, value, attributes->path, age,
			attributes->secure ? "; Secure" : "",
			same_sites[attributes->same_site]);
}
