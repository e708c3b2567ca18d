/* SPDX-License-Identifier: GPL-2.0-only */
/* Which backend gets which row, and what a killed process leaves. */
#include "healthd/rows.h"
#include "healthd/wanted.h"
#include "loader/lib/parse.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 8 };

static struct qs_backend rows[ROWS];

static struct wanted want(const char *name, const char *endpoint)
{
	struct wanted wanted = {.pool = "web",
				.weight = 100,
				.max_ejected = 80,
				.wish = {.weight = QS_WEIGHT_UNSET}};

	snprintf(wanted.name, sizeof(wanted.name), "%s", name);
	cr_assert_eq(qs_parse_endpoint(endpoint, &wanted.address), 0);
	return wanted;
}

static struct rows_result reconcile(struct wanted *wanted, size_t count)
{
	return rows_reconcile(rows, ROWS, wanted, count, 4000);
}

static void two_backends(struct wanted *wanted)
{
	wanted[0] = want("a", "127.0.0.1:1");
	wanted[1] = want("b", "127.0.0.1:2");
	reconcile(wanted, 2);
}

Test(rows, fills_new_ones)
{
	struct wanted wanted[2];

	two_backends(wanted);
	cr_assert_eq(wanted[0].row, 0);
	cr_assert_eq(wanted[1].row, 1);
	cr_assert_str_eq(rows[1].name, "b");
	cr_assert_str_eq(rows[1].pool, "web");
	cr_assert_eq(rows[1].port, 2);
	cr_assert_eq(rows[1].state, QS_BACKEND_ACTIVE);
	cr_assert_eq(rows[1].weight, 100);
	cr_assert_eq(rows[1].max_ejected, 80);
	cr_assert_eq(rows[1].factor, QS_FACTOR_ONE);
	cr_assert_eq(rows[1].wish.weight, QS_WEIGHT_UNSET);
	cr_assert_eq(rows[1].health, QS_HEALTH_UNKNOWN);
	cr_assert(rows[0].id && rows[1].id && rows[0].id != rows[1].id);
}

Test(rows, of_what_is_wanted_already_keep_what_is_known)
{
	struct wanted wanted[2];
	struct qs_backend before;
	struct rows_result result;

	two_backends(wanted);
	rows[1].breaker = QS_BREAKER_OPEN;
	rows[1].openings = 7;
	rows[1].factor = 333;
	rows[1].health = QS_HEALTH_DOWN;
	before = rows[1];
	result = reconcile(wanted, 2);
	cr_assert_eq(result.added + result.removed + result.returned, 0);
	cr_assert_arr_eq(&rows[1], &before, sizeof(before));
	wanted[1].weight = 5;
	wanted[1].wish.drain = 1;
	reconcile(wanted, 2);
	cr_assert_eq(rows[1].weight, 5);
	cr_assert_eq(rows[1].wish.drain, 1);
	cr_assert_eq(rows[1].openings, 7);
}

Test(rows, drain_when_unwanted_and_come_back)
{
	struct wanted wanted[2];
	struct rows_result result;
	uint32_t id;

	two_backends(wanted);
	id = rows[0].id;
	rows[0].effective = 25600;
	result = reconcile(&wanted[1], 1);
	cr_assert_eq(result.removed, 1);
	cr_assert_eq(rows[0].state, QS_BACKEND_DRAINING);
	cr_assert_eq(rows[0].effective, 0);
	cr_assert_eq(wanted[1].row, 1, "it was moved");
	result = reconcile(wanted, 2);
	cr_assert_eq(result.returned, 1);
	cr_assert_eq(rows[0].state, QS_BACKEND_ACTIVE);
	cr_assert_eq(rows[0].id, id);
}

Test(rows, that_come_or_come_back_start_slowly)
{
	static const struct qs_config_pool slow = {.slow_start_ms = 1000};
	struct wanted wanted[2];

	two_backends(wanted);
	cr_expect_eq(rows[0].withheld, 0);
	wanted[0].config = wanted[1].config = &slow;
	reconcile(&wanted[1], 1);
	cr_expect_eq(rows[1].withheld, 0, "it was there");
	reconcile(wanted, 2);
	cr_expect_gt(rows[0].withheld, 0);
	rows[0].slow_start_ns = 5;
	wanted[0] = want("c", "127.0.0.1:3");
	wanted[0].config = &slow;
	reconcile(wanted, 2);
	cr_expect_gt(rows[2].withheld, 0);
	cr_expect_eq(rows[2].slow_start_ns, 0, "not begun");
}

Test(rows, that_drain_are_not_given_away)
{
	struct wanted wanted[2], other = want("c", "127.0.0.1:3");

	two_backends(wanted);
	reconcile(&other, 1);
	cr_assert_eq(other.row, 2);
	cr_assert_eq(rows[0].state, QS_BACKEND_DRAINING);
}

Test(rows, that_are_given_to_others_have_new_ids)
{
	struct wanted wanted[2], other = want("c", "127.0.0.1:3");
	uint32_t id;

	two_backends(wanted);
	id = rows[1].id;
	rows[1].trial_episode = 12;
	rows[1].openings = 3;
	reconcile(wanted, 1);
	rows_free(&rows[1]);
	reconcile(&other, 1);
	cr_assert_eq(other.row, 1);
	cr_assert_gt(rows[1].id, id);
	cr_assert_eq(rows[1].trial_episode, 12,
		     "terminators count trials of an older time");
	cr_assert_eq(rows[1].openings, 0);
}

