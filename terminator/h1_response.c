/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h1_response.h"

#include <errno.h>
#include <string.h>

static struct h1_response *from_parser(llhttp_t *parser)
{
	return parser->data;
}

/* Ends the parse with an error of ours. */
static int stop(struct h1_response *response, int error)
{
	response->error = error;
	return HPE_USER;
}

static int count_head(struct h1_response *response, size_t size)
{
	response->head_size += size;
	if (response->head_size > H1_RESPONSE_HEAD_MAX)
		return stop(response, -EPROTO);
	return 0;
}

/* The phrase goes nowhere, but whoever sends control octets in it cannot be
 * trusted with the rest. */
static int on_status(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_response *response = from_parser(parser);

	for (size_t i = 0; i < size; i++)
		if (!field_octet_valid(data[i]))
			return stop(response, -EPROTO);
	return count_head(response, size);
}

static int on_header_field(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_response *response = from_parser(parser);

	text_add(&response->name, data, size);
	return count_head(response, size);
}

static int on_header_value(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_response *response = from_parser(parser);

	text_add(&response->value, data, size);
	return count_head(response, size);
}

static void lower_case(struct text *text)
{
	for (size_t i = 0; i < text->size; i++)
		if (text->data[i] >= 'A' && text->data[i] <= 'Z')
			text->data[i] += 'a' - 'A';
}

static int on_header_value_complete(llhttp_t *parser)
{
	struct h1_response *response = from_parser(parser);
	struct field field;

	lower_case(&response->name);
	field = (struct field){
		.name = response->name.data,
		.name_size = response->name.size,
		.value = response->value.size ? response->value.data : "",
		.value_size = response->value.size,
	};
	if (response->name.failed || response->value.failed)
		return stop(response, -ENOMEM);
	field_trim(&field);
	if (!field_valid(&field) ||
	    response->fields.count == H1_RESPONSE_FIELDS_MAX)
		return stop(response, -EPROTO);
	if (field_list_add(&response->fields, &field) < 0)
		return stop(response, -ENOMEM);
	text_clear(&response->name);
	text_clear(&response->value);
	return 0;
}

/* Only "chunked" and only once: nothing else can be undone here, and HTTP/1.0
 * does not know it (RFC 9112, 6.1). */
static bool transfer_encoding_valid(const struct h1_response *response)
{
	size_t seen = 0;

	for (size_t i = 0; i < response->fields.count; i++) {
		const struct field *field = &response->fields.fields[i];

		if (!field_is(field, "transfer-encoding"))
			continue;
		if (field->value_size != 7 ||
		    strncasecmp(field->value, "chunked", 7))
			return false;
		seen++;
	}
	return seen == 0 || (seen == 1 && response->parser.http_minor == 1);
}

/* RFC 9112, 6.1: neither an interim response nor 204 has one. */
static bool has_stray_coding(const struct h1_response *response)
{
	unsigned status = response->parser.status_code;

	return (status < 200 || status == 204) &&
	       (response->parser.flags & F_TRANSFER_ENCODING);
}

static const struct field *find_field(const struct field_list *list,
				      const char *name)
{
	const struct field *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		if (!field_is(&list->fields[i], name))
			continue;
		if (found)
			return NULL;
		found = &list->fields[i];
	}
	return found;
}

/* Whether the backend agreed to what was asked for (RFC 6455, 4.1): 101, or
 * none; a success of another kind would be taken for an open tunnel. */
static bool upgrade_valid(const struct h1_response *response)
{
	const struct field_list *list = &response->fields;
	const char *wanted = response->websocket_accept;
	const struct field *upgrade, *accept;
	unsigned status = response->parser.status_code;

	if (status != 101)
		return !wanted || status < 200 || status > 299;
	upgrade = find_field(list, "upgrade");
	accept = find_field(list, "sec-websocket-accept");
	return wanted && upgrade && accept && upgrade->value_size == 9 &&
	       !strncasecmp(upgrade->value, "websocket", 9) &&
	       (response->parser.flags & F_CONNECTION_UPGRADE) &&
	       accept->value_size == strlen(wanted) &&
	       !memcmp(accept->value, wanted, accept->value_size);
}

static bool head_valid(const struct h1_response *response)
{
	const llhttp_t *parser = &response->parser;

	return parser->http_major == 1 && parser->http_minor <= 1 &&
	       parser->status_code >= 100 && parser->status_code <= 599 &&
	       upgrade_valid(response) && transfer_encoding_valid(response) &&
	       !has_stray_coding(response);
}

/* 1xx and 204 may not have a Content-Length (RFC 9110, 8.6). */
static bool passes(const struct h1_response *response,
		   const struct field *field)
{
	unsigned status = response->parser.status_code;

	if (field_is(field, "sec-websocket-accept"))
		return false;
	if (field_is(field, "content-length") &&
	    (status < 200 || status == 204))
		return false;
	return !field_is_hop_by_hop(field, response->fields.fields,
				    response->fields.count);
}

/* Leaves only what is for the client. The marks come first, since the
 * Connection field itself goes too. */
