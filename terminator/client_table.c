/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/client_table.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "quicsteer/hash.h"

enum { WAYS = 8, IPV6_PREFIX = 8 /* octets */ };

struct client_table {
	__u64 key[2];
	uint32_t sets; /* a power of two */
	struct client clients[];
};

struct client_table *client_table_new(uint32_t clients, const __u64 key[2])
{
	struct client_table *table;
	uint32_t sets = 1;

	while ((uint64_t)sets * WAYS < clients)
		sets *= 2;
	table = calloc(1, sizeof(*table) + (size_t)sets * WAYS *
						   sizeof(table->clients[0]));
	if (!table)
		return NULL;
	memcpy(table->key, key, sizeof(table->key));
	table->sets = sets;
	return table;
}

void client_table_free(struct client_table *table)
{
	free(table);
}

static void make_prefix(uint8_t prefix[16], const struct sockaddr *address)
{
	const struct sockaddr_in6 *v6 = (const void *)address;

	memset(prefix, 0, 16);
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)address;

		prefix[10] = prefix[11] = 0xff;
		memcpy(prefix + 12, &v4->sin_addr, 4);
	} else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		memcpy(prefix, &v6->sin6_addr, 16);
	} else {
		memcpy(prefix, &v6->sin6_addr, IPV6_PREFIX);
	}
}

/* The place of a client that is not known: a free one, or the one without
 * connections that was seen longest ago. */
static struct client *choose_place(struct client *set)
{
	struct client *chosen = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		struct client *client = &set[i];

		if (!client->used)
			return client;
		if (!client->connections &&
		    (!chosen || client->seen_ms < chosen->seen_ms))
			chosen = client;
	}
	return chosen;
}

struct client *client_table_find(struct client_table *table,
				 const struct sockaddr *address,
				 uint64_t now_ms, bool make)
{
	struct client *set, *client;
	uint8_t prefix[16];
	uint64_t hash;

	make_prefix(prefix, address);
	hash = qs_siphash13(table->key, prefix, sizeof(prefix));
	set = &table->clients[(hash & (table->sets - 1)) * WAYS];
	for (size_t i = 0; i < WAYS; i++) {
		client = &set[i];
		if (!client->used || memcmp(client->prefix, prefix, 16))
			continue;
		client->seen_ms = now_ms;
		return client;
	}
	client = make ? choose_place(set) : NULL;
	if (!client)
		return NULL;
	memset(client, 0, sizeof(*client));
	client->used = true;
	client->seen_ms = now_ms;
	memcpy(client->prefix, prefix, 16);
	return client;
}

bool client_take_request(struct client *client, uint32_t rate, uint32_t burst,
			 uint64_t now_ms)
{
	/* A new client's bucket is full: it was last filled long ago. */
	double filled =
		client->filled_ms
			? client->tokens +
				  (double)rate / 1000 *
					  (double)(now_ms - client->filled_ms)
			: burst;

	if (filled > burst)
		filled = burst;
	client->filled_ms = now_ms;
	client->tokens = filled;
	if (filled < 1)
		return false;
	client->tokens -= 1;
	return true;
}
