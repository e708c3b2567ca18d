/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/message.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "terminator/fields.h"

static bool value_is(const struct field *field, const char *value)
{
	return field->value_size == strlen(value) &&
	       !memcmp(field->value, value, field->value_size);
}

static bool same_value(const struct field *a, const struct field *b)
{
	return a->value_size == b->value_size &&
	       !strncasecmp(a->value, b->value, a->value_size);
}

/* Visible ASCII, none of `barred`. */
static bool is_visible(const struct field *field, const char *barred)
{
	for (size_t i = 0; i < field->value_size; i++) {
		unsigned char c = field->value[i];

		if (c <= 0x20 || c >= 0x7f || strchr(barred, c))
			return false;
	}
	return field->value_size > 0;
}

static bool target_valid(const struct exchange_request *from)
{
	if (!is_visible(&from->path, "#"))
		return false;
	return from->path.value[0] == '/' ||
	       (value_is(&from->path, "*") &&
		value_is(&from->method, "OPTIONS"));
}

/* Userinfo is not allowed in an authority (RFC 9114, 4.3.1). */
static int check_control(const struct exchange_request *from)
{
	if (!field_token_valid(from->method.value, from->method.value_size) ||
	    !is_visible(&from->authority, "@/?#\\\"<>^`{|}"))
		return -EPROTO;
	/* RFC 9114, 4.4: it has neither scheme nor path. */
	if (value_is(&from->method, "CONNECT"))
		return 0;
	if (!value_is(&from->scheme, "https") &&
	    !value_is(&from->scheme, "http"))
		return -EPROTO;
	return target_valid(from) ? 0 : -EPROTO;
}

static int check_fields(struct message *message,
			const struct exchange_request *from)
{
	for (size_t i = 0; i < from->field_count; i++) {
		struct field field = from->fields[i];

		field_trim(&field);
		if (!field_valid(&field))
			return -EPROTO;
		if (field_is(&field, "host") &&
		    !same_value(&field, &from->authority))
			return -EPROTO;
		if (!field_is(&field, "content-length"))
			continue;
		if (message->has_length ||
		    field_parse_length(&field, &message->length) < 0)
			return -EPROTO;
		message->has_length = true;
	}
	if (from->end && message->has_length && message->length)
		return -EPROTO;
	return 0;
}

static bool is_one_of(const struct field *method, const char *const *names)
{
	while (*names)
		if (value_is(method, *names++))
			return true;
	return false;
}

int message_check(struct message *message, const struct exchange_request *from)
{
	static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "TRACE",
					   NULL};
	static const char *const idempotent[] = {"PUT", "DELETE", NULL};
	int result = check_control(from);

	memset(message, 0, sizeof(*message));
	if (result == 0)
		result = check_fields(message, from);
	if (result < 0)
		return result;
	message->head = value_is(&from->method, "HEAD");
	message->connect = value_is(&from->method, "CONNECT");
	message->safe = is_one_of(&from->method, safe);
	message->idempotent =
		message->safe || is_one_of(&from->method, idempotent);
	return 0;
}

int message_check_trailers(const struct field *trailers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct field field = trailers[i];

		field_trim(&field);
		if (!field_valid(&field))
			return -EPROTO;
	}
	return 0;
}
