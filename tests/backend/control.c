/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/backend/control.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void answer_json(struct connection *connection, unsigned status,
			const char *text)
{
	connection_print(connection,
			 "HTTP/1.1 %u %s\r\ncontent-type: application/json\r\n"
			 "content-length: %zu\r\nconnection: close\r\n\r\n%s",
			 status, llhttp_status_name(status), strlen(text),
			 text);
	connection->keep_alive = false;
	connection_finish(connection);
}

static void end_control(struct connection *connection)
{
	static const char query[] = "/control?mode=";
	struct server *server = connection->server->controlled;
	char target[64], text[160];
	struct mode mode;

	snprintf(target, sizeof(target), "%.*s", (int)connection->target.size,
		 connection->target.data);
	if (connection->parser.method == HTTP_PUT) {
		if (strncmp(target, query, strlen(query)) ||
		    !mode_parse(target + strlen(query), &mode)) {
			answer_json(
				connection, 400,
				"{\"error\":\"not /control?mode=ok, fail[:N],"
				" slow:MS, hang, reset or refuse\"}\n");
			return;
		}
		server_set_mode(server, &mode);
	}
	snprintf(text, sizeof(text),
		 "{\"mode\":\"%s\",\"requests\":%" PRIu64
		 ",\"connections\":%zu}\n",
		 mode_name(&server->mode), server->mode.requests,
		 server->count);
	answer_json(connection, 200, text);
}

static void end_received(struct connection *connection)
{
	struct server *server = connection->server->controlled;

	if (connection->parser.method == HTTP_DELETE) {
		server->records = true;
		text_clear(&server->received);
	}
	connection_print(connection,
			 "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n"
			 "connection: close\r\n\r\n",
			 server->received.size);
	connection_put(connection, server->received.data,
		       server->received.size);
	connection->keep_alive = false;
	connection_finish(connection);
}

const struct answer *control_answer(struct connection *connection)
{
	static const struct answer control = {.path = "", .end = end_control};
	static const struct answer received = {.path = "", .end = end_received};
	static const char path[] = "/received";
	const struct text *target = &connection->target;

	if (target->size == strlen(path) &&
	    !memcmp(target->data, path, target->size))
		return &received;
	return &control;
}
