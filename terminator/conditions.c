/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/conditions.h"

#include <string.h>

#include "terminator/fields.h"
#include "terminator/http_date.h"

/* An entity tag (RFC 9110, 8.8.3) at the beginning. Returns what follows, or
 * NULL if there is none. */
static const char *read_tag(const char *at, const char *end, bool *ret_weak,
			    const char **ret_opaque)
{
	const char *quote;

	*ret_weak = end - at >= 2 && at[0] == 'W' && at[1] == '/';
	if (*ret_weak)
		at += 2;
	if (at == end || *at != '"')
		return NULL;
	quote = memchr(at + 1, '"', end - at - 1);
	*ret_opaque = at;
	return quote ? quote + 1 : NULL;
}

/* Whether the list of tags has ours, or is "*". */
static bool lists_tag(const struct field *field, const char *etag, bool strong)
{
	const char *at = field->value, *end = at + field->value_size;

	if (field->value_size == 1 && *at == '*')
		return true;
	while (at < end) {
		const char *opaque, *next;
		bool weak;

		if (field_blank(*at) || *at == ',') {
			at++;
			continue;
		}
		next = read_tag(at, end, &weak, &opaque);
		if (!next)
			return false;
		if (!(strong && weak) &&
		    (size_t)(next - opaque) == strlen(etag) &&
		    !memcmp(opaque, etag, strlen(etag)))
			return true;
		at = next;
	}
	return false;
}

/* A list field may come in several lines. */
static bool any_lists_tag(const struct field *fields, size_t count,
			  const char *name, const char *etag, bool strong,
			  bool *ret_present)
{
	bool found = false;

	*ret_present = false;
	for (size_t i = 0; i < count; i++) {
		struct field field = fields[i];

		if (!field_is(&field, name))
			continue;
		*ret_present = true;
		field_trim(&field);
		found = found || lists_tag(&field, etag, strong);
	}
	return found;
}

/* The date of the field, of which there must be exactly one. */
static bool find_date(const struct field *fields, size_t count,
		      const char *name, int64_t now, int64_t *ret_seconds)
{
	const struct field *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!field_is(&fields[i], name))
			continue;
		if (found)
			return false;
		found = &fields[i];
	}
	return found && !http_date_parse(found->value, found->value_size, now,
					 ret_seconds);
}

enum conditions_result conditions_check(const struct field *fields,
					size_t count,
					const struct validators *validators,
					int64_t now)
{
	bool present, found;
	int64_t date;

	found = any_lists_tag(fields, count, "if-match", validators->etag, true,
			      &present);
	if (present) {
		if (!found)
			return CONDITIONS_FAILED;
	} else if (find_date(fields, count, "if-unmodified-since", now,
			     &date) &&
		   validators->modified > date) {
		return CONDITIONS_FAILED;
	}
	found = any_lists_tag(fields, count, "if-none-match", validators->etag,
			      false, &present);
	if (present)
		return found ? CONDITIONS_NOT_MODIFIED : CONDITIONS_SEND;
	if (find_date(fields, count, "if-modified-since", now, &date) &&
	    validators->modified <= date)
		return CONDITIONS_NOT_MODIFIED;
	return CONDITIONS_SEND;
}

/* A date is a strong validator only long after the change (RFC 9110, 8.8.2.2):
 * one second, here. */
static bool date_matches(const struct field *field,
			 const struct validators *validators, int64_t now)
{
	int64_t date;

	return !http_date_parse(field->value, field->value_size, now, &date) &&
	       date == validators->modified && now > date + 1;
}

bool conditions_allow_range(const struct field *fields, size_t count,
			    const struct validators *validators, int64_t now)
{
	const struct field *found = NULL;
	struct field field;

	for (size_t i = 0; i < count; i++) {
		if (!field_is(&fields[i], "if-range"))
			continue;
		if (found)
			return false;
		found = &fields[i];
	}
	if (!found)
		return true;
	field = *found;
	field_trim(&field);
	if (field.value_size && (*field.value == '"' || *field.value == 'W'))
		return field.value_size == strlen(validators->etag) &&
		       !memcmp(field.value, validators->etag, field.value_size);
	return date_matches(&field, validators, now);
}
