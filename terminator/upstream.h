/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The backends: HTTP/1.1 over a pool of kept-alive TCP connections each, on a
 * libuv loop. Exchanges use it; programs only set it up.
 */
#ifndef TERMINATOR_UPSTREAM_H
#define TERMINATOR_UPSTREAM_H

#include <stdint.h>
#include <uv.h>

#include "quicsteer/counters.h"

struct upstream;

struct upstream_options {
	const char *via; /* our pseudonym in Via (RFC 9110, 7.6.3) */
	uint32_t connect_timeout_ms; /* then 504 */
	uint32_t
		response_timeout_ms; /* from request sent to header; then 504 */
	uint32_t idle_timeout_ms;    /* between body octets; then broken */
	uint32_t keepalive_ms;	     /* an unused connection is closed */
	uint32_t keepalive_count;    /* unused connections kept, a backend */
	uint32_t connection_count;   /* connections at once, a backend;
					others wait their turn */
};

/* upstream_default_options fills in the defaults: 5 s, 60 s, 60 s, 30 s, 64,
 * 1024; `via` "quicsteer". */
void upstream_default_options(struct upstream_options *options);

/* upstream_new makes an upstream without backends. `stats` is the row that it
 * counts in and must outlive it. Has the process ignore SIGPIPE, since libuv
 * writes with write(2). Returns NULL when memory is short. */
struct upstream *upstream_new(uv_loop_t *loop,
			      const struct upstream_options *options,
			      struct qs_terminator_stats *stats);

/* upstream_add adds a backend by its URL, before the first exchange:
 * http://ADDRESS[:PORT] with a numeric IPv4 address, an IPv6 address in
 * brackets, or "localhost" (127.0.0.1). Returns 0, -EINVAL (the URL is not of
 * that form) or -ENOMEM. */
int upstream_add(struct upstream *upstream, const char *url);

/* upstream_use_stats counts in another row from now on, before the first
 * exchange. */
void upstream_use_stats(struct upstream *upstream,
			struct qs_terminator_stats *stats);

/* upstream_close closes all connections; the loop must then run until it has
 * no handles left. Frees the upstream in the last close callback. All exchanges
 * must be freed before. */
void upstream_close(struct upstream *upstream);

#endif
