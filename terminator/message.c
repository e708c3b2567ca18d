/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/message.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "terminator/fields.h"

static bool same_value(const struct field *a, const struct field *b)
{
	return a->value_size == b->value_size &&
	       !strncasecmp(a->value, b->value, a->value_size);
}

static struct field *pseudo_field(struct exchange_request *request,
				  const struct field *field)
{
	if (field_is(field, ":method"))
		return &request->method;
	if (field_is(field, ":scheme"))
		return &request->scheme;
	if (field_is(field, ":authority"))
		return &request->authority;
	if (field_is(field, ":path"))
		return &request->path;
	if (field_is(field, ":protocol")) /* RFC 8441, 4 */
		return &request->tunnel;
	return NULL;
}

static bool is_pseudo(const struct field *field)
{
	return field->name_size && field->name[0] == ':';
}

int message_split(struct exchange_request *request, const struct field *fields,
		  size_t count)
{
	size_t i;

	for (i = 0; i < count && is_pseudo(&fields[i]); i++) {
		struct field *to = pseudo_field(request, &fields[i]);

		if (!to || to->value)
			return -EPROTO;
		*to = fields[i];
	}
	request->fields = fields + i;
	request->field_count = count - i;
	for (; i < count; i++) {
		if (is_pseudo(&fields[i]))
			return -EPROTO;
		if (field_is(&fields[i], "host") && !request->authority.value)
			request->authority = fields[i];
	}
	return 0;
}

static bool is_alphanumeric(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static size_t span(const char *data, size_t size, const char *others)
{
	size_t i = 0;

	while (i < size && data[i] &&
	       (is_alphanumeric(data[i]) || strchr(others, data[i])))
		i++;
	return i;
}

static bool port_valid(const char *data, size_t size)
{
	unsigned port = 0;

	for (size_t i = 0; i < size; i++) {
		if (data[i] < '0' || data[i] > '9')
			return false;
		port = port * 10 + (data[i] - '0');
		if (port > 65535)
			return false;
	}
	return true;
}

/* A DNS name or an address, perhaps a port. RFC 3986, 3.2.2, would let more
 * pass (userinfo, "a,b", "%61"), of which two readers may make two hosts; in
 * HTTP nobody uses it. */
static bool authority_valid(const struct field *authority, bool port_needed)
{
	const char *data = authority->value;
	size_t size = authority->value_size;
	size_t at;

	if (!size)
		return false;
	if (data[0] == '[') {
		at = 1 + span(data + 1, size - 1, ":.");
		if (at < 4 || at == size || data[at] != ']')
			return false;
		at++;
	} else {
		at = span(data, size, "-._~");
		if (!at)
			return false;
	}
	if (at == size)
		return !port_needed;
	return data[at] == ':' && (!port_needed || at + 1 < size) &&
	       port_valid(data + at + 1, size - at - 1);
}

/* Visible ASCII and no fragment. */
static bool target_valid(const struct exchange_request *from)
{
	for (size_t i = 0; i < from->path.value_size; i++) {
		unsigned char c = from->path.value[i];

		if (c <= 0x20 || c >= 0x7f || c == '#')
			return false;
	}
	if (!from->path.value_size)
		return false;
	return from->path.value[0] == '/' ||
	       (field_value_is(&from->path, "*") &&
		field_value_is(&from->method, "OPTIONS"));
}

static int check_control(const struct exchange_request *from)
{
	if (!field_token_valid(from->method.value, from->method.value_size))
		return -EPROTO;
	/* RFC 8441, 4: `:protocol` makes CONNECT a request like others. */
	if (from->tunnel.value && !field_value_is(&from->method, "CONNECT"))
		return -EPROTO;
	/* RFC 9114, 4.4 */
	if (field_value_is(&from->method, "CONNECT") && !from->tunnel.value)
		return !from->scheme.value && !from->path.value &&
				       authority_valid(&from->authority, true)
			       ? 0
			       : -EPROTO;
	if (!field_value_is(&from->scheme, "https") &&
	    !field_value_is(&from->scheme, "http"))
		return -EPROTO;
	return authority_valid(&from->authority, false) && target_valid(from)
		       ? 0
		       : -EPROTO;
}

/* RFC 9110, 5.5: blanks around a value are no part of it, and where values
 * come with their length nothing else may take them off, either. */
static bool field_passes(const struct field *field)
{
	struct field trimmed = *field;

	field_trim(&trimmed);
	return trimmed.value_size == field->value_size && field_valid(field);
}

/* RFC 9114, 4.2. In HTTP/1.1 they have their place. */
static bool barred_by_protocol(const struct field *field,
			       enum qs_protocol protocol)
{
	static const struct field trailers = {.value = "trailers",
					      .value_size = 8};

	if (protocol == QS_PROTOCOL_h1 || !field_is_connection_specific(field))
		return false;
	return !field_is(field, "te") || !same_value(field, &trailers);
}

static int check_length(struct message *message, const struct field *field)
{
	if (message->has_length ||
	    field_parse_length(field, &message->length) < 0)
		return -EPROTO;
	message->has_length = true;
	return 0;
}

static int check_fields(struct message *message,
			const struct exchange_request *from)
{
	bool host_seen = false;

	for (size_t i = 0; i < from->field_count; i++) {
		const struct field *field = &from->fields[i];

		if (!field_passes(field) ||
		    barred_by_protocol(field, from->protocol))
			return -EPROTO;
		if (field_is(field, "host")) {
			if (host_seen || !same_value(field, &from->authority))
				return -EPROTO;
			host_seen = true;
		}
		if (field_is(field, "content-length") &&
		    check_length(message, field) < 0)
			return -EPROTO;
	}
	if (from->end && message->has_length && message->length)
		return -EPROTO;
	return 0;
}

static bool is_one_of(const struct field *method, const char *const *names)
{
	while (*names)
		if (field_value_is(method, *names++))
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
	message->head = field_value_is(&from->method, "HEAD");
	message->websocket = field_value_is(&from->tunnel, "websocket");
	message->connect =
		field_value_is(&from->method, "CONNECT") && !message->websocket;
	if (message->websocket && message->has_length)
		return -EPROTO;
	message->safe = is_one_of(&from->method, safe);
	message->idempotent =
		message->safe || is_one_of(&from->method, idempotent);
	return 0;
}

int message_check_trailers(const struct field *trailers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct field *field = &trailers[i];

		if (!field_passes(field) ||
		    field_is_connection_specific(field) ||
		    field_is(field, "content-length") ||
		    field_is(field, "host"))
			return -EPROTO;
	}
	return 0;
}
