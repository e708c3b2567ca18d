/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * WebSockets on HTTP/1.1 (RFC 6455, 4.2). To the exchange they are an extended
 * CONNECT (RFC 8441), as on HTTP/2; what follows the handshake is its body.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "terminator/h1_server_private.h"

static const struct field *find(const struct h1_server *h1, const char *name)
{
	for (size_t i = 0; i < h1->fields.count; i++)
		if (field_is(&h1->fields.fields[i], name))
			return &h1->fields.fields[i];
	return NULL;
}

/* Whether a list of tokens has this one. */
static bool lists(const struct field *field, const char *token)
{
	const char *at = field ? field->value : NULL;
	const char *end = field ? at + field->value_size : NULL;
	size_t size = strlen(token);

	while (at < end) {
		const char *comma = memchr(at, ',', end - at);
		struct field item = {.value = at};

		item.value_size = (comma ? comma : end) - at;
		field_trim(&item);
		if (item.value_size == size &&
		    !strncasecmp(item.value, token, size))
			return true;
		at = comma ? comma + 1 : end;
	}
	return false;
}

static bool is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* Base64 of 16 octets. */
static bool take_key(struct h1_server *h1, const struct field *key)
{
	enum { DIGITS = 22, SIZE = WEBSOCKET_KEY_SIZE - 1 };

	if (!key || key->value_size != SIZE ||
	    memcmp(key->value + DIGITS, "==", 2))
		return false;
	for (size_t i = 0; i < DIGITS; i++)
		if (!is_base64(key->value[i]))
			return false;
	memcpy(h1->websocket_key, key->value, SIZE);
	h1->websocket_key[SIZE] = 0;
	return true;
}

/* An upgrade may always be overlooked (RFC 9110, 7.8); so is one to a version
 * that we do not know, which the backend then answers. */
unsigned h1_tunnel_request(struct h1_server *h1,
			   struct exchange_request *request)
{
	const struct field *version = find(h1, "sec-websocket-version");

	if (h1->parser.http_minor != 1 || !request->end ||
	    h1->parser.method != HTTP_GET ||
	    !lists(find(h1, "upgrade"), "websocket") ||
	    !lists(find(h1, "connection"), "upgrade") || !lists(version, "13"))
		return 0;
	if (!take_key(h1, find(h1, "sec-websocket-key")))
		return 400;
	h1->tunnel = true;
	request->end = false;
	request->method = (struct field){.value = "CONNECT", .value_size = 7};
	request->tunnel = (struct field){.value = "websocket", .value_size = 9};
	return 0;
}

size_t h1_tunnel_feed(struct h1_server *h1, const char *data, size_t size)
{
	if (exchange_request_body(h1->exchange, data, size)) {
		h1->broken = true;
		h1->reason = QS_CLOSE_internal;
	}
	return size;
}

void h1_tunnel_end(struct h1_server *h1)
{
	if (h1->tunnel_ended)
		return;
	h1->tunnel_ended = true;
	if (exchange_request_end(h1->exchange, NULL, 0)) {
		h1->broken = true;
		h1->reason = QS_CLOSE_internal;
	}
}
