/* SPDX-License-Identifier: GPL-2.0-only */
/* quicsteer-backend: a small HTTP/1.1 server for tests and for `make run`. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend/server.h"

static const char usage[] =
	"usage: quicsteer-backend --listen ADDRESS:PORT --name NAME\n"
	"\n"
	"A small HTTP/1.1 server for tests. Port 0 takes any free one. It "
	"prints\n"
	"\"listening on ADDRESS:PORT\" and runs until SIGTERM or SIGINT.\n"
	"\n"
	"  /                a line with its name, and the request's fields\n"
	"  /bytes/N         N octets of a pattern, with Content-Length\n"
	"  /chunked/N       the same in chunks, with a trailer x-checksum\n"
	"  /echo            the request body\n"
	"  /upload          size, FNV-1a 64 and trailers of the body, as JSON\n"
	"  /status/NNN      an empty answer with that status\n"
	"  /slow/MS         answers after MS milliseconds\n"
	"  /stall/MS        reads no body; begins an answer after MS\n"
	"  /drip/N/MS       N octets of the pattern, one each MS milliseconds\n"
	"  /early-hints     103, then 200\n"
	"  /close           closes the connection after its answer\n"
	"  /hang            never answers\n"
	"  /reset           resets the connection without an answer\n"
	"  /broken/N        promises 2N octets, sends N and closes\n"
	"  /malformed       an answer that is not HTTP\n";

static void on_signal(uv_signal_t *handle, int number)
{
	uv_signal_t *signals = handle->data;

	(void)number;
	uv_close((uv_handle_t *)&signals[0], NULL);
	uv_close((uv_handle_t *)&signals[1], NULL);
	server_stop(handle->loop->data);
}

/* Reads ADDRESS:PORT or [ADDRESS]:PORT. */
static int parse_address(const char *text, struct sockaddr_storage *ret_address)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	size_t size;
	char *end;
	long port;

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return -1;
	port = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end || port < 0 || port > 65535)
		return -1;
	size = colon - text;
	memcpy(host, text, size);
	host[size] = '\0';
	if (host[0] != '[')
		return uv_ip4_addr(host, port,
				   (struct sockaddr_in *)ret_address);
	if (host[size - 1] != ']')
		return -1;
	host[size - 1] = '\0';
	return uv_ip6_addr(host + 1, port, (struct sockaddr_in6 *)ret_address);
}

static void print_address(const struct server *server)
{
	struct sockaddr_storage address;
	int size = sizeof(address);
	char host[64];

	uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address,
			   &size);
	uv_ip_name((struct sockaddr *)&address, host, sizeof(host));
	printf(address.ss_family == AF_INET6 ? "listening on [%s]:%u\n"
					     : "listening on %s:%u\n",
	       host, ntohs(((struct sockaddr_in *)&address)->sin_port));
	fflush(stdout);
}

static int run(const struct sockaddr *address, const char *name)
{
	uv_loop_t *loop = uv_default_loop();
	struct server server;
	uv_signal_t signals[2];
	int result = server_start(&server, loop, address, name);

	if (result < 0) {
		fprintf(stderr, "quicsteer-backend: cannot listen: %s\n",
			uv_strerror(result));
		return 1;
	}
	loop->data = &server;
	for (int i = 0; i < 2; i++) {
		uv_signal_init(loop, &signals[i]);
		signals[i].data = signals;
		uv_signal_start(&signals[i], on_signal, i ? SIGINT : SIGTERM);
	}
	signal(SIGPIPE, SIG_IGN);
	print_address(&server);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"listen", required_argument, NULL, 'l'},
		{"name", required_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct sockaddr_storage address = {0};
	const char *listen_on = NULL;
	const char *name = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'l')
			listen_on = optarg;
		else if (option == 'n')
			name = optarg;
		else
			return fputs(usage, option == 'h' ? stdout : stderr),
			       option == 'h' ? 0 : 2;
	}
	if (!listen_on || !name || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	if (parse_address(listen_on, &address) < 0) {
		fprintf(stderr,
			"quicsteer-backend: --listen %s is not ADDRESS:PORT\n",
			listen_on);
		return 2;
	}
	return run((struct sockaddr *)&address, name);
}
