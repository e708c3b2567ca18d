/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/hostile.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: hostile ADDRESS:PORT [tls|packets]\n"
	"\n"
	"Sends an HTTP/3 server what it must survive, some 3,500 datagrams, "
	"and\n"
	"prints a line of JSON for each case.\n"
	"Exit status: 0 all as it should be, 1 not all, 2 wrong usage.\n";

void hostile_verdict(struct hostile *hostile, const char *name, bool ok,
		     const char *seen)
{
	json_t *line = json_pack("{s:s, s:b, s:s}", "case", name, "ok", ok,
				 "seen", seen);

	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(line);
	hostile->failed += !ok;
}

struct capture {
	uint8_t data[2048];
	size_t size;
	struct connection connection;
};

static void keep_first(struct udp_endpoint *endpoint,
		       const struct udp_address *sender, const uint8_t *data,
		       size_t size)
{
	struct capture *capture = endpoint->user;

	(void)sender;
	if (capture->size == 0) {
		memcpy(capture->data, data, size);
		capture->size = size;
	}
	connection_abandon(&capture->connection);
	udp_release(endpoint);
}

static void ignore_datagram(struct udp_endpoint *endpoint,
			    const struct udp_address *sender,
			    const uint8_t *data, size_t size)
{
	(void)endpoint;
	(void)sender;
	(void)data;
	(void)size;
}

static void on_closed(uv_handle_t *handle)
{
	(void)handle;
}

static void on_ended(void *user, const char *failed)
{
	struct capture *capture = user;

	(void)failed;
	connection_free(&capture->connection, on_closed);
}

/* Gets a real Initial by connecting to a socket of our own. */
static int capture_initial(struct hostile *hostile, struct capture *capture)
{
	static const struct connection_app app = {.ended = on_ended};
	struct connection_options options = hostile->connection;
	struct udp_endpoint *sink, *endpoint;
	struct udp_address loopback;

	udp_parse("127.0.0.1:0", &loopback);
	sink = udp_open(&hostile->loop, &loopback, NULL, keep_first, capture);
	if (!sink)
		return -1;
	options.remote = sink->local;
	endpoint = udp_open(&hostile->loop, &loopback, NULL, ignore_datagram,
			    capture);
	if (!endpoint || connection_start(&capture->connection, 0, &options,
					  endpoint, &app, capture) < 0)
		return -1;
	uv_run(&hostile->loop, UV_RUN_DEFAULT);
	return 0;
}

int main(int argc, char **argv)
{
	static struct capture capture;
	struct hostile hostile = {0};
	const char *only = argc == 3 ? argv[2] : "";

	if (argc < 2 || argc > 3 ||
	    udp_parse(argv[1], &hostile.connection.remote) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	wolfSSL_Init();
	uv_loop_init(&hostile.loop);
	hostile.connection.loop = &hostile.loop;
	hostile.connection.tls = tls_context_new(NULL);
	hostile.connection.server_name = "localhost";
	hostile.connection.cid_length = 8;
	hostile.connection.window = 65536;
	hostile.connection.stream_window = 65536;
	hostile.connection.idle_timeout_ms = 5000;
	hostile.connection.handshake_timeout_ms = 5000;
	if (capture_initial(&hostile, &capture) < 0) {
		fprintf(stderr, "hostile: cannot open a socket on loopback\n");
		return 2;
	}
	if (strcmp(only, "packets") != 0)
		hostile_tls(&hostile);
	if (strcmp(only, "tls") != 0)
		hostile_packets(&hostile, capture.data, capture.size);
	wolfSSL_CTX_free(hostile.connection.tls);
	uv_loop_close(&hostile.loop);
	return hostile.failed == 0 ? 0 : 1;
}
