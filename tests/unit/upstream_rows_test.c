/* SPDX-License-Identifier: GPL-2.0-only */
/* Backends that come, change and go in the rows, and pools in the
 * configuration, while requests are under way. */
#include <criterion/criterion.h>
#include <string.h>

#include "loader/lib/effective.h"
#include "tests/unit/upstream_rows.h"

#define HELLO "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

/* Longer than from one scan to the next. */
enum { SCAN_MS = 120, SERVERS = 3 };

static const struct step hello = {"\r\n\r\n", HELLO, STEP_KEEP};
static const struct step silence = {"\r\n\r\n", NULL, STEP_KEEP};

static struct bed bed;
static struct script servers[SERVERS];
static struct front front;

/* Servers that say hello to everybody; nothing is in the rows. */
static void begin(void)
{
	rows_open(&bed);
	for (size_t i = 0; i < SERVERS; i++) {
		script_listen(&servers[i], &bed, &hello, 1);
		servers[i].repeat = true;
	}
}

static void finish(void)
{
	front_free(&front);
	for (size_t i = 0; i < SERVERS; i++)
		script_stop(&servers[i]);
	bed_close(&bed);
}

static void expect_shares(unsigned first, unsigned second)
{
	unsigned before[2] = {servers[0].answers, servers[1].answers};

	for (unsigned i = 0; i < first + second; i++)
		cr_assert_eq(rows_get(&bed), 200);
	cr_expect_eq(servers[0].answers - before[0], first, "%u",
		     servers[0].answers - before[0]);
	cr_expect_eq(servers[1].answers - before[1], second);
}

TestSuite(upstream_rows, .init = begin, .fini = finish);

Test(upstream_rows, weights_hold_at_once)
{
	rows_fill(3, "a", &servers[0], 100);
	rows_fill(200, "a", &servers[1], 300);
	rows_fill(201, "b", &servers[2], 300);
	rows_pools(&bed, "ab");
	expect_shares(50, 150);
	rows[3].effective = 900 * QS_EFFECTIVE_SCALE;
	expect_shares(150, 50);
	rows[200].effective = 0;
	expect_shares(20, 0);
	rows[3].effective = 0;
	rows[200].effective = 1;
	expect_shares(0, 20);
	cr_expect_eq(servers[2].answers, 0, "of another pool");
	cr_expect_leq(servers[0].connections + servers[1].connections, 2);
}

Test(upstream_rows, nobody_has_weight)
{
	rows_fill(0, "a", &servers[0], 0);
	rows_pools(&bed, "a");
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 503);
	cr_expect_str_eq(front_body(&front),
			 "503 Service Unavailable: no backend takes requests "
			 "now\n");
	cr_expect_eq(servers[0].connections, 0);
}

Test(upstream_rows, no_route)
{
	cr_expect_eq(rows_get(&bed), 404, "no configuration yet");
	rows_fill(0, "b", &servers[0], 1);
	rows_pools(&bed, "b");
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 404);
	cr_expect_eq(bed.stats.counters.responses_4xx, 2);
}

/* healthd may come to a new pool later than we do. */
Test(upstream_rows, a_new_pool_waits_for_its_first_row)
{
	rows_pools(&bed, "a");
	front_start(&front, &bed, "GET /", NULL);
	bed_wait(&bed, 200);
	cr_expect_eq(front.status, 0);
	rows_fill(0, "a", &servers[0], 1);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200);
}

Test(upstream_rows, but_not_for_ever)
{
	rows_pools(&bed, "a");
	cr_expect_eq(rows_get(&bed), 503);
	front_start(&front, &bed, "GET /", NULL);
	bed_wait(&bed, 50);
	cr_expect_eq(front.status, 503, "and the next one not at all");
}

Test(upstream_rows, a_backend_comes)
{
	rows_fill(0, "a", &servers[0], 100);
	rows_pools(&bed, "a");
	expect_shares(10, 0);
	rows_fill(1, "a", &servers[1], 100);
	bed_wait(&bed, SCAN_MS);
	expect_shares(10, 10);
}

