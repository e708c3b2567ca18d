/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend/control.h"
#include "tests/backend/pattern.h"
#include "tests/backend/raw.h"
#include "tests/backend/server.h"

static bool is_head(const struct connection *connection)
{
	return connection->parser.method == HTTP_HEAD;
}

static const struct field *find(const struct connection *connection,
				const char *name)
{
	for (size_t i = 0; i < connection->fields.count; i++) {
		const struct field *field = &connection->fields.fields[i];

		if (field->name_size == strlen(name) &&
		    !strncasecmp(field->name, name, field->name_size))
			return field;
	}
	return NULL;
}

static void put_head(struct connection *connection, unsigned status,
		     const char *more_fields)
{
	connection_print(connection,
			 "HTTP/1.1 %u %s\r\nserver: quicsteer-backend\r\n"
			 "x-backend: %s\r\n%s%s",
			 status, llhttp_status_name(status),
			 connection->server->name,
			 connection->keep_alive ? "" : "connection: close\r\n",
			 more_fields);
}

static void put_length(struct connection *connection, uint64_t length)
{
	connection_print(connection, "content-length: %" PRIu64 "\r\n\r\n",
			 length);
}

static void answer_text(struct connection *connection, unsigned status,
			const char *type, const struct text *text)
{
	char fields[128];

	snprintf(fields, sizeof(fields), "content-type: %s\r\n", type);
	put_head(connection, status, fields);
	put_length(connection, text->size);
	if (!is_head(connection))
		connection_put(connection, text->data, text->size);
	connection_finish(connection);
}

/* One line that names the backend, and what came. */
static void end_home(struct connection *connection)
{
	struct text text = {0};

	text_add_string(&text, "This is backend ");
	text_add_string(&text, connection->server->name);
	text_add_string(&text, ".\n");
	text_add_string(&text, llhttp_method_name(connection->parser.method));
	text_add_string(&text, " ");
	text_add(&text, connection->target.data, connection->target.size);
	text_add_string(&text, "\n");
	for (size_t i = 0; i < connection->fields.count; i++) {
		const struct field *field = &connection->fields.fields[i];

		text_add(&text, field->name, field->name_size);
		text_add_string(&text, ": ");
		text_add(&text, field->value, field->value_size);
		text_add_string(&text, "\n");
	}
	answer_text(connection, 200, "text/plain", &text);
	text_free(&text);
}

static void end_missing(struct connection *connection)
{
	struct text text = {0};

	text_add_string(&text, "404: the test backend has no such path\n");
	answer_text(connection, 404, "text/plain", &text);
	text_free(&text);
}

static void produce_bytes(struct connection *connection)
{
	unsigned char piece[SERVER_PIECE];
	size_t size = sizeof(piece);

	if (connection->left < size)
		size = connection->left;
	pattern_fill(piece, connection->position, size);
	if (connection->chunked)
		connection->hash = pattern_hash(connection->hash, piece, size);
	connection->position += size;
	connection->left -= size;
	connection_put_body(connection, piece, size);
}

static void end_bytes(struct connection *connection)
{
	put_head(connection, 200, "content-type: application/octet-stream\r\n");
	put_length(connection, connection->parameters[0]);
	connection->left = connection->parameters[0];
	if (is_head(connection) || !connection->left)
		connection_finish(connection);
}

static void produce_length(struct connection *connection)
{
	produce_bytes(connection);
	if (!connection->left)
		connection_finish(connection);
}

static void put_last_chunk(struct connection *connection)
{
	connection_print(connection, "0\r\nx-checksum: %016" PRIx64 "\r\n\r\n",
			 connection->hash);
	connection_finish(connection);
}

static void end_chunked(struct connection *connection)
{
	put_head(connection, 200,
		 "content-type: application/octet-stream\r\n"
		 "trailer: x-checksum\r\n"
		 "transfer-encoding: chunked\r\n\r\n");
	connection->chunked = true;
	connection->left = connection->parameters[0];
	if (is_head(connection))
		connection_finish(connection);
	else if (!connection->left)
		put_last_chunk(connection);
}

