/* SPDX-License-Identifier: GPL-2.0-only */
/* Ways of balancing and sessions that are bound, on rows that change. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/lib/effective.h"
#include "tests/unit/upstream_rows.h"

#define HELLO "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

enum { SCAN_MS = 120, SERVERS = 3, KEYS = 60 };

static const struct step hello = {"\r\n\r\n", HELLO, STEP_KEEP};
static const struct step silence = {"\r\n\r\n", NULL, STEP_KEEP};

static struct bed bed;
static struct script servers[SERVERS];
static struct qs_pool_stats *const counts = &proxy.pool[0];

/* Backends of weight 100 each in the rows; no pool yet. */
static void begin(void)
{
	memset(&proxy, 0, sizeof(proxy));
	rows_open(&bed);
	for (unsigned i = 0; i < SERVERS; i++) {
		script_listen(&servers[i], &bed, &hello, 1);
		servers[i].repeat = true;
		rows_fill(i, "a", &servers[i], 100);
		rows[i].weight = 100;
		rows[i].wish.weight = QS_WEIGHT_UNSET;
	}
}

static void finish(void)
{
	for (size_t i = 0; i < SERVERS; i++)
		script_stop(&servers[i]);
	bed_close(&bed);
}

TestSuite(upstream_affinity, .init = begin, .fini = finish);

static void by_header(void)
{
	bed.options.affinity = QS_AFFINITY_HEADER;
	bed.options.affinity_header = (char *)"x-key";
	rows_pools(&bed, "a");
}

/* Sends a request with this field and returns the server that answered. */
static int ask(const char *name, const char *value, char *cookie, size_t size)
{
	const char *fields[] = {name, value, NULL};
	unsigned before[SERVERS];
	struct front front = {0};
	const char *set;
	int server = -1;

	for (int i = 0; i < SERVERS; i++)
		before[i] = servers[i].answers;
	front_start(&front, &bed, "GET /", name ? fields : NULL);
	bed_run(&bed, front_done, &front);
	cr_assert_eq(front.status, 200, "%u", front.status);
	for (int i = 0; i < SERVERS; i++)
		if (servers[i].answers != before[i])
			server = i;
	text_add(&front.fields, "", 1);
	set = strstr(front.fields.data, "set-cookie: ");
	if (cookie)
		snprintf(cookie, size, "%.*s",
			 set ? (int)strcspn(set + 12, ";") : 0,
			 set ? set + 12 : "");
	front_free(&front);
	return server;
}

static int ask_key(unsigned key)
{
	char text[16];

	snprintf(text, sizeof(text), "key-%u", key);
	return ask("x-key", text, NULL, 0);
}

static void place(int places[KEYS])
{
	for (unsigned key = 0; key < KEYS; key++)
		places[key] = ask_key(key);
}

#define COUNTED(name) counts->counters.affinity_##name

Test(upstream_affinity, a_field_binds_whatever_the_weights_do)
{
	int before[KEYS], after[KEYS];
	unsigned each[SERVERS] = {0};

	by_header();
	place(before);
	for (unsigned key = 0; key < KEYS; key++)
		each[before[key]]++;
	for (unsigned i = 0; i < SERVERS; i++)
		cr_expect(each[i] > KEYS / 6, "%u", each[i]);
	/* Health and slow start. */
	rows[0].effective /= 10;
	rows[1].effective /= 20;
	place(after);
	cr_expect_arr_eq(before, after, sizeof(before));
	cr_expect_eq(COUNTED(bound), KEYS);
	cr_expect_eq(COUNTED(moved), 0);
}

Test(upstream_affinity, sessions_move_with_a_broken_backend_only)
{
	int before[KEYS], after[KEYS];
	unsigned moved = 0;

	by_header();
	place(before);
	rows[1].breaker = QS_BREAKER_OPEN;
	rows[1].effective = 0;
	place(after);
	for (unsigned key = 0; key < KEYS; key++) {
		moved += before[key] != after[key];
		cr_expect_neq(after[key], 1);
		if (before[key] != 1)
			cr_expect_eq(before[key], after[key]);
	}
	cr_expect_eq(COUNTED(moved), moved);
	/* One that is kept by the cap on ejections is not gone. */
	rows[1].kept = 1;
	place(after);
	cr_expect_arr_eq(before, after, sizeof(before));
}

