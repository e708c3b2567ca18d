/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/upstream.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminator/pool.h"

void upstream_default_options(struct upstream_options *options)
{
	*options = (struct upstream_options){
		.via = "quicsteer",
		.connect_timeout_ms = 5000,
		.response_timeout_ms = 60000,
		.idle_timeout_ms = 60000,
		.keepalive_ms = 30000,
		.keepalive_count = 64,
		.connection_count = 1024,
	};
}

static void free_all(struct upstream *upstream)
{
	struct backend *backend = upstream->last_backend;

	for (size_t i = 0; i < upstream->backend_count; i++) {
		struct backend *next = backend->next;

		free(backend);
		backend = next;
	}
	free(upstream->via);
	free(upstream->via_response);
	free(upstream);
}

struct upstream *upstream_new(uv_loop_t *loop,
			      const struct upstream_options *options,
			      struct qs_terminator_stats *stats)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));

	if (!upstream)
		return NULL;
	upstream->loop = loop;
	upstream->options = *options;
	upstream->stats = stats;
	upstream->via = strdup(options->via);
	if (!upstream->via ||
	    asprintf(&upstream->via_response, "1.1 %s", options->via) < 0) {
		free(upstream->via);
		free(upstream);
		return NULL;
	}

	upstream->options.via = upstream->via;
	signal(SIGPIPE, SIG_IGN);
	pool_start(upstream);
	return upstream;
}

void upstream_use_stats(struct upstream *upstream,
			struct qs_terminator_stats *stats)
{
	upstream->stats = stats;
}

/* Reads a port at the end of a URL: nothing, or ":" and 1 to 65535; a single
 * "/" may follow. */
static int parse_port(const char *text, uint16_t *ret_port)
{
	unsigned long port = 80;
	char *end = (char *)text;

	if (*text == ':') {
		if (text[1] < '0' || text[1] > '9')
			return -EINVAL;
		port = strtoul(text + 1, &end, 10);
		if (port < 1 || port > 65535)
			return -EINVAL;
	}
	if (*end && strcmp(end, "/") != 0)
		return -EINVAL;
	*ret_port = port;
	return 0;
}

static int parse_host(const char *host, uint16_t port, bool brackets,
		      struct sockaddr_storage *ret_address)
{
	int result;

	if (brackets)
		result = uv_ip6_addr(host, port,
				     (struct sockaddr_in6 *)ret_address);
	else
		result = uv_ip4_addr(strcmp(host, "localhost") ? host
							       : "127.0.0.1",
				     port, (struct sockaddr_in *)ret_address);
	return result < 0 ? -EINVAL : 0;
}

static int parse_url(const char *url, struct sockaddr_storage *ret_address)
{
	static const char scheme[] = "http://";
	bool brackets;
	char host[64];
	size_t size;
	uint16_t port;

	if (strncmp(url, scheme, strlen(scheme)))
		return -EINVAL;
	url += strlen(scheme);
	brackets = *url == '[';
	url += brackets;
	size = strcspn(url, brackets ? "]" : ":/");
	if (size >= sizeof(host) || (brackets && url[size] != ']'))
		return -EINVAL;
	memcpy(host, url, size);
	host[size] = '\0';
	if (parse_port(url + size + brackets, &port) < 0)
		return -EINVAL;
	return parse_host(host, port, brackets, ret_address);
}

int upstream_add(struct upstream *upstream, const char *url)
{
	struct backend *backend = calloc(1, sizeof(*backend));
	struct backend *last = upstream->last_backend;
	int result;

	if (!backend)
		return -ENOMEM;
	result = parse_url(url, &backend->address);
	if (result < 0) {
		free(backend);
		return result;
	}
	backend->index = upstream->backend_count++;
	backend->next = last ? last->next : backend;
	if (last)
		last->next = backend;
	else
		upstream->turn = backend;
	upstream->last_backend = backend;
	return 0;
}

void upstream_handle_closed(struct upstream *upstream)
{
	if (--upstream->handles == 0)
		free_all(upstream);
}

void upstream_close(struct upstream *upstream)
{
	pool_stop(upstream);
}
