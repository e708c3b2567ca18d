/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/backend/raw.h"

#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Tells the octet that the target spells at `at`, or -1. */
static int octet_at(const struct connection *connection, size_t at)
{
	const struct text *target = &connection->target;
	int high, low;

	if (at + 2 > target->size)
		return -1;
	high = digit(target->data[at]);
	low = digit(target->data[at + 1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Sends what is spelled from `at` on. Returns where that ends. */
static size_t put_spelled(struct connection *connection, size_t at)
{
	int octet;

	while ((octet = octet_at(connection, at)) >= 0) {
		char c = (char)octet;

		connection_put(connection, &c, 1);
		at += 2;
	}
	return at;
}

static size_t start_of(const struct connection *connection)
{
	const struct text *target = &connection->target;
	const char *mark = memchr(target->data, '?', target->size);

	return mark ? (size_t)(mark - target->data) + 1 : target->size;
}

static void put_all(struct connection *connection)
{
	put_spelled(connection, start_of(connection));
	connection_finish(connection);
}

static void end_close(struct connection *connection)
{
	connection->keep_alive = false;
	put_all(connection);
}

static void end_reset(struct connection *connection)
{
	connection->resets = true;
	end_close(connection);
}

static void begin_drip(struct connection *connection)
{
	connection->keep_alive = false;
	connection->position = start_of(connection);
	connection_wait(connection, 1);
}

static void tick_drip(struct connection *connection)
{
	int octet = octet_at(connection, connection->position);
	char c = (char)octet;

	if (octet < 0) {
		connection_finish(connection);
		return;
	}
	connection_put(connection, &c, 1);
	connection->position += 2;
	connection_wait(connection, 1);
}

static void end_late(struct connection *connection)
{
	connection->position =
		put_spelled(connection, start_of(connection)) + 1;
	connection_wait(connection, 20);
}

static void tick_late(struct connection *connection)
{
	put_spelled(connection, connection->position);
	connection_finish(connection);
}

static void end_endless(struct connection *connection)
{
	connection->position =
		put_spelled(connection, start_of(connection)) + 1;
	connection->left = UINT64_MAX;
}

static void produce_endless(struct connection *connection)
{
	if (put_spelled(connection, connection->position) ==
	    connection->position)
		connection_finish(connection);
}

static const struct answer answers[] = {
	{.path = "/raw/keep?", .end = put_all},
	{.path = "/raw/close?", .end = end_close},
	{.path = "/raw/reset?", .end = end_reset},
	{.path = "/raw/early?", .begin = put_all},
	{.path = "/raw/drip?", .end = begin_drip, .tick = tick_drip},
	{.path = "/raw/late?", .end = end_late, .tick = tick_late},
	{.path = "/raw/endless?",
	 .end = end_endless,
	 .produce = produce_endless},
};

const struct answer *raw_answer(struct connection *connection)
{
	const struct text *target = &connection->target;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		size_t size = strlen(answers[i].path);

		if (target->size >= size &&
		    !memcmp(target->data, answers[i].path, size))
			return &answers[i];
	}
	return NULL;
}