Test(upstream_rows, a_backend_drains)
{
	struct front other = {0};

	rows_fill(0, "a", &servers[0], 100);
	rows_fill(1, "a", &servers[1], 100);
	rows_pools(&bed, "a");
	expect_shares(2, 2);
	servers[0].steps = &silence;
	front_start(&front, &bed, "GET /", NULL);
	front_start(&other, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &other);
	rows[0].state = QS_BACKEND_DRAINING;
	expect_shares(0, 20);
	bed_wait(&bed, SCAN_MS);
	cr_expect_eq(servers[0].open, 1, "the one with a request");
	rows[0].state = QS_BACKEND_FREE;
	bed_wait(&bed, SCAN_MS);
	cr_expect_eq(front.status, 0);
	script_say(&servers[0], HELLO);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200, "in flight: it finishes");
	bed_run(&bed, script_is_left, &servers[0]);
	expect_shares(0, 5);
	front_free(&other);
}

Test(upstream_rows, idle_connections_of_a_drained_backend_are_closed)
{
	rows_fill(0, "a", &servers[0], 100);
	rows_fill(1, "a", &servers[1], 100);
	rows_pools(&bed, "a");
	expect_shares(2, 2);
	rows[0].state = QS_BACKEND_DRAINING;
	bed_run(&bed, script_is_left, &servers[0]);
	cr_expect_eq(servers[1].open, 1);
	rows[0].state = QS_BACKEND_ACTIVE;
	bed_wait(&bed, SCAN_MS);
	expect_shares(5, 5);
}

/* A request whose kept-alive connection broke goes elsewhere, and on a new
 * connection: the next one might break, too. */
Test(upstream_rows, a_stale_connection_to_a_drained_backend)
{
	rows_fill(0, "a", &servers[0], 100);
	rows_fill(1, "a", &servers[1], 100);
	rows_pools(&bed, "a");
	expect_shares(1, 1);
	servers[0].steps = &silence;
	front_start(&front, &bed, "GET /", NULL);
	bed_wait(&bed, 20);
	rows[0].state = QS_BACKEND_DRAINING;
	bed_wait(&bed, SCAN_MS);
	script_close_peers(&servers[0], false);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200);
	cr_expect_eq(servers[0].connections, 1);
	cr_expect_eq(servers[1].connections, 2);
}

/* The row is another's before we looked: no request may go to the old address
 * as the new backend's, nor the other way round. */
Test(upstream_rows, a_row_is_given_to_another)
{
	rows_fill(0, "a", &servers[0], 100);
	rows_fill(1, "a", &servers[1], 1);
	rows_pools(&bed, "a");
	cr_expect_eq(rows_get(&bed), 200);
	cr_expect_eq(servers[0].answers, 1);
	rows_fill(0, "a", &servers[2], 100);
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(rows_get(&bed), 200);
	cr_expect_eq(servers[0].answers, 1);
	bed_wait(&bed, SCAN_MS);
	cr_expect_eq(servers[0].open, 0);
	for (unsigned i = 0; i < 101; i++)
		cr_expect_eq(rows_get(&bed), 200);
	cr_expect_eq(servers[2].answers + servers[1].answers, 104);
	cr_expect_geq(servers[2].answers, 99);
}

/* Rows of a pool are drained before we hear that the pool is gone. */
Test(upstream_rows, all_are_drained)
{
	rows_fill(0, "a", &servers[0], 100);
	rows_fill(1, "a", &servers[1], 300);
	rows_pools(&bed, "a");
	cr_expect_eq(rows_get(&bed), 200);
	rows[0].state = rows[1].state = QS_BACKEND_DRAINING;
	rows[0].effective = rows[1].effective = 0;
	expect_shares(5, 5);
	bed_wait(&bed, SCAN_MS);
	expect_shares(5, 5);
	rows[0].state = rows[1].state = QS_BACKEND_FREE;
	bed_wait(&bed, SCAN_MS);
	cr_expect_eq(rows_get(&bed), 503);
}

