/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What clients may do here, whichever front they come by: sizes of requests,
 * connections and requests of an address, slow senders. The numbers are those
 * of terminator.limits in the configuration. Whatever is refused is counted by
 * its reason.
 */
#ifndef TERMINATOR_LIMITS_H
#define TERMINATOR_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "loader/lib/config.h"
#include "quicsteer/counters.h"
#include "terminator/slow_list.h"

struct client;
struct exchange_request;
struct message;
struct sockaddr;

/* A request whose sender is watched. Its front has it for as long as the
 * request is under way. */
struct limits_sender {
	struct slow_watch watch; /* first: the list gives it back */
	uint64_t received;	 /* octets of the body since it was begun */
	void *user;
	/* The header section took too long. */
	void (*slow_header)(void *user);
	/* So did the body; false: it is not the sender who is slow. */
	bool (*slow_body)(void *user);
};

struct limits {
	struct qs_config_limits options;
	struct client_table *clients;
	struct slow_list headers, bodies;
	uv_timer_t timer; /* of the lists */
	struct qs_terminator_stats *const *stats;
};

/* Why a request is refused. */
enum limits_verdict {
	LIMITS_PASS,
	LIMITS_HEADER,	/* 431 */
	LIMITS_URI,	/* 414 */
	LIMITS_BODY,	/* 413 */
	LIMITS_REQUESTS /* 429 */
};

/* limits_defaults fills in the numbers that hold without a configuration. */
void limits_defaults(struct qs_config_limits *options);

/* limits_start makes the limits, with the defaults. `stats` points to where
 * the counters are at any time. Returns 0 or -ENOMEM. */
int limits_start(struct limits *limits, uv_loop_t *loop,
		 struct qs_terminator_stats *const *stats);

/* limits_close frees them when the loop has run its close callbacks. */
void limits_close(struct limits *limits);

/* limits_allow_connection tells whether an address may begin a connection;
 * nothing is counted as its connection yet. */
bool limits_allow_connection(struct limits *limits,
			     const struct sockaddr *address);

/* limits_add_connection counts a connection whose address has proven to be its
 * own: into *ret_client, to be given to limits_drop_connection at its end, or
 * NULL if the table has no place. Returns whether it may go on. */
bool limits_add_connection(struct limits *limits,
			   const struct sockaddr *address,
			   struct client **ret_client);
void limits_drop_connection(struct client *client);

/* limits_request judges a request that is well formed. */
enum limits_verdict limits_request(struct limits *limits,
				   const struct exchange_request *request,
				   const struct message *message);

/* limits_body tells whether a body may have so many octets; counts it if
 * not. */
bool limits_body(struct limits *limits, uint64_t size);

/* limits_watch_header, limits_watch_body: the sender has so long for what it
 * sends next; each ends what was watched before, as does limits_unwatch. */
void limits_watch_header(struct limits *limits, struct limits_sender *sender);
void limits_watch_body(struct limits *limits, struct limits_sender *sender);
void limits_unwatch(struct limits_sender *sender);

#endif