Test(rows, ids_wrap_around_zero_and_those_in_use)
{
	struct wanted wanted[2], other = want("c", "127.0.0.1:3");

	two_backends(wanted);
	rows[0].id = 1;
	rows[1].id = UINT32_MAX;
	reconcile(&other, 1);
	cr_assert_eq(rows[2].id, 2);
}

Test(rows, are_by_pool_name_address_and_port)
{
	struct wanted wanted[2], others[4];

	two_backends(wanted);
	others[0] = wanted[0];
	snprintf(others[0].pool, sizeof(others[0].pool), "api");
	others[1] = want("a", "127.0.0.2:1");
	others[2] = want("a", "127.0.0.1:9");
	others[3] = want("z", "127.0.0.1:1");
	cr_assert_eq(reconcile(others, 4).added, 4);
}

Test(rows, that_do_not_fit_are_counted)
{
	struct wanted wanted[ROWS + 3];
	struct rows_result result;

	for (int i = 0; i < ROWS + 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "b%d", i);
		wanted[i] = want(name, "127.0.0.1:1");
	}
	result = reconcile(wanted, ROWS + 3);
	cr_assert_eq(result.added, ROWS);
	cr_assert_eq(result.refused, 3);
	cr_assert_eq(wanted[ROWS].row, -1);
}

/* What a process that was killed in the middle, or bad memory, leaves. */
Test(rows, are_repaired)
{
	struct wanted wanted[2];

	two_backends(wanted);
	cr_assert_eq(rows_repair(rows, ROWS, 4000), 0, "nothing is wrong");
	rows[0].breaker = 9;
	rows[0].health = 9;
	rows[0].factor = 0;
	rows[1].id = 0;
	rows[2] = rows[0];
	rows[3] = (struct qs_backend){.state = 99, .name = "x", .pool = "p"};
	rows[4] = (struct qs_backend){.state = QS_BACKEND_ACTIVE};
	rows[5] = (struct qs_backend){.name = "half", .pool = "web", .id = 6};
	cr_assert_eq(rows_repair(rows, ROWS, 4000), 5);
	cr_assert_eq(rows[0].breaker, QS_BREAKER_CLOSED);
	cr_assert_eq(rows[0].health, QS_HEALTH_UNKNOWN);
	cr_assert_eq(rows[0].factor, QS_FACTOR_ONE);
	cr_assert(rows[1].id && rows[1].id != rows[0].id);
	for (int i = 2; i < ROWS; i++)
		cr_assert_eq(rows[i].state, QS_BACKEND_FREE, "row %d", i);
	cr_assert_eq(rows_repair(rows, ROWS, 4000), 0);
	cr_assert_eq(reconcile(wanted, 2).added, 0);
}

Test(rows, with_the_id_of_another_get_a_new_one)
{
	struct wanted wanted[2];

	two_backends(wanted);
	rows[1].id = rows[0].id;
	cr_assert_eq(rows_repair(rows, ROWS, 4000), 1);
	cr_assert_neq(rows[1].id, rows[0].id);
}

static struct qs_config_backend host_name = {
	.name = "api", .host = "api.test", .address = {.port = 8080}};
static const struct qs_config_pool pool = {.name = "web"};

Test(wanted, an_address_each_of_a_host_name)
{
	struct addresses addresses = {0};
	struct wanted wanted[4];
	struct qs_vip_key one;

	qs_parse_endpoint("192.0.2.1:1", &one);
	addresses_add(&addresses, &one);
	addresses_add(&addresses, &one);
	qs_parse_endpoint("[2001:db8::1]:1", &one);
	addresses_add(&addresses, &one);
	cr_assert_eq(wanted_add(wanted, 4, 1, &pool, &host_name, &addresses),
		     3);
	cr_assert_str_eq(wanted[1].name, "api@192.0.2.1:8080");
	cr_assert_str_eq(wanted[2].name, "api@[2001:db8::1]:8080");
	cr_assert_eq(wanted[2].address.port, 8080);
	cr_assert_eq(wanted_add(wanted, 2, 1, &pool, &host_name, &addresses), 3,
		     "what does not fit is counted, too");
}

Test(wanted, a_numeric_one_by_its_own_name)
{
	const struct addresses none = {0};
	struct qs_config_backend numeric = {.name = "n", .is_address = true};
	struct wanted wanted[1];

	qs_parse_endpoint("192.0.2.7:81", &numeric.address);
	cr_assert_eq(wanted_add(wanted, 1, 0, &pool, &numeric, &none), 1);
	cr_assert_str_eq(wanted[0].name, "n");
	cr_assert_eq(wanted[0].address.port, 81);
}

Test(wanted, addresses_are_found_again_in_the_rows)
{
	struct wanted wanted[3] = {
		want("api@192.0.2.1:8080", "192.0.2.1:8080"),
		want("api@192.0.2.2:8080", "192.0.2.2:8080"),
		want("apix@192.0.2.3:8080", "192.0.2.3:8080")};
	struct addresses addresses = {0}, other = {0};

	reconcile(wanted, 3);
	reconcile(&wanted[1], 2);
	wanted_from_rows(&addresses, &pool, &host_name, rows, ROWS);
	cr_assert_eq(addresses.count, 1, "only active rows of its name");
	cr_assert_arr_eq(addresses.list[0].address, wanted[1].address.address,
			 16);
	cr_assert_not(addresses_equal(&addresses, &other));
	addresses_add(&other, &wanted[1].address);
	cr_assert(addresses_equal(&addresses, &other));
}
