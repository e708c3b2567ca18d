/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pools of backends, and the routes that choose one for a request. Each pool is
 * an upstream (pool.h); which backends it has, and their weights and breakers,
 * it reads from rows as in the map `backends`.
 */
#ifndef TERMINATOR_ROUTER_H
#define TERMINATOR_ROUTER_H

#include <uv.h>

#include "loader/lib/config.h"
#include "quicsteer/abi.h"
#include "quicsteer/counters.h"

struct access_log;
struct health_source;
struct limits;
struct router;
struct site;

/* Where a router reads backends and counts. All outlives it; none is owned. */
struct router_memory {
	const struct qs_backend *backends; /* QS_MAX_BACKENDS; NULL: rows of
					      its own, from what it is given */
	struct qs_trials *trials;	   /* QS_MAX_BACKENDS; NULL: its own */
	const void *secret; /* that all terminators share; NULL: its own */
	size_t secret_size; /* octets */
	struct qs_proxy_stats *proxy; /* NULL: its own */
	struct qs_terminator_stats *stats;
};

/* router_new makes a router without pools and routes: every request is answered
 * with 404. `via` is our pseudonym (copied). Returns NULL on lack of memory. */
struct router *router_new(uv_loop_t *loop, const char *via,
			  struct qs_terminator_stats *stats);

/* router_use_memory reads and counts there from now on, before the first
 * request: what the loader gave at registration. */
void router_use_memory(struct router *router,
		       const struct router_memory *memory);

/* router_tell_health has the page of the health ask this source. */
void router_tell_health(struct router *router,
			const struct health_source *source);

/* router_use_access_log has requests that begin from now on tell the log of
 * their end; it outlives them. */
void router_use_access_log(struct router *router, struct access_log *log);

/* router_use_limits holds requests to these limits, which must outlive it. */
void router_use_limits(struct router *router, struct limits *limits);

/* router_apply takes over pools and routes of a configuration, also while
 * requests are under way: those end on the pool where they are. With rows of
 * its own the router resolves the backends' names now (it blocks). Returns 0,
 * or -errno with `*error` pointing to a message; then nothing has changed. */
int router_apply(struct router *router, const struct qs_config *config,
		 const char **error);

/* router_apply_urls makes one pool, "default", of at most QS_MAX_BACKENDS
 * backends by URL (http://ADDRESS[:PORT]; "localhost" is 127.0.0.1), and one
 * route to it. They are in rows of its own from then on, whatever
 * router_use_memory says. `pool` holds the time-outs and limits; its backends
 * are not read. Returns 0, or -EINVAL with the index of the URL that is wrong
 * in *ret_bad, or -ENOMEM. */
int router_apply_urls(struct router *router, const struct qs_config_pool *pool,
		      const char *const *urls, size_t count, size_t *ret_bad);

/*
 * router_site gives what holds for requests that begin now, without a reference
 * of the caller's own; NULL before the first configuration.
 *
 * How routes match: the first one holds. The host is compared without port and
 * final dot and without regard to case; "*.example.com" matches every name
 * below example.com, not itself. The path is compared as it was sent, octet by
 * octet and without its query: it must begin with the route's, so "/api"
 * matches "/apis" too; a route's path that ends with "/" also matches the path
 * that lacks just that: "/api/" matches "/api". "*", of OPTIONS, counts as "/".
 */
struct site *router_site(struct router *router);

/* router_close closes all connections; the loop must then run until it has no
 * handles left. Frees the router in the last close callback. All exchanges must
 * be freed before. */
void router_close(struct router *router);

#endif