static int make_fields(struct h1_response *response)
{
	struct field_list *list = &response->fields;
	struct field via = {.name = "via",
			    .name_size = 3,
			    .value = response->via,
			    .value_size = strlen(response->via)};
	bool keep[H1_RESPONSE_FIELDS_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		keep[i] = passes(response, &list->fields[i]);
	for (size_t i = 0; i < list->count; i++)
		if (keep[i])
			list->fields[kept++] = list->fields[i];
	list->count = kept;
	return field_list_add(list, &via);
}

static bool has_no_body(const struct h1_response *response)
{
	unsigned status = response->parser.status_code;

	return response->head_method || status < 200 || status == 204 ||
	       status == 304;
}

static int tell_head(struct h1_response *response, bool no_body)
{
	const llhttp_t *parser = &response->parser;
	const struct field_list *list = &response->fields;
	unsigned status = parser->status_code;
	bool empty =
		(parser->flags & F_CONTENT_LENGTH) && !parser->content_length;

	response->is_tunnel = status == 101;
	if (response->is_tunnel) {
		response->head_done = true;
		return response->events->head(response->user, 200, list->fields,
					      list->count, false);
	}
	if (status < 200)
		return response->events->interim(response->user, status,
						 list->fields, list->count);
	response->head_done = true;
	return response->events->head(response->user, status, list->fields,
				      list->count, no_body || empty);
}

static int on_headers_complete(llhttp_t *parser)
{
	struct h1_response *response = from_parser(parser);
	bool no_body = has_no_body(response);
	int result;

	if (!head_valid(response)) {
		stop(response, -EPROTO);
		return -1;
	}
	result = make_fields(response);
	if (result == 0)
		result = tell_head(response, no_body);
	if (result < 0) {
		stop(response, result);
		return -1;
	}
	field_list_clear(&response->fields);
	if (response->is_tunnel)
		return 2; /* llhttp's: what follows is not HTTP */
	return no_body ? 1 : 0;
}

/* Extensions mean nothing to us (RFC 9112, 7.1.1) and have no end of their
 * own. */
static int on_chunk_extension(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_response *response = from_parser(parser);

	(void)data;
	response->extension_size += size;
	if (response->extension_size > H1_RESPONSE_EXTENSION_MAX)
		return stop(response, -EPROTO);
	return 0;
}

static int on_chunk_header(llhttp_t *parser)
{
	from_parser(parser)->extension_size = 0;
	return 0;
}

static int on_body(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_response *response = from_parser(parser);
	int result = response->events->body(response->user, data, size);

	return result < 0 ? stop(response, result) : 0;
}

static void drop_barred_trailers(struct field_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (!field_is_barred_trailer(&list->fields[i]))
			list->fields[kept++] = list->fields[i];
	list->count = kept;
}

static int on_message_complete(llhttp_t *parser)
{
	struct h1_response *response = from_parser(parser);

	if (!response->head_done || response->is_tunnel)
		return 0;
	response->keep_alive = llhttp_should_keep_alive(parser);
	drop_barred_trailers(&response->fields);
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_status = on_status,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_chunk_extension_name = on_chunk_extension,
	.on_chunk_extension_value = on_chunk_extension,
	.on_chunk_header = on_chunk_header,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

void h1_response_init(struct h1_response *response,
		      const struct h1_response_events *events, void *user,
		      const char *via)
{
	*response = (struct h1_response){
		.events = events, .user = user, .via = via};
}

void h1_response_begin(struct h1_response *response, bool head_method)
{
	llhttp_init(&response->parser, HTTP_RESPONSE, &settings);
	response->parser.data = response;
	field_list_clear(&response->fields);
	text_clear(&response->name);
	text_clear(&response->value);
	response->head_size = 0;
	response->read_size = 0;
	response->extension_size = 0;
	response->head_method = head_method;
	response->websocket_accept = NULL;
	response->is_tunnel = false;
	response->head_done = false;
	response->keep_alive = false;
	response->error = 0;
}

void h1_response_upgrade(struct h1_response *response, const char *accept)
{
	response->websocket_accept = accept;
}

/* llhttp's verdict in our terms. */
static int conclude(struct h1_response *response, llhttp_errno_t verdict)
{
	if (verdict == HPE_OK)
		return 0;
	if (verdict == HPE_PAUSED)
		return 1;
	if (verdict == HPE_PAUSED_UPGRADE && response->is_tunnel)
		return 0;
	return response->error ? response->error : -EPROTO;
}

/* What came behind a 101. */
static int feed_tunnel(struct h1_response *response, const char *data,
		       size_t size)
{
	return size ? response->events->body(response->user, data, size) : 0;
}

int h1_response_feed(struct h1_response *response, const char *data,
		     size_t size)
{
	llhttp_t *parser = &response->parser;
	const char *end = data + size;
	int result;

	if (response->is_tunnel)
		return feed_tunnel(response, data, size);
	/* llhttp would skip empty lines, without end. */
	if (!response->read_size && size && (*data == '\r' || *data == '\n'))
		return -EPROTO;
	result = conclude(response, llhttp_execute(parser, data, size));
	response->read_size += size;
	if (result == 0 && response->is_tunnel) {
		data = llhttp_get_error_pos(parser);
		return feed_tunnel(response, data, end - data);
	}
	if (result == 0 && !response->head_done &&
	    response->read_size > H1_RESPONSE_BEGIN_MAX)
		return -EPROTO;
	if (result == 1 && llhttp_get_error_pos(parser) != end)
		response->keep_alive = false;
	return result;
}

int h1_response_finish(struct h1_response *response)
{
	int result = 1;

	response->keep_alive = false;
	if (!response->is_tunnel)
		result = conclude(response, llhttp_finish(&response->parser));
	return result == 1 ? 1 : -EPROTO;
}

void h1_response_free(struct h1_response *response)
{
	field_list_free(&response->fields);
	text_free(&response->name);
	text_free(&response->value);
}
