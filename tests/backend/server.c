/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/backend/server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "tests/backend/pattern.h"

static const llhttp_settings_t settings;

static void begin_request(struct connection *connection)
{
	llhttp_init(&connection->parser, HTTP_REQUEST, &settings);
	connection->parser.data = connection;
	text_clear(&connection->target);
	text_clear(&connection->name);
	text_clear(&connection->value);
	field_list_clear(&connection->fields);
	field_list_clear(&connection->trailers);
	connection->head_done = false;
	connection->request_done = false;
	connection->keep_alive = false;
	connection->answer = NULL;
	connection->parameters[0] = 0;
	connection->parameters[1] = 0;
	connection->position = 0;
	connection->left = 0;
	connection->hash = PATTERN_HASH_START;
	connection->chunked = false;
	connection->finished = false;
	connection->resets = false;
}

static bool too_large(const struct connection *connection)
{
	return connection->target.size + connection->name.size +
		       connection->value.size + connection->fields.text_size +
		       connection->trailers.text_size >
	       SERVER_HEAD_MAX;
}

static int add_to(struct connection *connection, struct text *text,
		  const char *data, size_t size)
{
	text_add(text, data, size);
	return text->failed || too_large(connection) ? HPE_USER : 0;
}

static int on_url(llhttp_t *parser, const char *data, size_t size)
{
	struct connection *connection = parser->data;

	return add_to(connection, &connection->target, data, size);
}

static int on_header_field(llhttp_t *parser, const char *data, size_t size)
{
	struct connection *connection = parser->data;

	return add_to(connection, &connection->name, data, size);
}

static int on_header_value(llhttp_t *parser, const char *data, size_t size)
{
	struct connection *connection = parser->data;

	return add_to(connection, &connection->value, data, size);
}

static int on_header_value_complete(llhttp_t *parser)
{
	struct connection *connection = parser->data;
	struct field_list *list = connection->head_done ? &connection->trailers
							: &connection->fields;
	struct field field = {
		.name = connection->name.data,
		.name_size = connection->name.size,
		.value = connection->value.size ? connection->value.data : "",
		.value_size = connection->value.size,
	};
	int result = field_list_add(list, &field);

	text_clear(&connection->name);
	text_clear(&connection->value);
	return result < 0 ? HPE_USER : 0;
}

static int on_headers_complete(llhttp_t *parser)
{
	struct connection *connection = parser->data;

	connection->head_done = true;
	connection->answer = answer_find(connection);
	if (connection->answer->begin)
		connection->answer->begin(connection);
	return 0;
}

static int on_body(llhttp_t *parser, const char *data, size_t size)
{
	struct connection *connection = parser->data;

	if (connection->answer->body)
		connection->answer->body(connection, data, size);
	return 0;
}

/* The request is there whole. */
static void end_request(struct connection *connection)
{
	const struct server *server = connection->server;
	uint64_t delay_ms = server->delay_ms;

	if (server->mode.kind == MODE_SLOW)
		delay_ms += server->mode.parameter;
	connection->delayed = delay_ms > 0;
	if (connection->delayed)
		connection_wait(connection, delay_ms);
	else if (connection->answer->end)
		connection->answer->end(connection);
}