static void produce_chunked(struct connection *connection)
{
	produce_bytes(connection);
	if (!connection->left)
		put_last_chunk(connection);
}

static void put_continue(struct connection *connection)
{
	if (find(connection, "expect"))
		connection_print(connection, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void begin_echo(struct connection *connection)
{
	const struct field *length = find(connection, "content-length");

	connection->keep_alive = true;
	put_continue(connection);
	put_head(connection, 200, "");
	if (length) {
		connection_print(connection, "content-length: %.*s\r\n\r\n",
				 (int)length->value_size, length->value);
		return;
	}
	connection->chunked = true;
	connection_print(connection, "transfer-encoding: chunked\r\n\r\n");
}

static void body_echo(struct connection *connection, const char *data,
		      size_t size)
{
	connection_put_body(connection, data, size);
}

static void end_echo(struct connection *connection)
{
	if (connection->chunked)
		connection_print(connection, "0\r\n");
	for (size_t i = 0;
	     connection->chunked && i < connection->trailers.count; i++) {
		const struct field *field = &connection->trailers.fields[i];

		connection_print(connection, "%.*s: %.*s\r\n",
				 (int)field->name_size, field->name,
				 (int)field->value_size, field->value);
	}
	if (connection->chunked)
		connection_print(connection, "\r\n");
	connection_finish(connection);
}

static void body_upload(struct connection *connection, const char *data,
			size_t size)
{
	connection->hash = pattern_hash(connection->hash, data, size);
	connection->position += size;
}

static void add_json_string(struct text *text, const char *data, size_t size)
{
	text_add_string(text, "\"");
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '"' || data[i] == '\\')
			text_add_string(text, "\\");
		text_add(text, &data[i], 1);
	}
	text_add_string(text, "\"");
}

static void end_upload(struct connection *connection)
{
	struct text text = {0};
	char line[128];

	snprintf(line, sizeof(line),
		 "{\"size\":%" PRIu64 ",\"fnv1a64\":\"%016" PRIx64
		 "\",\"trailers\":{",
		 connection->position, connection->hash);
	text_add_string(&text, line);
	for (size_t i = 0; i < connection->trailers.count; i++) {
		const struct field *field = &connection->trailers.fields[i];

		text_add_string(&text, i ? "," : "");
		add_json_string(&text, field->name, field->name_size);
		text_add_string(&text, ":");
		add_json_string(&text, field->value, field->value_size);
	}
	text_add_string(&text, "}}\n");
	answer_text(connection, 200, "application/json", &text);
	text_free(&text);
}

static void end_status(struct connection *connection)
{
	unsigned status = connection->parameters[0];

	if (status < 200 || status > 599) {
		end_missing(connection);
		return;
	}
	put_head(connection, status, "");
	if (status == 204 || status == 304)
		connection_print(connection, "\r\n");
	else
		put_length(connection, 0);
	connection_finish(connection);
}

static void end_slow(struct connection *connection)
{
	connection_wait(connection, connection->parameters[0]);
}

static void end_drip(struct connection *connection)
{
	end_bytes(connection);
	if (!connection->finished)
		connection_wait(connection, connection->parameters[1]);
}

static void tick_drip(struct connection *connection)
{
	unsigned char octet = pattern_octet(connection->position++);

	connection_put_body(connection, &octet, 1);
	if (--connection->left)
		connection_wait(connection, connection->parameters[1]);
	else
		connection_finish(connection);
}

/* Leaves the request body unread until there is no room for it on the way. */
static void begin_stall(struct connection *connection)
{
	connection->stalled = true;
	connection_wait(connection, connection->parameters[0]);
}

static void tick_stall(struct connection *connection)
{
	put_head(connection, 200, "transfer-encoding: chunked\r\n\r\n");
	connection->chunked = true;
	connection_put_body(connection, "!", 1);
}

static void end_early_hints(struct connection *connection)
{
	connection_print(connection,
			 "HTTP/1.1 103 Early Hints\r\n"
			 "link: </style.css>; rel=preload; as=style\r\n\r\n");
	end_home(connection);
}

static void end_reset(struct connection *connection)
{
	connection_close(connection, true);
}

