/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of each client address (of IPv6: each /64) for limits: how many
 * connections it has and a token bucket of its requests.
 *
 * The memory is fixed. A client has one of eight places that a keyed hash gives
 * it; when all are taken, the one that was seen longest ago makes room, if it
 * has no connections. So whoever floods the table with addresses gives others
 * at worst a full bucket, and never takes a connection's count away. Pure.
 */
#ifndef TERMINATOR_CLIENT_TABLE_H
#define TERMINATOR_CLIENT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

struct sockaddr;
struct client_table;

struct client {
	uint8_t prefix[16]; /* IPv6, or ::ffff:IPv4 */
	bool used;
	uint32_t connections;
	double tokens;
	uint64_t filled_ms;
	uint64_t seen_ms;
};

/* client_table_new makes a table of at least `clients` places, at 48 octets
 * each, which are memory only once used. Returns NULL on lack of memory. */
struct client_table *client_table_new(uint32_t clients, const __u64 key[2]);

void client_table_free(struct client_table *table);

/* client_table_find gives the client of an AF_INET or AF_INET6 address, valid
 * while it has connections or until the next call; `now_ms` is any clock that
 * does not go back. NULL: it has no place, or, unless `make`, is not known. */
struct client *client_table_find(struct client_table *table,
				 const struct sockaddr *address,
				 uint64_t now_ms, bool make);

/* client_take_request takes a token from a bucket that gets `rate` a second and
 * holds at most `burst`. Returns whether there was one. */
bool client_take_request(struct client *client, uint32_t rate, uint32_t burst,
			 uint64_t now_ms);

#endif
