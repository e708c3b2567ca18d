/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/compress_head.h"

#include <string.h>
#include <strings.h>

#include "terminator/fields.h"

#define EVENT_STREAM "text/event-stream"

static const char *const default_types[] = {
	"text/*",
	"application/javascript",
	"application/json",
	"application/ld+json",
	"application/manifest+json",
	"application/problem+json",
	"application/wasm",
	"application/xhtml+xml",
	"application/xml",
	"application/atom+xml",
	"application/rss+xml",
	"image/svg+xml",
	"image/bmp",
	"font/ttf",
	"font/otf",
};

enum { DEFAULT_TYPES = sizeof(default_types) / sizeof(*default_types) };

/* Fields of which a digest of the content would be wrong afterwards. */
static const char *const digests[] = {"content-digest", "repr-digest", "digest",
				      "content-md5"};

/* Takes the next member off a list of tokens. Returns false at its end. */
static bool next_member(struct field *list, struct field *ret_member)
{
	const char *comma;

	if (!list->value_size)
		return false;
	comma = memchr(list->value, ',', list->value_size);
	*ret_member = *list;
	if (comma) {
		ret_member->value_size = comma - list->value;
		list->value_size -= ret_member->value_size + 1;
		list->value = comma + 1;
	} else {
		list->value_size = 0;
	}
	field_trim(ret_member);
	return true;
}

/* Whether one of the fields of the name has the token among its members. */
static bool lists(const struct field_view *view, const char *name,
		  const char *token)
{
	for (size_t i = 0; i < view->count; i++) {
		struct field list = view->fields[i], member;

		if (!field_is(&list, name))
			continue;
		while (next_member(&list, &member))
			if (field_value_is_any_case(&member, token))
				return true;
	}
	return false;
}

/* "text/html" or "text/..." with a star for all. */
static bool type_is(const struct field *type, const char *pattern)
{
	size_t size = strlen(pattern);

	if (pattern[size - 1] != '*')
		return field_value_is_any_case(type, pattern);
	return type->value_size >= size &&
	       !strncasecmp(type->value, pattern, size - 1);
}

static bool type_suits(const struct compress_choice *choice,
		       const struct field_view *view)
{
	const struct field *field = field_view_find(view, "content-type");
	const char *end;
	struct field type;

	if (!field)
		return false;
	type = *field;
	end = memchr(type.value, ';', type.value_size);
	if (end)
		type.value_size = end - type.value;
	field_trim(&type);
	for (size_t i = 0; i < choice->type_count; i++)
		if (type_is(&type, choice->types[i]))
			return true;
	for (size_t i = 0; i < DEFAULT_TYPES && !choice->type_count; i++)
		if (type_is(&type, default_types[i]))
			return !field_value_is_any_case(&type, EVENT_STREAM);
	return false;
}

static bool status_suits(unsigned status)
{
	return status >= 200 && status != 204 && status != 205 &&
	       status != 206 && status != 304;
}

static bool is_encoded(const struct field_view *view)
{
	const struct field *field = field_view_find(view, "content-encoding");

	return field && !field_value_is_any_case(field, "identity");
}

static bool is_large(const struct field_view *view, uint32_t minimum)
{
	const struct field *field = field_view_find(view, "content-length");
	uint64_t length;

	return !field || field_parse_length(field, &length) < 0 ||
	       length >= minimum;
}

bool compress_suits(const struct compress_choice *choice, unsigned status,
		    const struct field_view *view)
{
	for (size_t i = 0; i < sizeof(digests) / sizeof(*digests); i++)
		if (field_view_find(view, digests[i]))
			return false;
	return status_suits(status) && type_suits(choice, view) &&
	       !is_encoded(view) && !field_view_find(view, "content-range") &&
	       !lists(view, "cache-control", "no-transform") &&
	       is_large(view, choice->minimum_size);
}

void compress_vary(struct field_view *view)
{
	if (!lists(view, "vary", "accept-encoding") &&
	    !lists(view, "vary", "*"))
		field_view_add_text(view, "vary", "accept-encoding");
}

void compress_weaken(struct field_view *view, char etag[COMPRESS_ETAG_MAX])
{
	for (size_t i = 0; i < view->count; i++) {
		struct field *field = &view->fields[i];

		if (!field_is(field, "etag") ||
		    (field->value_size >= 2 && !memcmp(field->value, "W/", 2)))
			continue;
		if (field->value_size > COMPRESS_ETAG_MAX - 2) {
			field_view_remove(view, "etag");
			return;
		}
		memcpy(etag, "W/", 2);
		memcpy(etag + 2, field->value, field->value_size);
		field->value = etag;
		field->value_size += 2;
		return;
	}
}

void compress_rewrite(struct field_view *view, enum coding coding,
		      char etag[COMPRESS_ETAG_MAX])
{
	field_view_remove(view, "content-length");
	field_view_remove(view, "content-encoding");
	/* Ranges would be of other octets than those that were sent. */
	field_view_remove(view, "accept-ranges");
	compress_weaken(view, etag);
	compress_vary(view);
	field_view_add_text(view, "content-encoding", coding_name(coding));
}
