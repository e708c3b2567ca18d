/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The backends of the upstreams come and go as the rows do (struct qs_backend
 * in abi.h). For the upstream's own files.
 */
#ifndef TERMINATOR_BACKENDS_H
#define TERMINATOR_BACKENDS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "terminator/backend_tls.h"
#include "terminator/latency.h"
#include "terminator/upstream.h"

struct h1_client;

struct backend {
	struct upstream *upstream;
	unsigned row; /* index of `rows`, and of all that lies beside it */
	uint32_t id;
	uint64_t identity; /* hash of name and address: the same on every host,
			      over restarts */
	bool leaving; /* its row is drained or given up: keeps no connection */
	bool gone;    /* its row is given up: freed with its last client */
	struct sockaddr_storage address;
	struct qs_backend_stats *stats;	   /* never NULL */
	struct qs_backend_stats own_stats; /* when it is gone */
	struct h1_client *idle;		   /* list, the last used first */
	uint32_t idle_count;
	uint32_t connection_count; /* idle or not, without those closing */
	uint32_t client_count;	   /* with those closing */
	struct tls_resumption resumption;
	uint64_t tls_logged;	/* loop time of the last line about it, ms */
	struct latency latency; /* from request sent to header */
};

/* backends_scan compares all rows with the backends: adds new ones to the
 * upstreams of their pools, closes idle connections of those that drain, and
 * parts with those whose rows are given up. */
void backends_scan(struct upstream_shared *shared);

/* backends_forget parts with all backends of the upstream. */
void backends_forget(struct upstream *upstream);

/* backends_close_unfit closes idle connections whose TLS is not as it is
 * configured now. */
void backends_close_unfit(struct upstream *upstream);

/* backend_add_client and backend_drop_client count its clients until they are
 * freed; the last one of a backend that is gone takes it along. */
void backend_add_client(struct backend *backend);
void backend_drop_client(struct backend *backend);

/* backend_is_used tells whether a connection of the row is open, or a request
 * might still want one. */
bool backend_is_used(const struct upstream_shared *shared, unsigned row);

#endif
