/* SPDX-License-Identifier: GPL-2.0-only */
/* The rebuild of the lookup in the maps: its generations, and that it begins
 * from the one in force. */
#include "loader/lib/lookup.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct qs_settings settings;
static struct qs_terminator terminators[QS_MAX_TERMINATORS];
static char tables[2 * sizeof(struct qs_lookup_table) + 64];
static struct qs_maps maps = {
	.settings = &settings,
	.terminators = terminators,
	.lookup = tables,
};
static struct qs_lookup_table before;

static const struct qs_lookup_table *now(void)
{
	return qs_maps_table(&maps, settings.lookup_generation);
}

static void set(int slot, const char *name, enum qs_terminator_state state)
{
	terminators[slot] = (struct qs_terminator){
		.state = state,
		.weight = 100,
		.factor = QS_FACTOR_ONE,
		.wish.weight = QS_WEIGHT_UNSET,
	};
	snprintf(terminators[slot].name, QS_NAME_SIZE, "%s", name);
}

/* Three live ones in slots 1 to 3; their table is in `before`. */
static void set_up(void)
{
	set(1, "t1", QS_TERMINATOR_LIVE);
	set(2, "t2", QS_TERMINATOR_LIVE);
	set(3, "t3", QS_TERMINATOR_LIVE);
	cr_assert_eq(qs_lookup_rebuild(&maps), 3);
	before = *now();
}

TestSuite(lookup, .init = set_up);

Test(lookup, two_generations_take_turns)
{
	__u32 generation = settings.lookup_generation;

	cr_assert_eq(qs_lookup_rebuild(&maps), 3);
	cr_assert_eq(settings.lookup_generation, !generation);
	cr_assert_arr_eq(now(), &before, sizeof(before), "nothing changed");
	cr_assert_eq(qs_lookup_rebuild(&maps), 3);
	cr_assert_eq(settings.lookup_generation, generation);
	cr_assert_arr_eq(now(), &before, sizeof(before), "nothing changed");
}

Test(lookup, a_successor_gets_what_its_predecessor_had)
{
	static const enum qs_terminator_state gone[] = {QS_TERMINATOR_DRAINING,
							QS_TERMINATOR_DEAD};

	for (int one = 0; one < 2; one++) {
		set_up();
		terminators[2].state = gone[one];
		set(9 + one, "t2", QS_TERMINATOR_LIVE);
		cr_assert_eq(qs_lookup_rebuild(&maps), 3);
		for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
			cr_assert_eq(now()->slot[i], before.slot[i] == 2
							     ? 9 + one
							     : before.slot[i]);
		terminators[9 + one].state = QS_TERMINATOR_FREE;
	}
}

Test(lookup, the_dead_leave_theirs_to_others)
{
	terminators[2].state = QS_TERMINATOR_DEAD;
	cr_assert_eq(qs_lookup_rebuild(&maps), 2);
	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		if (before.slot[i] == 2)
			cr_assert(now()->slot[i] == 1 || now()->slot[i] == 3);
		else
			cr_assert_eq(now()->slot[i], before.slot[i]);
}

Test(lookup, nobody_is_left_and_somebody_comes)
{
	for (int slot = 1; slot <= 3; slot++)
		terminators[slot].state = QS_TERMINATOR_DEAD;
	cr_assert_eq(qs_lookup_rebuild(&maps), 0);
	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		cr_assert_eq(now()->slot[i], QS_NO_SLOT);
	set_up();
	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		cr_assert(now()->slot[i] >= 1 && now()->slot[i] <= 3);
}
