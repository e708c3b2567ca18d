/* SPDX-License-Identifier: GPL-2.0-only */
/* The health factor of terminators by loop lag and connections. */
#include "healthd/load.h"

#include <criterion/criterion.h>

enum { COUNT = 3 };

static const struct qs_config_healthd config = {.lag_target_ms = 20,
						.terminator_minimum = 100};

static struct load loads[COUNT];
static struct load *list[COUNT] = {&loads[0], &loads[1], &loads[2]};

/* What three terminators report, and the factors that they come to. */
static const struct {
	const char *name;
	struct load_input inputs[COUNT];
	uint32_t factors[COUNT];
} cases[] = {
	{"idle", {{0, 0, 100}, {0, 0, 100}, {0, 0, 100}}, {1000, 1000, 1000}},
	{"lag up to the target",
	 {{20000, 0, 100}, {19000, 0, 100}, {0, 0, 100}},
	 {1000, 1000, 1000}},
	{"twice the target",
	 {{40000, 0, 100}, {0, 0, 100}, {0, 0, 100}},
	 {500, 1000, 1000}},
	{"no less than the minimum",
	 {{9000000, 0, 100}, {0, 0, 100}, {0, 0, 100}},
	 {100, 1000, 1000}},
	{"connections by weight",
	 {{0, 1000, 100}, {0, 2000, 200}, {0, 3000, 300}},
	 {1000, 1000, 1000}},
	{"a little more than its share",
	 {{0, 1200, 100}, {0, 1000, 100}, {0, 1000, 100}},
	 {1000, 1000, 1000}},
	{"1.5 times its share",
	 {{0, 1500, 100}, {0, 750, 100}, {0, 750, 100}},
	 {833, 1000, 1000}},
	{"all connections",
	 {{0, 3000, 100}, {0, 0, 100}, {0, 0, 100}},
	 {500, 1000, 1000}},
	{"too few connections to tell",
	 {{0, 99, 100}, {0, 0, 100}, {0, 0, 100}},
	 {1000, 1000, 1000}},
	{"both",
	 {{40000, 3000, 100}, {0, 0, 100}, {0, 0, 100}},
	 {250, 1000, 1000}},
	{"no weight at all",
	 {{0, 300, 0}, {0, 300, 0}, {0, 300, 0}},
	 {1000, 1000, 1000}},
};

static void begin(void)
{
	for (int i = 0; i < COUNT; i++)
		load_begin(&loads[i], QS_FACTOR_ONE);
}

Test(load, comes_to_a_factor)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin();
		for (int tick = 0; tick < 200; tick++)
			load_step(list, cases[i].inputs, COUNT, &config);
		for (int j = 0; j < COUNT; j++)
			cr_expect_eq(
				load_factor(&loads[j], 1), cases[i].factors[j],
				"%s: terminator %d: factor %u, not %u",
				cases[i].name, j, load_factor(&loads[j], 1),
				cases[i].factors[j]);
	}
}

Test(load, moves_in_small_steps)
{
	const struct load_input lag[COUNT] = {{9000000, 0, 100}};
	uint32_t before = QS_FACTOR_ONE;

	begin();
	for (int tick = 0; tick < 100; tick++) {
		uint32_t now;

		load_step(list, lag, 1, &config);
		now = load_factor(&loads[0], 1);
		cr_assert_leq(before - now, 100, "from %u to %u", before, now);
		before = now;
	}
}

Test(load, one_late_beat_is_no_lag)
{
	const struct load_input late[COUNT] = {{60000, 0, 100}};
	const struct load_input well[COUNT] = {{0, 0, 100}};

	begin();
	load_step(list, late, 1, &config);
	load_step(list, well, 1, &config);
	cr_assert_eq(load_factor(&loads[0], QS_FACTOR_ONE), QS_FACTOR_ONE);
}

Test(load, writes_only_what_differs_enough)
{
	struct load load;

	load_begin(&load, 500);
	cr_assert_eq(load_factor(&load, 500), 500);
	cr_assert_eq(load_factor(&load, 520), 520, "off by 4 %%");
	cr_assert_eq(load_factor(&load, 527), 500, "off by more than 5 %%");
	load_begin(&load, QS_FACTOR_ONE);
	cr_assert_eq(load_factor(&load, 980), QS_FACTOR_ONE, "back to one");
	cr_assert_eq(load_factor(&load, 0), QS_FACTOR_ONE, "an invalid one");
}