static void end_broken(struct connection *connection)
{
	put_head(connection, 200, "");
	put_length(connection, connection->parameters[0] * 2);
	connection->keep_alive = false;
	connection->left = connection->parameters[0];
	if (!connection->left)
		connection_finish(connection);
}

static void end_malformed(struct connection *connection)
{
	connection_print(connection, "HTTP/1.1 OK 200\r\n\r\n");
	connection->keep_alive = false;
	connection_finish(connection);
}

static void end_close(struct connection *connection)
{
	connection->keep_alive = false;
	end_home(connection);
}

static void end_health(struct connection *connection)
{
	struct text text = {0};

	text_add_string(&text, "ok\n");
	answer_text(connection, 200, "text/plain", &text);
	text_free(&text);
}

static void end_fail(struct connection *connection)
{
	connection->parameters[0] = 500;
	end_status(connection);
}

/* RFC 8470, 5.2 */
static void end_early(struct connection *connection)
{
	if (!find(connection, "early-data")) {
		end_home(connection);
		return;
	}
	put_head(connection, 425, "");
	put_length(connection, 0);
	connection_finish(connection);
}

static const struct answer answers[] = {
	{.path = "/bytes/", .end = end_bytes, .produce = produce_length},
	{.path = "/chunked/", .end = end_chunked, .produce = produce_chunked},
	{.path = "/echo",
	 .begin = begin_echo,
	 .body = body_echo,
	 .end = end_echo},
	{.path = "/upload",
	 .begin = put_continue,
	 .body = body_upload,
	 .end = end_upload},
	{.path = "/status/", .end = end_status},
	{.path = "/early", .end = end_early},
	{.path = "/slow/", .end = end_slow, .tick = end_home},
	{.path = "/drip/", .end = end_drip, .tick = tick_drip},
	{.path = "/stall/", .begin = begin_stall, .tick = tick_stall},
	{.path = "/health", .end = end_health},
	{.path = "/early-hints", .end = end_early_hints},
	{.path = "/reset", .end = end_reset},
	{.path = "/broken/", .end = end_broken, .produce = produce_length},
	{.path = "/malformed", .end = end_malformed},
	{.path = "/close", .end = end_close},
	{.path = "/hang"},
	{.path = "/", .end = end_home},
};

static const struct answer failure = {.path = "", .end = end_fail};
static const struct answer hang = {.path = ""};
static const struct answer reset = {.path = "", .end = end_reset};
static const struct answer missing = {.path = "", .end = end_missing};

/* Reads one or two decimal numbers with "/" between them. */
static bool read_parameters(struct connection *connection, const char *text)
{
	for (size_t i = 0; i < 2; i++) {
		char *end;

		if (*text < '0' || *text > '9')
			return false;
		connection->parameters[i] = strtoull(text, &end, 10);
		if (*end != '/')
			return *end == '\0';
		text = end + 1;
	}
	return false;
}

static const struct answer *find_by_path(struct connection *connection)
{
	char path[256];
	size_t size = connection->target.size;

	if (size >= sizeof(path))
		return &missing;
	memcpy(path, connection->target.data, size);
	path[size] = '\0';
	path[strcspn(path, "?")] = '\0';
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer *answer = &answers[i];
		size_t length = strlen(answer->path);

		if (!strcmp(path, answer->path))
			return answer->path[length - 1] == '/' && length > 1
				       ? &missing
				       : answer;
		if (length > 1 && answer->path[length - 1] == '/' &&
		    !strncmp(path, answer->path, length) &&
		    read_parameters(connection, path + length))
			return answer;
	}
	return &missing;
}

const struct answer *answer_find(struct connection *connection)
{
	struct mode *mode = &connection->server->mode;
	bool fails = mode_fails(mode);
	const struct answer *raw;

	if (connection->server->controlled)
		return control_answer(connection);
	if (fails)
		return &failure;
	if (mode->kind == MODE_HANG)
		return &hang;
	if (mode->kind == MODE_RESET)
		return &reset;
	raw = raw_answer(connection);
	return raw ? raw : find_by_path(connection);
}
