/* SPDX-License-Identifier: GPL-2.0-only */
/* Clients by address, their buckets, and a table that is full. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "terminator/client_table.h"

static const __u64 key[2] = {1, 2};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union address address(const char *text)
{
	union address a = {0};

	if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1) {
		a.any.sa_family = AF_INET;
		return a;
	}
	cr_assert_eq(inet_pton(AF_INET6, text, &a.v6.sin6_addr), 1, "%s", text);
	a.any.sa_family = AF_INET6;
	return a;
}

static struct client *find(struct client_table *table, const char *text,
			   uint64_t now_ms, bool make)
{
	union address a = address(text);

	return client_table_find(table, &a.any, now_ms, make);
}

Test(client_table, which_addresses_are_one_client)
{
	static const struct {
		const char *one, *other;
		bool same;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"::1", "0.0.0.1", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client_table *table = client_table_new(64, key);
		struct client *one;

		cr_assert_null(find(table, rows[i].one, 1, false));
		one = find(table, rows[i].one, 1, true);
		cr_assert_not_null(one);
		one->connections = 1;
		cr_expect_eq(find(table, rows[i].one, 1, false), one);
		cr_expect_eq(find(table, rows[i].other, 1, true) == one,
			     rows[i].same, "row %zu", i);
		client_table_free(table);
	}
}

Test(client_table, full_table_keeps_those_with_connections)
{
	struct client_table *table = client_table_new(8, key);
	struct client *first;
	char text[32];

	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", i);
		find(table, text, (uint64_t)i, true)->connections = i != 5;
	}
	/* The only one without connections makes room, once. */
	first = find(table, "198.51.100.1", 10, true);
	cr_assert_not_null(first);
	cr_expect_eq(first->connections, 0u);
	cr_expect_null(find(table, "192.0.2.5", 11, false));
	first->connections = 1;
	cr_expect_null(find(table, "198.51.100.2", 12, true));
	cr_expect_eq(find(table, "192.0.2.0", 13, false)->connections, 1u);
	client_table_free(table);
}

Test(client_table, the_one_seen_longest_ago_makes_room)
{
	struct client_table *table = client_table_new(8, key);
	char text[32];

	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", i);
		find(table, text, (uint64_t)i + 1, true);
	}
	find(table, "192.0.2.0", 20, false);
	find(table, "198.51.100.1", 21, true);
	cr_expect_not_null(find(table, "192.0.2.0", 22, false));
	cr_expect_null(find(table, "192.0.2.1", 22, false));
	client_table_free(table);
}

/* How many of `count` requests at one moment pass. */
static unsigned take(struct client *client, unsigned count, uint64_t now_ms)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < count; i++)
		passed += client_take_request(client, 10, 5, now_ms);
	return passed;
}

Test(client_table, bucket)
{
	struct client_table *table = client_table_new(8, key);
	struct client *client = find(table, "192.0.2.1", 1000, true);

	cr_expect_eq(take(client, 20, 1000), 5u, "the burst");
	cr_expect_eq(take(client, 20, 1099), 0u);
	cr_expect_eq(take(client, 20, 1100), 1u, "one for 100 ms");
	cr_expect_eq(take(client, 20, 1400), 3u);
	cr_expect_eq(take(client, 20, 900000), 5u, "no more than the burst");
	client_table_free(table);
}
