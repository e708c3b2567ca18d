/* SPDX-License-Identifier: GPL-2.0-only */
/* Backends, weights, pools and limits change at random while requests are under
 * way: none may fail. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/lib/effective.h"
#include "tests/unit/upstream_rows.h"

#define HELLO "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

enum { SERVERS = 4, FRONTS = 12, REQUESTS = 30000, ROWS = 16 };

static const struct step hello = {"\r\n\r\n", HELLO, STEP_KEEP};

static struct bed bed;
static struct script servers[SERVERS];
static struct front fronts[FRONTS];
static unsigned changes, finished;

static unsigned count_active(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < ROWS; i++)
		count += rows[i].state == QS_BACKEND_ACTIVE;
	return count;
}

/* As healthd does it: a row is drained, later given up, later another's. The
 * pool keeps one backend at least, but that may be a new one. */
static void change_row(void)
{
	unsigned i = rand() % ROWS;

	if (rows[i].state == QS_BACKEND_FREE) {
		rows_fill(i, "a", &servers[rand() % SERVERS], 1 + rand() % 99);
	} else if (rows[i].state == QS_BACKEND_DRAINING) {
		if (count_active())
			rows[i].state = QS_BACKEND_FREE;
	} else if (count_active() > 1) {
		rows[i].state = QS_BACKEND_DRAINING;
		rows[i].effective = 0;
	} else {
		rows[i].effective = QS_EFFECTIVE_SCALE * (1 + rand() % 99);
	}
}

static void change_config(void)
{
	static const char *const pools[] = {"a", "ab", "ba", "abc"};

	bed.options.max_connections = 1 + rand() % 4;
	bed.options.keepalive_connections = rand() % 3;
	rows_pools(&bed, pools[rand() % 4]);
}

static void change(void)
{
	changes++;
	if (rand() % 8)
		change_row();
	else
		change_config();
}

/* Ends the requests that are done, and begins others. */
static void go_on(void)
{
	for (size_t i = 0; i < FRONTS; i++) {
		struct front *front = &fronts[i];

		if (front->exchange && !front_done(front))
			continue;
		if (front->exchange) {
			cr_assert_eq(front->status, 200, "%u: %s",
				     front->status, front_body(front));
			cr_assert(front->complete);
			finished++;
			front_free(front);
		}
		front_start(front, &bed, rand() % 2 ? "GET /" : "POST /", NULL);
	}
}

Test(upstream_churn, nothing_fails)
{
	srand(7);
	rows_open(&bed);
	for (size_t i = 0; i < SERVERS; i++) {
		script_listen(&servers[i], &bed, &hello, 1);
		servers[i].repeat = true;
	}
	rows_fill(0, "a", &servers[0], 1);
	change_config();
	while (finished < REQUESTS) {
		go_on();
		change();
		uv_run(&bed.loop, UV_RUN_NOWAIT);
	}
	printf("# %u requests, %u changes, %llu connections\n", finished,
	       changes,
	       (unsigned long long)bed.stats.counters.upstream_connects);
	for (size_t i = 0; i < FRONTS; i++)
		front_free(&fronts[i]);
	for (size_t i = 0; i < SERVERS; i++)
		script_stop(&servers[i]);
	bed_close(&bed);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < QS_BACKEND_GAUGE_COUNT; k++)
			cr_expect_eq(proxy.backend[i].gauge[k], 0);
}