Test(upstream_rows, trials)
{
	rows_fill(0, "a", &servers[0], 100);
	rows_fill(1, "a", &servers[1], 100);
	rows[0].breaker = QS_BREAKER_HALF_OPEN;
	rows[0].trial_limit = 3;
	rows[0].trial_episode = 1;
	rows_pools(&bed, "a");
	expect_shares(3, 17);
	cr_expect_eq(proxy.backend[0].counters.trials, 3);
	cr_expect_eq(trials[0].taken, 1ULL << 32 | 3);
	rows[0].trial_episode = 2;
	trials[0].taken = 2ULL << 32 | 2;
	expect_shares(1, 9);
	rows[0].wish.breaker = QS_WISH_CLOSED;
	expect_shares(5, 5);
	cr_expect_eq(proxy.backend[0].counters.trials, 4);
	rows[0].wish.breaker = QS_WISH_AUTO;
	rows[1].effective = 0;
	cr_expect_eq(rows_get(&bed), 503, "no trial is left");
	rows[0].breaker = QS_BREAKER_CLOSED;
	expect_shares(1, 0);
}

Test(upstream_rows, a_pool_goes_with_its_last_request)
{
	servers[0].steps = &silence;
	rows_fill(0, "a", &servers[0], 100);
	rows_fill(1, "b", &servers[1], 100);
	rows_pools(&bed, "a");
	front_start(&front, &bed, "GET /", NULL);
	bed_wait(&bed, 20);
	rows_pools(&bed, "b");
	cr_expect_eq(rows_get(&bed), 404);
	bed_wait(&bed, SCAN_MS);
	script_say(&servers[0], HELLO);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200);
	front_free(&front);
	bed_run(&bed, script_is_left, &servers[0]);
}

Test(upstream_rows, a_pool_comes_back)
{
	servers[0].steps = &silence;
	rows_fill(0, "a", &servers[0], 100);
	rows_pools(&bed, "a");
	front_start(&front, &bed, "GET /", NULL);
	bed_wait(&bed, 20);
	rows_pools(&bed, "b");
	rows_pools(&bed, "ba");
	script_say(&servers[0], HELLO);
	bed_run(&bed, front_done, &front);
	front_free(&front);
	servers[0].steps = &hello;
	expect_shares(10, 0);
	cr_expect_eq(servers[0].connections, 1);
}

/* Who waits for a connection must not fail because the pool goes. */
Test(upstream_rows, waiting_in_a_pool_that_goes)
{
	struct front other = {0};

	bed.options.max_connections = 1;
	servers[0].steps = &silence;
	rows_fill(0, "a", &servers[0], 100);
	rows_pools(&bed, "a");
	front_start(&front, &bed, "GET /1", NULL);
	front_start(&other, &bed, "GET /2", NULL);
	bed_wait(&bed, 20);
	rows_pools(&bed, "b");
	rows[0].state = QS_BACKEND_DRAINING;
	rows[0].effective = 0;
	bed_wait(&bed, SCAN_MS);
	servers[0].steps = &hello;
	script_say(&servers[0], HELLO);
	bed_run(&bed, front_done, &other);
	cr_expect_eq(front.status, 200);
	cr_expect_eq(other.status, 200);
	front_free(&other);
}

/* A new backend is for those who wait, too. */
Test(upstream_rows, a_backend_comes_to_those_who_wait)
{
	struct front other = {0};

	bed.options.max_connections = 1;
	servers[0].steps = &silence;
	rows_fill(0, "a", &servers[0], 100);
	rows_pools(&bed, "a");
	front_start(&front, &bed, "GET /1", NULL);
	front_start(&other, &bed, "GET /2", NULL);
	bed_wait(&bed, 20);
	rows_fill(1, "a", &servers[1], 1);
	bed_run(&bed, front_done, &other);
	cr_expect_eq(other.status, 200);
	cr_expect_eq(servers[1].answers, 1);
	front_free(&other);
}

/* Limits of a pool change while it works. */
Test(upstream_rows, limits_change_live)
{
	struct front other = {0};

	bed.options.max_connections = 1;
	servers[0].steps = &silence;
	rows_fill(0, "a", &servers[0], 100);
	rows_pools(&bed, "a");
	front_start(&front, &bed, "GET /1", NULL);
	front_start(&other, &bed, "GET /2", NULL);
	bed_wait(&bed, 20);
	cr_expect_eq(servers[0].connections, 1);
	bed.options.max_connections = 2;
	rows_pools(&bed, "a");
	bed_wait(&bed, 50);
	cr_expect_eq(servers[0].connections, 2);
	bed.options.max_connections = 3;
	bed.options.response_timeout_ms = 100;
	rows_pools(&bed, "a");
	cr_expect_eq(rows_get(&bed), 504);
	front_free(&other);
}
