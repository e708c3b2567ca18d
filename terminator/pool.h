/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The backends with their connections, and the queue of exchanges that wait for
 * one. For the upstream's own files.
 */
#ifndef TERMINATOR_POOL_H
#define TERMINATOR_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "terminator/exchange_private.h"
#include "terminator/upstream.h"

enum { UPSTREAM_READ_SIZE = 64 * 1024 };

struct h1_client;

struct backend {
	struct backend *next; /* the ring; in order of adding */
	size_t index;
	struct sockaddr_storage address;
	struct h1_client *idle; /* list, the last used first */
	uint32_t idle_count;
	uint32_t connection_count; /* idle or not, without those closing */
};

struct upstream {
	uv_loop_t *loop;
	struct upstream_options options;
	struct qs_terminator_stats *stats;
	char *via;	    /* our pseudonym */
	char *via_response; /* the whole value for responses */

	struct backend *last_backend; /* the ring's end; NULL = none */
	size_t backend_count;
	struct backend *turn; /* the backend that is next */

	struct exchange *waiting; /* list, in order of wait_end */
	uv_timer_t wait_timer;
	struct exchange *failing; /* list */
	uv_idle_t later; /* runs pool_later once; active if there is work */

	size_t handles; /* not yet closed, of ours and of clients */
	bool closing;
	char read_buffer[UPSTREAM_READ_SIZE]; /* of whichever client reads */
};

/* pool_dispatch finds a connection for the exchange, or lets it wait, or fail:
 * never at once, always from the event loop. */
void pool_dispatch(struct exchange *exchange);

/* pool_retry sends the exchange again, on a new connection. */
void pool_retry(struct exchange *exchange, struct backend *backend);

/* pool_connect_failed goes on to the next backend. */
void pool_connect_failed(struct exchange *exchange, struct backend *backend,
			 enum exchange_failure failure);

/* pool_fail_later tells the exchange of the failure from the event loop. */
void pool_fail_later(struct exchange *exchange, enum exchange_failure failure);

/* pool_forget takes an exchange that has no client out of all lists. */
void pool_forget(struct exchange *exchange);

/* pool_keep takes a connection that has done its work as idle. Returns false if
 * there are enough of them: the caller closes it. */
bool pool_keep(struct h1_client *client);

/* pool_remove takes a connection that is to be closed out of the pool. */
void pool_remove(struct h1_client *client);

/* pool_start and pool_stop set up and close the pool's own handles. */
void pool_start(struct upstream *upstream);
void pool_stop(struct upstream *upstream);

/* upstream_handle_closed counts a closed handle; the last one frees all. */
void upstream_handle_closed(struct upstream *upstream);

#endif
