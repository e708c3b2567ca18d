/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows that the terminator fills itself: who keeps its ID, and what does not
 * fit. */
#include "terminator/own_rows.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/lib/effective.h"

static struct own_rows own;
static struct qs_backend list[QS_MAX_BACKENDS];
static char error[256];

/* Backends of consecutive ports from `first`, of weight 10. */
static void make_list(unsigned first, size_t count)
{
	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < count; i++) {
		snprintf(list[i].name, sizeof(list[i].name), "b-%zu",
			 first + i);
		snprintf(list[i].pool, sizeof(list[i].pool), "p");
		list[i].port = first + i;
		list[i].weight = 10;
	}
}

static const struct qs_backend *by_port(unsigned port)
{
	for (size_t i = 0; i < QS_MAX_BACKENDS; i++)
		if (own.rows[i].port == port && own.rows[i].state)
			return &own.rows[i];
	return NULL;
}

Test(own_rows, those_that_stay_keep_their_id)
{
	__u32 id;

	make_list(1, 3);
	cr_assert_eq(own_rows_set(&own, list, 3), 0);
	id = by_port(2)->id;
	cr_expect_neq(id, 0);
	cr_expect_eq(by_port(2)->effective, 10 * QS_EFFECTIVE_SCALE);
	make_list(2, 3);
	list[0].weight = 7;
	cr_assert_eq(own_rows_set(&own, list, 3), 0);
	cr_expect_eq(by_port(1)->state, QS_BACKEND_DRAINING);
	cr_expect_eq(by_port(1)->effective, 0);
	cr_expect_eq(by_port(2)->id, id);
	cr_expect_eq(by_port(2)->effective, 7 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(by_port(4)->state, QS_BACKEND_ACTIVE);
	make_list(1, 3);
	cr_assert_eq(own_rows_set(&own, list, 3), 0);
	cr_expect_eq(by_port(1)->state, QS_BACKEND_ACTIVE, "back in time");
	cr_expect_eq(by_port(1)->effective, 10 * QS_EFFECTIVE_SCALE);
}

Test(own_rows, rows_that_drain_are_in_use)
{
	make_list(1, 200);
	cr_assert_eq(own_rows_set(&own, list, 200), 0);
	make_list(1001, 57);
	cr_expect_eq(own_rows_set(&own, list, 57), -ENOSPC);
	cr_expect_eq(by_port(1)->state, QS_BACKEND_ACTIVE, "nothing changed");
	cr_expect_null(by_port(1001));
	make_list(1001, 56);
	cr_expect_eq(own_rows_set(&own, list, 56), 0);
	own_rows_give_up(&own, by_port(5) - own.rows);
	make_list(1001, 57);
	cr_expect_eq(own_rows_set(&own, list, 57), 0);
	cr_expect_eq(by_port(1057)->id, 257, "an ID of its own");
}

Test(own_rows, wanted)
{
	struct qs_config_backend backends[2] = {
		{.name = (char *)"web-1",
		 .host = (char *)"192.0.2.1",
		 .is_address = true,
		 .address = {.port = 80},
		 .weight = 5},
		{.name = (char *)"web-2",
		 .host = (char *)"localhost",
		 .address = {.port = 8080},
		 .weight = 6},
	};
	struct qs_config_pool pool = {.name = (char *)"web",
				      .backends = backends,
				      .backend_count = 2};
	struct qs_backend *wanted;
	size_t count;

	cr_assert_eq(own_rows_wanted(&pool, 1, &wanted, &count, error,
				     sizeof(error)),
		     0, "%s", error);
	cr_assert_geq(count, 2);
	cr_expect_str_eq(wanted[0].name, "web-1");
	cr_expect_str_eq(wanted[0].pool, "web");
	cr_expect_eq(wanted[0].weight, 5);
	cr_expect_eq(wanted[1].port, 8080);
	cr_expect_eq(wanted[1].weight, 6);
	cr_expect(!strcmp(wanted[1].name, "web-2@127.0.0.1:8080") ||
			  !strcmp(wanted[1].name, "web-2@[::1]:8080"),
		  "%s", wanted[1].name);
	free(wanted);
	/* A label of no letters is refused without asking anybody. */
	backends[1].host = (char *)"a..b";
	cr_expect_eq(own_rows_wanted(&pool, 1, &wanted, &count, error,
				     sizeof(error)),
		     -EHOSTUNREACH);
	cr_expect_eq(strncmp(error, "backend web-2: cannot look a..b up: ", 36),
		     0, "%s", error);
}
