/* SPDX-License-Identifier: GPL-2.0-only */
/* A QUIC client that sends hand-made octets on its streams, by a script. */
#include "tests/client/raw.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: h3raw ADDRESS:PORT [SERVER-NAME]\n"
	"\n"
	"Connects with ALPN h3 and runs the commands of standard input, one a "
	"line:\n"
	"\n"
	"  open NAME        a bidirectional stream\n"
	"  uni NAME         a unidirectional stream\n"
	"  send NAME HEX    appends octets\n"
	"  fill NAME N HEX  appends the octets N times\n"
	"  end NAME         FIN\n"
	"  reset NAME CODE  RESET_STREAM\n"
	"  flush            sends now what was appended so far\n"
	"  wait MS\n"
	"  await NAME       until the stream has ended or is reset; 60 s\n"
	"\n"
	"Then closes the connection and prints one line of JSON:\n"
	"  {\"streams\": {NAME: {\"status\": 200, \"interim\", \"fields\", "
	"\"trailers\",\n"
	"   \"size\", \"body\", \"ended\", \"closed\", \"code\", \"wrong\"}},\n"
	"   \"failed\": null or why the connection ended, \"close_code\"}\n"
	"Exit status: 0, or 2 for wrong usage or no connection.\n";

enum { PATIENCE_MS = 60000, LINE_MAX_SIZE = 4 * 1024 * 1024 };

struct script {
	struct raw_session session;
	uv_loop_t loop;
	uv_timer_t timer;
	uv_idle_t again;
	char *line;
	struct raw_stream *awaited;
	bool waits, finished;
	bool timed_out;
};

static _Noreturn void wrong(const char *line)
{
	fprintf(stderr, "h3raw: cannot do: %.80s\n", line);
	exit(2);
}

static size_t read_hex(const char *hex, uint8_t *octets)
{
	size_t size = 0;

	/* Not by sscanf, which looks at all that is left each time. */
	while (isxdigit((unsigned char)hex[0]) &&
	       isxdigit((unsigned char)hex[1])) {
		char digits[] = {hex[0], hex[1], '\0'};

		octets[size++] = (uint8_t)strtoul(digits, NULL, 16);
		hex += 2;
	}
	if (*hex)
		wrong(hex);
	return size;
}

static void send_octets(struct raw_stream *stream, const char *hex,
			unsigned long times)
{
	uint8_t *octets = malloc(strlen(hex) / 2 + 1);
	size_t size;

	if (!octets)
		abort();
	size = read_hex(hex, octets);
	while (times--)
		raw_send(stream, octets, size);
	free(octets);
}

static void go_on(uv_idle_t *idle);

static void on_timer(uv_timer_t *timer)
{
	struct script *script = timer->data;

	script->timed_out = script->awaited;
	script->awaited = NULL;
	script->waits = false;
	uv_idle_start(&script->again, go_on);
}

/* Runs what concerns one stream. Returns false if it is something else. */
static bool run_stream_command(struct script *script, const char *verb,
			       struct raw_stream *stream, char *rest)
{
	ngtcp2_conn *quic = script->session.connection.quic;

	if (!strcmp(verb, "send")) {
		send_octets(stream, rest, 1);
	} else if (!strcmp(verb, "fill")) {
		char *hex;
		unsigned long times = strtoul(rest, &hex, 10);

		send_octets(stream, hex + strspn(hex, " "), times);
	} else if (!strcmp(verb, "end")) {
		raw_end(stream);
	} else if (!strcmp(verb, "reset")) {
		ngtcp2_conn_shutdown_stream_write(quic, 0, stream->id,
						  strtoull(rest, NULL, 0));
		stream->shut = true;
	} else if (!strcmp(verb, "await")) {
		if (raw_is_over(&script->session, stream))
			return true;
		script->awaited = stream;
		uv_timer_start(&script->timer, on_timer, PATIENCE_MS, 0);
	} else {
		return false;
	}
	return true;
}

static void run_command(struct script *script, char *line)
{
	struct raw_session *session = &script->session;
	char verb[16] = "", name[RAW_NAME_SIZE] = "";
	struct raw_stream *stream;
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	sscanf(line, "%15s %31s %n", verb, name, &at);
	if (!strcmp(verb, "open") || !strcmp(verb, "uni")) {
		if (!raw_open(session, name, verb[0] == 'u'))
			wrong(line);
		return;
	}
	if (!strcmp(verb, "flush")) {
		connection_write(&session->connection);
		return;
	}
	if (!strcmp(verb, "wait")) {
		script->waits = true;
		uv_timer_start(&script->timer, on_timer,
			       strtoul(name, NULL, 10), 0);
		return;
	}
	stream = raw_find(session, name);
	if (!stream || !at ||
	    !run_stream_command(script, verb, stream, line + at))
		wrong(line);
}

