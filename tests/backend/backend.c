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
	"                         [--delay MS] [--control ADDRESS:PORT]\n"
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
	"  /early           425 to a request with Early-Data, else as /\n"
	"  /status/NNN      an empty answer with that status\n"
	"  /slow/MS         answers after MS milliseconds\n"
	"  /stall/MS        reads no body; begins an answer after MS\n"
	"  /drip/N/MS       N octets of the pattern, one each MS milliseconds\n"
	"  /early-hints     103, then 200\n"
	"  /close           closes the connection after its answer\n"
	"  /hang            never answers\n"
	"  /reset           resets the connection without an answer\n"
	"  /broken/N        promises 2N octets, sends N and closes\n"
	"  /malformed       an answer that is not HTTP\n"
	"  /raw/HOW?HEX     the octets that HEX spells; HOW: see raw.h\n"
	"  /health          \"ok\"\n"
	"\n"
	"Each answer has its NAME in the field x-backend, and comes after "
	"--delay.\n"
	"At the --control address, PUT /control?mode=MODE switches all paths:\n"
	"\n"
	"  ok, fail (500), fail:PERCENT, slow:MS, hang, reset, refuse\n";

struct backend {
	struct server server, control;
	bool has_control;
	uv_signal_t signals[2];
};

static void on_signal(uv_signal_t *handle, int number)
{
	struct backend *backend = handle->data;

	(void)number;
	uv_close((uv_handle_t *)&backend->signals[0], NULL);
	uv_close((uv_handle_t *)&backend->signals[1], NULL);
	server_stop(&backend->server);
	if (backend->has_control)
		server_stop(&backend->control);
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
	const struct sockaddr_storage *address = &server->address;
	char host[64];

	uv_ip_name((const struct sockaddr *)address, host, sizeof(host));
	printf(address->ss_family == AF_INET6 ? "listening on [%s]:%u\n"
					      : "listening on %s:%u\n",
	       host, ntohs(((const struct sockaddr_in *)address)->sin_port));
	fflush(stdout);
}

struct options {
	struct sockaddr_storage listen_on, control;
	const char *name;
	uint64_t delay_ms;
	bool has_control;
};

static int start(struct server *server, const struct sockaddr_storage *address,
		 const char *name)
{
	int result = server_start(server, uv_default_loop(), address, name);

	if (result < 0)
		fprintf(stderr, "quicsteer-backend: cannot listen: %s\n",
			uv_strerror(result));
	return result;
}

static int run(const struct options *options)
{
	static struct backend backend;
	uv_loop_t *loop = uv_default_loop();

	if (start(&backend.server, &options->listen_on, options->name) < 0)
		return 1;
	backend.server.delay_ms = options->delay_ms;
	backend.has_control = options->has_control;
	if (options->has_control) {
		if (start(&backend.control, &options->control, options->name) <
		    0)
			return 1;
		backend.control.controlled = &backend.server;
	}
	for (int i = 0; i < 2; i++) {
		uv_signal_init(loop, &backend.signals[i]);
		backend.signals[i].data = &backend;
		uv_signal_start(&backend.signals[i], on_signal,
				i ? SIGINT : SIGTERM);
	}
	signal(SIGPIPE, SIG_IGN);
	print_address(&backend.server);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	return 0;
}

static void read_address(const char *option, const char *text,
			 struct sockaddr_storage *ret_address)
{
	if (parse_address(text, ret_address) == 0)
		return;
	fprintf(stderr, "quicsteer-backend: %s %s is not ADDRESS:PORT\n",
		option, text);
	exit(2);
}

static uint64_t read_delay(const char *text)
{
	char *end;
	unsigned long long ms = strtoull(text, &end, 10);

	if (end != text && *end == '\0' && text[0] != '-')
		return ms;
	fprintf(stderr,
		"quicsteer-backend: --delay %s is not a number of "
		"milliseconds\n",
		text);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{"listen", required_argument, NULL, 'l'},
		{"name", required_argument, NULL, 'n'},
		{"delay", required_argument, NULL, 'd'},
		{"control", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct options options = {0};
	bool listens = false;
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case 'l':
			read_address("--listen", optarg, &options.listen_on);
			listens = true;
			break;
		case 'n':
			options.name = optarg;
			break;
		case 'd':
			options.delay_ms = read_delay(optarg);
			break;
		case 'c':
			read_address("--control", optarg, &options.control);
			options.has_control = true;
			break;
		default:
			return fputs(usage, option == 'h' ? stdout : stderr),
			       option == 'h' ? 0 : 2;
		}
	}
	if (!listens || !options.name || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return run(&options);
}