static int on_message_complete(llhttp_t *parser)
{
	struct connection *connection = parser->data;

	connection->request_done = true;
	connection->keep_alive = llhttp_should_keep_alive(parser);
	end_request(connection);
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static void parse(struct connection *connection, const char *data, size_t size)
{
	llhttp_errno_t error = llhttp_execute(&connection->parser, data, size);

	if (connection->closing || error == HPE_OK)
		return;
	if (error == HPE_PAUSED) {
		const char *rest = llhttp_get_error_pos(&connection->parser);

		text_add(&connection->pipelined, rest, data + size - rest);
		return;
	}
	if (!connection->answer)
		connection_print(connection, "HTTP/1.1 400 Bad Request\r\n"
					     "content-length: 0\r\n"
					     "connection: close\r\n\r\n");
	connection->request_done = true;
	connection->keep_alive = false;
	connection_finish(connection);
}

/* The request that came behind the one that is answered now. */
static void parse_pipelined(struct connection *connection)
{
	struct text pipelined = connection->pipelined;

	connection->pipelined = (struct text){0};
	if (pipelined.size)
		parse(connection, pipelined.data, pipelined.size);
	text_free(&pipelined);
}

static void record(struct server *server, const char *data, size_t size)
{
	struct text *received = &server->received;

	if (size > SERVER_RECORD_MAX - received->size)
		size = SERVER_RECORD_MAX - received->size;
	if (server->records)
		text_add(received, data, size);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;

	if (size == 0)
		return;
	if (size < 0) {
		connection_close(connection, false);
		return;
	}
	record(connection->server, buffer->base, size);
	parse(connection, buffer->base, size);
	connection_pump(connection);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(connection->input, sizeof(connection->input));
}

static void on_written(uv_write_t *write, int status)
{
	struct connection *connection = write->data;
	struct body *out = &connection->out;

	connection->writing = false;
	if (connection->closing)
		return;
	if (status < 0) {
		connection_close(connection, false);
		return;
	}
	body_release(out, out->held - out->unread);
	connection_pump(connection);
}

static void write_out(struct connection *connection)
{
	struct iovec pieces[16];
	uv_buf_t buffers[16];
	size_t size = 0;
	size_t count;

	count = body_peek(&connection->out, pieces, 16);
	if (connection->writing || count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		buffers[i] = uv_buf_init(pieces[i].iov_base, pieces[i].iov_len);
		size += pieces[i].iov_len;
	}
	/* `out` holds still until on_written has released what was read. */
	connection->writing = true;
	connection->write.data = connection;
	body_read(&connection->out, size);
	if (uv_write(&connection->write, (uv_stream_t *)&connection->tcp,
		     buffers, count, on_written) < 0)
		connection_close(connection, false);
}

/* Reads only while there is room for what an echo makes of it, and not behind
 * the request that is being answered. */
static void set_reading(struct connection *connection)
{
	bool wanted = !connection->request_done && !connection->stalled &&
		      body_space(&connection->out) >= SERVER_PIECE * 2;

	if (wanted && !connection->reading)
		uv_read_start((uv_stream_t *)&connection->tcp, on_alloc,
			      on_read);
	else if (!wanted && connection->reading)
		uv_read_stop((uv_stream_t *)&connection->tcp);
	connection->reading = wanted;
}

static void produce(struct connection *connection)
{
	while (!connection->closing && connection->left &&
	       connection->answer->produce &&
	       body_space(&connection->out) >= SERVER_PIECE * 2)
		connection->answer->produce(connection);
}

void connection_pump(struct connection *connection)
{
	while (!connection->closing) {
		if (connection->answer)
			produce(connection);
		if (connection->closing)
			return;
		write_out(connection);
		if (connection->closing || !connection->finished ||
		    connection->out.held)
			break;
		if (!connection->request_done || !connection->keep_alive) {
			connection_close(connection, connection->resets);
			return;
		}
		begin_request(connection);
		parse_pipelined(connection);
	}
	if (!connection->closing)
		set_reading(connection);
}

void connection_put(struct connection *connection, const void *data,
		    size_t size)
{
	if (!connection->closing &&
	    body_append(&connection->out, data, size) < 0)
		connection_close(connection, true);
}

void connection_print(struct connection *connection, const char *format, ...)
{
	char line[4096];
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (size >= (int)sizeof(line))
		size = sizeof(line) - 1;
	connection_put(connection, line, size);
}

void connection_put_body(struct connection *connection, const void *data,
			 size_t size)
{
	if (!size)
		return;
	if (connection->chunked)
		connection_print(connection, "%zx\r\n", size);
	connection_put(connection, data, size);
	if (connection->chunked)
		connection_put(connection, "\r\n", 2);
}

void connection_finish(struct connection *connection)
{
	connection->finished = true;
	connection->left = 0;
}

static void on_timer(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	if (!connection->delayed)
		connection->answer->tick(connection);
	else if (connection->answer->end)
		connection->answer->end(connection);
	connection->delayed = false;
	connection_pump(connection);
}

void connection_wait(struct connection *connection, uint64_t ms)
{
	uv_timer_start(&connection->timer, on_timer, ms, 0);
}

static void on_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	if (--connection->handles)
		return;
	body_free(&connection->out);
	text_free(&connection->target);
	text_free(&connection->name);
	text_free(&connection->value);
	text_free(&connection->pipelined);
	field_list_free(&connection->fields);
	field_list_free(&connection->trailers);
	free(connection);
}

