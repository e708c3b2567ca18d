/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One pool of backends: HTTP/1.1 over kept-alive TCP connections, on a libuv
 * loop. The router makes them; exchanges use them. What the pools of a process
 * have in common is one struct upstream_shared.
 */
#ifndef TERMINATOR_UPSTREAM_H
#define TERMINATOR_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "loader/lib/config.h"
#include "quicsteer/abi.h"
#include "quicsteer/counters.h"
#include "terminator/health.h"
#include "terminator/affinity_token.h"
#include "terminator/later.h"

enum { UPSTREAM_READ_SIZE = 64 * 1024 };

struct access_log;
struct backend;
struct backend_tls;
struct limits;
struct upstream;

struct upstream_shared {
	uv_loop_t *loop;
	struct later later;
	const struct qs_backend *rows; /* QS_MAX_BACKENDS */
	bool own_rows;		       /* nobody else fills them */
	struct qs_trials *trials;      /* QS_MAX_BACKENDS */
	struct qs_proxy_stats *proxy;
	struct qs_terminator_stats *stats;
	struct access_log *access_log; /* NULL: none */
	char *via;	    /* our pseudonym in Via (RFC 9110, 7.6.3) */
	char *via_response; /* the whole value for responses */
	struct affinity_keys affinity_keys;
	uint32_t compressors; /* in use, of all exchanges */

	struct limits *limits; /* NULL: none */
	struct health_source health;
	struct qs_pool_stats uncounted; /* of requests without a pool */
	struct upstream *upstreams;	/* list, without closing ones */
	struct backend *by_row[QS_MAX_BACKENDS]; /* which one a row is; NULL */
	size_t handles; /* not yet closed, of all upstreams and the owner */
	void (*on_closed)(struct upstream_shared *shared); /* the last one */
	char read_buffer[UPSTREAM_READ_SIZE]; /* of whichever client reads */
};

/* upstream_default_pool fills in the default time-outs, limits, queue, retries
 * and verification. All else is zero. */
void upstream_default_pool(struct qs_config_pool *pool);

/* upstream_new makes an upstream without backends and puts it into the list;
 * `name` is the pool's. Returns NULL when memory is short. */
struct upstream *upstream_new(struct upstream_shared *shared, const char *name);

/* upstream_configure takes over time-outs and limits, for what begins from now
 * on, and a reference to how TLS is done; NULL: it is not. */
void upstream_configure(struct upstream *upstream,
			const struct qs_config_pool *pool,
			struct backend_tls *tls);

/* upstream_use_stats counts in the row of its pool in shared->proxy. */
void upstream_use_stats(struct upstream *upstream);

/* upstream_begin_rows parts with all backends: others will come from
 * shared->rows, for the first of which requests wait a while. */
void upstream_begin_rows(struct upstream *upstream);

/* upstream_find gives the one of this name in the list, or NULL. */
struct upstream *upstream_find(const struct upstream_shared *shared,
			       const char *name);

/* upstream_retire closes the upstream as soon as it has no exchange; upstream_
 * employ takes that back while it is in the list. */
void upstream_retire(struct upstream *upstream);
void upstream_employ(struct upstream *upstream);

/* upstream_close closes all connections and takes the upstream out of the list;
 * it is freed when the loop has closed its handles. All exchanges must be freed
 * before. */
void upstream_close(struct upstream *upstream);

#endif