Test(upstream_affinity, trials_come_from_sessions_of_the_backend)
{
	int before[KEYS];
	unsigned answers;

	by_header();
	place(before);
	rows[2].breaker = QS_BREAKER_HALF_OPEN;
	rows[2].trial_episode = 1;
	rows[2].trial_limit = 3;
	answers = servers[2].answers;
	for (unsigned key = 0; key < KEYS; key++)
		ask_key(key);
	cr_expect_eq(servers[2].answers - answers, 3);
}

Test(upstream_affinity, sessions_stay_while_their_backend_drains)
{
	int before[KEYS], after[KEYS];

	by_header();
	place(before);
	rows[0].state = QS_BACKEND_DRAINING;
	rows[0].effective = 0;
	bed_wait(&bed, SCAN_MS);
	place(after);
	cr_expect_arr_eq(before, after, sizeof(before));
	rows[0].state = QS_BACKEND_FREE;
	bed_wait(&bed, SCAN_MS);
	place(after);
	for (unsigned key = 0; key < KEYS; key++)
		cr_expect_neq(after[key], 0);
}

/* A process that begins while it drains knows it, too. */
Test(upstream_affinity, sessions_find_a_backend_that_drains)
{
	unsigned key = 0;

	rows[0].state = QS_BACKEND_DRAINING;
	rows[0].effective = 0;
	by_header();
	while (key < KEYS && ask_key(key) != 0)
		key++;
	cr_expect_lt(key, KEYS);
	for (unsigned i = 0; i < 10; i++)
		cr_expect_neq(ask(NULL, NULL, NULL, 0), 0);
}

/* Connection refused: the request goes on, and the session with it. */
Test(upstream_affinity, a_backend_that_refuses_is_left)
{
	unsigned key = 0;

	by_header();
	while (ask_key(key) != 1)
		key++;
	script_stop(&servers[1]);
	cr_expect_neq(ask_key(key), 1);
	cr_expect_eq(COUNTED(moved), 1);
	script_listen(&servers[1], &bed, &hello, 1);
}

static bool is_waited_for(void *data)
{
	return servers[*(int *)data].received > 0;
}

/* How many of some other sessions are answered soon. */
static unsigned ask_others(void)
{
	unsigned answered = 0;

	for (unsigned key = 1; key <= 20; key++) {
		const char *fields[] = {"x-key", NULL, NULL};
		struct front front = {0};
		char text[16];

		snprintf(text, sizeof(text), "key-%u", key);
		fields[1] = text;
		front_start(&front, &bed, "GET /", fields);
		bed_wait(&bed, 10);
		answered += front.status == 200;
		front_free(&front);
	}
	return answered;
}

/* A session waits for its own backend, and keeps nobody else from theirs. */
Test(upstream_affinity, a_busy_backend_is_waited_for)
{
	static const char *const first[] = {"x-key", "key-0", NULL};
	struct front fronts[2] = {0};
	int home;

	bed.options.max_connections = 1;
	by_header();
	home = ask_key(0);
	servers[home].steps = &silence;
	servers[home].received = 0;
	front_start(&fronts[0], &bed, "GET /", first);
	bed_run(&bed, is_waited_for, &home);
	front_start(&fronts[1], &bed, "GET /", first);
	bed_wait(&bed, 20);
	cr_expect_eq(fronts[1].status, 0, "it waits");
	cr_expect_eq(servers[home].open, 1);
	cr_expect_geq(ask_others(), 8, "others are served meanwhile");
	servers[home].steps = &hello;
	script_say(&servers[home], HELLO);
	bed_run(&bed, front_done, &fronts[0]);
	bed_run(&bed, front_done, &fronts[1]);
	cr_expect_eq(fronts[0].status, 200);
	cr_expect_eq(fronts[1].status, 200);
	front_free(&fronts[0]);
	front_free(&fronts[1]);
	cr_expect_eq(COUNTED(moved), 0);
}

static void by_cookie(void)
{
	bed.options.affinity = QS_AFFINITY_COOKIE;
	rows_pools(&bed, "a");
}

