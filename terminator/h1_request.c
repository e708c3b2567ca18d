/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h1_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "terminator/fields.h"

/* Fields that we write ourselves, or not at all. */
static const char *const replaced[] = {
	"host",
	"cookie",
	"content-length",
	"sec-websocket-key",
	"sec-websocket-accept",
	"early-data",
};

static bool is_replaced(const struct field *field)
{
	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++)
		if (field_is(field, replaced[i]))
			return true;
	return false;
}

static void add_value(struct text *text, const char *name,
		      const struct field *field)
{
	text_add_string(text, name);
	text_add(text, ": ", 2);
	text_add(text, field->value, field->value_size);
	text_add(text, "\r\n", 2);
}

static void add_string(struct text *text, const char *name, const char *value)
{
	struct field field = {.value = value, .value_size = strlen(value)};

	add_value(text, name, &field);
}

static void add_field(struct text *text, const struct field *field)
{
	struct field trimmed = *field;

	field_trim(&trimmed);
	text_add(text, trimmed.name, trimmed.name_size);
	text_add(text, ": ", 2);
	text_add(text, trimmed.value, trimmed.value_size);
	text_add(text, "\r\n", 2);
}

static void add_cookie(struct text *text, const struct exchange_request *from)
{
	bool begun = false;

	for (size_t i = 0; i < from->field_count; i++) {
		struct field crumb = from->fields[i];

		if (!field_is(&crumb, "cookie"))
			continue;
		field_trim(&crumb);
		text_add_string(text, begun ? "; " : "cookie: ");
		text_add(text, crumb.value, crumb.value_size);
		begun = true;
	}
	if (begun)
		text_add(text, "\r\n", 2);
}

/* Trailers are passed on, so a client that takes them may say so (RFC 9110,
 * 10.1.4); TE then needs its Connection option. */
static void add_te(struct text *text, const struct exchange_request *from)
{
	for (size_t i = 0; i < from->field_count; i++) {
		struct field te = from->fields[i];

		field_trim(&te);
		if (!field_is(&te, "te") || !field_value_is(&te, "trailers"))
			continue;
		add_string(text, "te", "trailers");
		add_string(text, "connection", "te");
		return;
	}
}

static void add_fields(struct text *text, const struct exchange_request *from,
		       const struct forwarding *forwarding)
{
	for (size_t i = 0; i < from->field_count; i++) {
		const struct field *field = &from->fields[i];

		if (!is_replaced(field) &&
		    !forwarding_replaces(forwarding, field) &&
		    !field_is_hop_by_hop(field, from->fields,
					 from->field_count))
			add_field(text, field);
	}
	add_cookie(text, from);
}

/* RFC 8441, 5.1, and RFC 6455, 4.1. */
static void add_upgrade(struct h1_request *request)
{
	add_string(&request->head, "connection", "upgrade");
	add_string(&request->head, "upgrade", "websocket");
	add_string(&request->head, "sec-websocket-key", request->websocket_key);
}

/* RFC 8470, 5.1: whoever had it early says so, whatever the value was. */
static void add_early_data(struct text *text,
			   const struct exchange_request *from)
{
	bool early = from->early_data;

	for (size_t i = 0; i < from->field_count; i++)
		early = early || field_is(&from->fields[i], "early-data");
	if (early)
		add_string(text, "early-data", "1");
}

void h1_request_drop_early_data(struct h1_request *request)
{
	static const char line[] = "\r\nearly-data: 1";
	struct text *head = &request->head;
	size_t size = sizeof(line) - 1;
	char *at = memmem(head->data, head->size, line, size);

	if (!at)
		return;
	memmove(at, at + size, head->size - (size_t)(at - head->data) - size);
	head->size -= size;
}

static bool expects_continue(const struct exchange_request *from)
{
	for (size_t i = 0; i < from->field_count; i++) {
		struct field field = from->fields[i];

		field_trim(&field);
		if (field_is(&field, "expect") && field.value_size == 12 &&
		    !strncasecmp(field.value, "100-continue", 12))
			return true;
	}
	return false;
}

static void add_framing(struct h1_request *request,
			const struct exchange_request *from)
{
	static const char *const with_content[] = {"POST", "PUT", "PATCH"};
	char length[24];

	if (!request->has_length && from->end)
		for (size_t i = 0; i < 3; i++)
			if (field_value_is(&from->method, with_content[i]))
				request->has_length = true;
	if (request->has_length) {
		snprintf(length, sizeof(length), "%llu",
			 (unsigned long long)request->length);
		add_string(&request->head, "content-length", length);
	} else if (!from->end) {
		request->chunked = true;
		add_string(&request->head, "transfer-encoding", "chunked");
	}
}

int h1_request_write(struct h1_request *request,
		     const struct exchange_request *from,
		     const struct message *message,
		     const struct forwarding *forwarding)
{
	struct text *head = &request->head;

	request->has_length = message->has_length;
	request->length = message->length;
	request->websocket = message->websocket;
	request->expects = !from->end && expects_continue(from);
	if (request->websocket)
		text_add_string(head, "GET");
	else
		text_add(head, from->method.value, from->method.value_size);
	text_add(head, " ", 1);
	text_add(head, from->path.value, from->path.value_size);
	text_add_string(head, " HTTP/1.1\r\n");
	add_value(head, "host", &from->authority);
	add_fields(head, from, forwarding);
	add_early_data(head, from);
	if (request->websocket) {
		add_upgrade(request);
	} else {
		add_te(head, from);
		add_framing(request, from);
	}
	forwarding_write(head, from, forwarding);
	text_add(head, "\r\n", 2);
	if (head->failed)
		return -ENOMEM;
	return head->size > H1_REQUEST_HEAD_MAX ? -E2BIG : 0;
}

int h1_request_write_last_chunk(struct text *text, const struct field *trailers,
				size_t count)
{
	text_add(text, "0\r\n", 3);
	for (size_t i = 0; i < count; i++) {
		struct field field = trailers[i];

		field_trim(&field);
		if (!field_valid(&field))
			return -EPROTO;
		if (!field_is_barred_trailer(&field))
			add_field(text, &field);
	}
	text_add(text, "\r\n", 2);
	if (text->failed)
		return -ENOMEM;
	return text->size > H1_REQUEST_HEAD_MAX ? -E2BIG : 0;
}