void connection_close(struct connection *connection, bool reset)
{
	struct server *server = connection->server;

	if (connection->closing)
		return;
	connection->closing = true;
	DL_DELETE(server->connections, connection);
	server->count--;
	uv_close((uv_handle_t *)&connection->timer, on_closed);
	if (!reset || uv_tcp_close_reset(&connection->tcp, on_closed) < 0)
		uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

static struct connection *new_connection(struct server *server)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->server = server;
	uv_tcp_init(server->loop, &connection->tcp);
	uv_timer_init(server->loop, &connection->timer);
	connection->tcp.data = connection;
	connection->timer.data = connection;
	connection->handles = 2;
	body_init(&connection->out, SERVER_OUT_MAX, NULL);
	begin_request(connection);
	DL_APPEND(server->connections, connection);
	server->count++;
	return connection;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct server *server = listener->data;
	struct connection *connection;

	if (status < 0)
		return;
	connection = new_connection(server);
	if (!connection)
		return;
	if (uv_accept(listener, (uv_stream_t *)&connection->tcp) < 0 ||
	    server->count > SERVER_CONNECTIONS_MAX) {
		connection_close(connection, false);
		return;
	}
	uv_tcp_nodelay(&connection->tcp, 1);
	set_reading(connection);
}

static int open_listener(struct server *server)
{
	int size = sizeof(server->address);
	int result;

	uv_tcp_init(server->loop, &server->listener);
	server->listener.data = server;
	server->listener_open = true;
	result = uv_tcp_bind(&server->listener,
			     (struct sockaddr *)&server->address, 0);
	if (result == 0)
		result = uv_listen((uv_stream_t *)&server->listener, 1024,
				   on_connection);
	/* Port 0 is another one now. */
	uv_tcp_getsockname(&server->listener,
			   (struct sockaddr *)&server->address, &size);
	return result;
}

static void reopen_listener(struct server *server)
{
	int result = open_listener(server);

	if (result == 0)
		return;
	fprintf(stderr, "quicsteer-backend: cannot listen again: %s\n",
		uv_strerror(result));
	exit(1);
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct server *server = handle->data;

	server->listener_open = false;
	if (server->mode.kind != MODE_REFUSE)
		reopen_listener(server);
}

void server_set_mode(struct server *server, const struct mode *mode)
{
	uv_handle_t *listener = (uv_handle_t *)&server->listener;

	server->mode = *mode;
	if (mode->kind != MODE_REFUSE) {
		if (!server->listener_open)
			reopen_listener(server);
		return;
	}
	if (server->listener_open && !uv_is_closing(listener))
		uv_close(listener, on_listener_closed);
	while (server->connections)
		connection_close(server->connections, true);
}

int server_start(struct server *server, uv_loop_t *loop,
		 const struct sockaddr_storage *address, const char *name)
{
	*server = (struct server){
		.loop = loop, .name = name, .address = *address};
	return open_listener(server);
}

void server_stop(struct server *server)
{
	if (server->listener_open &&
	    !uv_is_closing((uv_handle_t *)&server->listener))
		uv_close((uv_handle_t *)&server->listener, NULL);
	while (server->connections)
		connection_close(server->connections, false);
	text_free(&server->received);
}