Test(upstream_affinity, a_cookie_binds)
{
	char cookie[128], again[128];
	int home;

	by_cookie();
	for (unsigned i = 0; i < 5; i++) {
		home = ask(NULL, NULL, cookie, sizeof(cookie));
		cr_assert_eq(strncmp(cookie, "quicsteer-a=", 12), 0, "%s",
			     cookie);
		for (unsigned k = 0; k < 5; k++) {
			cr_expect_eq(
				ask("cookie", cookie, again, sizeof(again)),
				home);
			cr_expect_str_eq(again, "", "it is set once");
		}
	}
	cr_expect_eq(COUNTED(bound), 5);
	cr_expect_eq(COUNTED(moved) + COUNTED(invalid), 0);
	/* No weight: no new sessions, but those that are. */
	rows[home].effective = 0;
	rows[home].wish.weight = 0;
	cr_expect_eq(ask("cookie", cookie, again, sizeof(again)), home);
	for (unsigned i = 0; i < 10; i++)
		cr_expect_neq(ask(NULL, NULL, NULL, 0), home);
	/* Broken: it moves, and stays there. */
	rows[home].wish.breaker = QS_WISH_OPEN;
	cr_expect_neq(ask("cookie", cookie, again, sizeof(again)), home);
	cr_expect_eq(COUNTED(moved), 1);
	rows[home].wish.breaker = QS_WISH_AUTO;
	cr_expect_neq(ask("cookie", again, cookie, sizeof(cookie)), home);
	cr_expect_str_eq(cookie, "");
	cr_expect_eq(COUNTED(moved), 1);
}

/* The answer to a failure of ours is no backend's. */
Test(upstream_affinity, no_cookie_without_a_backend)
{
	struct front front = {0};

	by_cookie();
	for (unsigned i = 0; i < SERVERS; i++)
		rows[i].effective = 0;
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 503);
	text_add(&front.fields, "", 1);
	cr_expect_null(strstr(front.fields.data, "set-cookie"));
	cr_expect_eq(COUNTED(bound), 0);
	front_free(&front);
}

Test(upstream_affinity, a_bad_cookie_is_counted)
{
	char cookie[128];

	by_cookie();
	ask("cookie", "quicsteer-a=AAAA; quicsteer-a=", cookie, sizeof(cookie));
	cr_expect_neq(cookie[0], '\0');
	cr_expect_eq(COUNTED(invalid), 1);
	cr_expect_eq(COUNTED(bound), 1);
	cookie[20] ^= 1;
	ask("cookie", cookie, cookie, sizeof(cookie));
	cr_expect_eq(COUNTED(invalid), 2);
}

Test(upstream_affinity, hashed_keys_and_requests_without_one)
{
	int before[KEYS], after[KEYS];
	unsigned others = 0;

	bed.options.balance = QS_BALANCE_HASH;
	bed.options.hash_key = (char *)"header:x-key";
	rows_pools(&bed, "a");
	place(before);
	place(after);
	cr_expect_arr_eq(before, after, sizeof(before));
	for (unsigned i = 0; i < 30; i++)
		others += ask(NULL, NULL, NULL, 0) == 0;
	cr_expect_eq(others, 10, "in turn");
	cr_expect_eq(COUNTED(bound), 0);
}

/* A new way holds for the next request. */
Test(upstream_affinity, every_way_answers)
{
	for (int way = QS_BALANCE_ROUND_ROBIN; way <= QS_BALANCE_LATENCY;
	     way++) {
		unsigned each[SERVERS] = {0};

		bed.options.balance = way;
		bed.options.hash_key = (char *)"path";
		rows_pools(&bed, "a");
		for (unsigned i = 0; i < 90; i++)
			each[ask(NULL, NULL, NULL, 0)]++;
		if (way == QS_BALANCE_HASH)
			cr_expect(each[0] == 90 || each[1] == 90 ||
				  each[2] == 90);
		/* A hiccup of the machine is latency like any other. */
		else if (way != QS_BALANCE_LATENCY)
			for (unsigned i = 0; i < SERVERS; i++)
				cr_expect(each[i] > 5, "%d: %u", way, each[i]);
	}
}
