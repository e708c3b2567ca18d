/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connections of an upstream, and the queue of exchanges that wait for
 * one. For the upstream's own files.
 */
#ifndef TERMINATOR_POOL_H
#define TERMINATOR_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "terminator/affinity.h"
#include "terminator/backends.h"
#include "terminator/balance.h"
#include "terminator/exchange_private.h"
#include "terminator/retry.h"
#include "terminator/upstream.h"

struct h1_client;

_Static_assert((int)BALANCE_MAX >= (int)QS_MAX_BACKENDS, "room for every row");

struct upstream_options {
	uint32_t connect_timeout_ms;
	uint32_t response_timeout_ms; /* from request sent to header */
	uint32_t body_timeout_ms;     /* between body octets */
	uint32_t keepalive_ms;	      /* an unused connection is closed */
	uint32_t keepalive_count;     /* unused connections kept, a backend */
	uint32_t connection_count;    /* connections at once, a backend */
	uint32_t total_timeout_ms;    /* 0: none */
	struct qs_config_queue queue;
	struct qs_config_retries retries;
	enum qs_config_proxy_protocol proxy_protocol;
};

struct upstream {
	struct upstream_shared *shared;
	struct upstream *prev, *next; /* in the list of `shared` */
	char name[QS_NAME_SIZE];
	struct upstream_options options;
	struct backend_tls *tls; /* of connections from now on; NULL: clear */
	struct affinity affinity;
	struct qs_pool_stats *counts; /* never NULL */

	/* Those whose rows are in use; a backend and its place in the
	 * balancing have the same index. */
	struct backend *backends[QS_MAX_BACKENDS];
	size_t backend_count;
	struct balance balance;
	uint64_t born;	  /* loop time in ms when its rows began */
	bool had_backend; /* at any time since */

	struct retry_budget retry_budget;
	struct exchange *waiting; /* list, in the order of their coming */
	size_t waiting_count;
	uv_timer_t wait_timer;
	struct later_work wake;

	size_t exchanges;
	size_t handles; /* not yet closed, of ours and of clients */
	bool retired;	/* closes with its last exchange */
	bool closing;
};

/* Has the backends of the route's pool make the response. */
extern const struct exchange_handler pool_handler;

/* pool_retry sends the exchange again, on a new connection. */
void pool_retry(struct exchange *exchange, struct backend *backend);

/* pool_dispatch finds a connection for an exchange that has none, or lets it
 * wait, or fail: never at once, always from the event loop. */
void pool_dispatch(struct exchange *exchange);

/* pool_connect_failed goes on to the next backend, or fails the exchange: from
 * the event loop only. */
void pool_connect_failed(struct exchange *exchange, struct backend *backend,
			 enum exchange_failure failure);

/* pool_keep takes a connection that has done its work as idle. Returns false if
 * there are enough of them: the caller closes it. */
bool pool_keep(struct h1_client *client);

/* pool_remove takes a connection that is to be closed out of the pool. */
void pool_remove(struct h1_client *client);

/* pool_wake tries those that wait again, from the event loop. */
void pool_wake(struct upstream *upstream);

/* pool_start and pool_stop set up and close the pool's own handles. */
void pool_start(struct upstream *upstream);
void pool_stop(struct upstream *upstream);

/* upstream_add_exchange and upstream_drop_exchange count those under way. */
void upstream_add_exchange(struct upstream *upstream);
void upstream_drop_exchange(struct upstream *upstream);

/* upstream_add_handles and upstream_handle_closed count handles; when the last
 * one of an upstream is closed, it is freed. */
void upstream_add_handles(struct upstream *upstream, size_t count);
void upstream_handle_closed(struct upstream *upstream);

#endif