static void on_connection_closed(uv_handle_t *handle)
{
	(void)handle;
}

static void print(struct script *script)
{
	const struct connection *connection = &script->session.connection;
	json_t *streams = json_object();
	json_t *line;

	for (size_t i = 0; i < script->session.stream_count; i++) {
		const struct raw_stream *stream = &script->session.streams[i];

		json_object_set_new(streams, stream->name, raw_print(stream));
	}
	line = json_pack("{s:o, s:s?, s:b, s:b}", "streams", streams, "failed",
			 *connection->failed ? connection->failed : NULL,
			 "timed_out", script->timed_out, "connected",
			 connection->handshake_completed);
	json_object_set_new(
		line, "close_code",
		connection->closed_by_peer
			? json_integer((json_int_t)connection->close_code)
			: json_null());
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static void finish(struct script *script)
{
	script->finished = true;
	print(script);
	uv_timer_stop(&script->timer);
	uv_close((uv_handle_t *)&script->timer, NULL);
	uv_close((uv_handle_t *)&script->again, NULL);
	if (script->session.over)
		connection_free(&script->session.connection,
				on_connection_closed);
	else /* H3_NO_ERROR */
		connection_close(&script->session.connection, 0x100);
}

/* Runs commands until one has to wait. Not from inside ngtcp2. */
static void go_on(uv_idle_t *idle)
{
	struct script *script = idle->data;
	struct raw_session *session = &script->session;

	uv_idle_stop(idle);
	if (script->finished || (!session->ready && !session->over))
		return;
	if (script->awaited && raw_is_over(session, script->awaited)) {
		script->awaited = NULL;
		uv_timer_stop(&script->timer);
	}
	while (!script->awaited && !script->waits && !session->over &&
	       fgets(script->line, LINE_MAX_SIZE, stdin))
		run_command(script, script->line);
	if (!session->over)
		connection_write(&session->connection);
	if (session->over || (!script->awaited && !script->waits))
		finish(script);
}

static void on_changed(struct raw_session *session)
{
	struct script *script = session->connection.loop->data;

	if (!script->finished)
		uv_idle_start(&script->again, go_on);
	else if (session->over)
		connection_free(&session->connection, on_connection_closed);
}

static void on_datagram(struct udp_endpoint *endpoint,
			const struct udp_address *sender, const uint8_t *data,
			size_t size)
{
	struct script *script = endpoint->user;

	(void)sender;
	connection_receive(&script->session.connection, endpoint, data, size);
}

static int start(struct script *script, struct connection_options *options)
{
	struct udp_endpoint *endpoint = udp_open(
		&script->loop, NULL, &options->remote, on_datagram, script);

	if (!endpoint) {
		perror("h3raw: socket");
		return -1;
	}
	script->session.changed = on_changed;
	return connection_start(&script->session.connection, 0, options,
				endpoint, &raw_app, &script->session);
}

int main(int argc, char **argv)
{
	static struct script script;
	struct connection_options options = {
		.server_name = argc > 2 ? argv[2] : "localhost",
		.cid_length = 8,
		.window = 8 * 1024 * 1024,
		.stream_window = 8 * 1024 * 1024,
		.idle_timeout_ms = 30000,
		.handshake_timeout_ms = 30000,
	};
	bool connected;

	if (argc < 2 || argc > 3 || udp_parse(argv[1], &options.remote) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	wolfSSL_Init();
	uv_loop_init(&script.loop);
	script.loop.data = &script;
	script.line = malloc(LINE_MAX_SIZE);
	options.loop = &script.loop;
	options.tls = tls_context_new(NULL);
	uv_timer_init(&script.loop, &script.timer);
	uv_idle_init(&script.loop, &script.again);
	script.timer.data = script.again.data = &script;
	if (!script.line || start(&script, &options) < 0)
		return 2;
	uv_run(&script.loop, UV_RUN_DEFAULT);
	connected = script.session.connection.handshake_completed;
	raw_free(&script.session);
	free(script.line);
	wolfSSL_CTX_free(options.tls);
	uv_loop_close(&script.loop);
	return connected ? 0 : 2;
}
