/* SPDX-License-Identifier: GPL-2.0-only */
/* The weighted Maglev table: shares, and how little moves. */
#include "loader/lib/table.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct qs_lookup_table table, other;
static char names[QS_MAX_TERMINATORS + 1][QS_NAME_SIZE];
static struct qs_table_member members[QS_MAX_TERMINATORS + 1];

/* t1, t2, ... of weight 100; the slot of each is 7 more than its number. */
static void make_members(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "t%zu", i + 1);
		members[i] = (struct qs_table_member){
			.name = names[i],
			.slot = i + 8,
			.weight = 100,
		};
	}
}

static size_t count_slot(__u16 slot)
{
	size_t count = 0;

	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		count += table.slot[i] == slot;
	return count;
}

/* Entries that changed, other than those that were or became `slot`. */
static size_t count_moved(__u16 slot)
{
	size_t count = 0;

	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		count += table.slot[i] != other.slot[i] &&
			 table.slot[i] != slot && other.slot[i] != slot;
	return count;
}

Test(table, refuses_too_many_and_equal_names)
{
	make_members(QS_MAX_TERMINATORS + 1);
	memset(&table, 0x55, sizeof(table));
	cr_assert_eq(qs_table_build(&table, members, QS_MAX_TERMINATORS + 1),
		     -EINVAL);
	members[3].name = members[200].name;
	cr_assert_eq(qs_table_build(&table, members, QS_MAX_TERMINATORS),
		     -EINVAL);
	cr_assert_eq(count_slot(0x5555), QS_LOOKUP_SIZE, "it was touched");
}

Test(table, is_empty_without_members)
{
	make_members(2);
	members[0].weight = members[1].weight = 0;
	cr_assert_eq(qs_table_build(&table, members, 0), 0);
	cr_assert_eq(count_slot(QS_NO_SLOT), QS_LOOKUP_SIZE);
	memset(&table, 0, sizeof(table));
	cr_assert_eq(qs_table_build(&table, members, 2), 0);
	cr_assert_eq(count_slot(QS_NO_SLOT), QS_LOOKUP_SIZE);
}

Test(table, shares_are_equal_within_one_percent)
{
	size_t worst_count = 0;
	double worst = 0;

	for (size_t count = 1; count <= 64; count++) {
		double fair = (double)QS_LOOKUP_SIZE / count;

		make_members(count);
		cr_assert_eq(qs_table_build(&table, members, count), 0);
		for (size_t i = 0; i < count; i++) {
			double off = count_slot(members[i].slot) / fair - 1;

			if (off < 0)
				off = -off;
			if (off > worst) {
				worst = off;
				worst_count = count;
			}
		}
	}
	printf("# worst share of equals: %.3f %% off, of %zu\n", worst * 100,
	       worst_count);
	cr_assert_leq(worst, 0.01);
}

Test(table, shares_are_as_the_weights)
{
	static const __u32 weights[] = {1, 100, 200, 0, 65535, 300};
	double sum = 0;

	make_members(6);
	for (size_t i = 0; i < 6; i++) {
		members[i].weight = weights[i];
		sum += weights[i];
	}
	cr_assert_eq(qs_table_build(&table, members, 6), 0);
	for (size_t i = 0; i < 6; i++) {
		double fair = QS_LOOKUP_SIZE * weights[i] / sum;
		double share = count_slot(members[i].slot);

		/* The last round may be cut short: one entry either way. */
		cr_assert(share >= fair - 2 && share <= fair + 2,
			  "weight %u: %.0f of %.1f entries", weights[i], share,
			  fair);
	}
}

Test(table, depends_on_names_and_not_on_order_or_slot)
{
	make_members(5);
	cr_assert_eq(qs_table_build(&table, members, 5), 0);
	for (size_t i = 0; i < 5; i++) {
		members[i].name = names[4 - i];
		members[i].slot = 4 - i + 108;
	}
	cr_assert_eq(qs_table_build(&other, members, 5), 0);
	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		cr_assert_eq(other.slot[i], table.slot[i] + 100,
			     "entry %zu: a restart moves keys", i);
}

/* Removing one of N must move its own entries and few others. */
Test(table, death_moves_little_else)
{
	static const size_t counts[] = {2, 3, 4, 8, 16, 64};

	for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++) {
		size_t count = counts[k], moved;

		make_members(count);
		cr_assert_eq(qs_table_build(&table, members, count), 0);
		cr_assert_eq(qs_table_build(&other, members + 1, count - 1), 0);
		moved = count_moved(members[0].slot);
		printf("# one of %zu dies: %.2f %% of the others' entries "
		       "move\n",
		       count, 100.0 * moved / QS_LOOKUP_SIZE);
		cr_assert_leq(moved, QS_LOOKUP_SIZE / 100);
	}
}

Test(table, weight_change_moves_little_else)
{
	size_t moved;

	make_members(10);
	cr_assert_eq(qs_table_build(&table, members, 10), 0);
	members[4].weight = 50;
	cr_assert_eq(qs_table_build(&other, members, 10), 0);
	moved = count_moved(members[4].slot);
	printf("# one of 10 halves its weight: %.2f %% of the others' entries "
	       "move\n",
	       100.0 * moved / QS_LOOKUP_SIZE);
	cr_assert_leq(moved, QS_LOOKUP_SIZE / 50);
}

/* A rebuild stands between a death and the next connection. */
Test(table, is_built_in_little_time)
{
	static const size_t counts[] = {3, 64, QS_MAX_TERMINATORS};

	for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++) {
		struct timespec begin, end;
		double best = 1e9, time;

		make_members(counts[k]);
		for (int i = 0; i < 10; i++) {
			clock_gettime(CLOCK_MONOTONIC, &begin);
			qs_table_build(&table, members, counts[k]);
			clock_gettime(CLOCK_MONOTONIC, &end);
			time = (end.tv_sec - begin.tv_sec) * 1e3 +
			       (end.tv_nsec - begin.tv_nsec) / 1e6;
			if (time < best)
				best = time;
		}
		printf("# table of %zu: %.2f ms\n", counts[k], best);
		/* Some 1 ms; sanitizers and busy machines are slower. */
		cr_assert_leq(best, 100);
	}
}

static size_t moved_entries(void)
{
	size_t moved = 0;

	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		moved += table.slot[i] != other.slot[i];
	return moved;
}

/* Entries that must move, as one has more of them than before. */
static size_t unavoidable_entries(size_t count)
{
	int more[QS_MAX_TERMINATORS] = {0};
	size_t sum = 0;

	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++) {
		more[other.slot[i]]++;
		more[table.slot[i]]--;
	}
	for (size_t i = 0; i < count; i++)
		if (more[members[i].slot] > 0)
			sum += more[members[i].slot];
	return sum;
}

/* Random weights of all sizes, of which one changes at random. Where few
 * entries have to move, Maglev's own disturbance is more than those. */
Test(table, random_weights_and_changes)
{
	size_t excess = 0;
	double worst = 0;

	srandom(4);
	for (int round = 0; round < 60; round++) {
		size_t count = 2 + random() % 63, one = random() % count, moved;
		size_t must;
		double sum = 0;

		make_members(count);
		for (size_t i = 0; i < count; i++) {
			members[i].weight = 1 + random() % 65535;
			sum += members[i].weight;
		}
		cr_assert_eq(qs_table_build(&table, members, count), 0);
		for (size_t i = 0; i < count; i++) {
			double fair = QS_LOOKUP_SIZE * members[i].weight / sum;
			double off = fabs(count_slot(members[i].slot) - fair);

			cr_assert(off <= fair / 100 || off <= 2,
				  "%zu members, weight %u: %.1f entries off",
				  count, members[i].weight, off);
		}
		members[one].weight = random() % 65536;
		cr_assert_eq(qs_table_build(&other, members, count), 0);
		moved = moved_entries();
		must = unavoidable_entries(count);
		if (must > QS_LOOKUP_SIZE / 50 && (double)moved / must > worst)
			worst = (double)moved / must;
		if (moved - must > excess)
			excess = moved - must;
	}
	printf("# a weight changes: at most %.2f times the unavoidable entries "
	       "move if these are 2 %% of all, else %.2f %% of all more\n",
	       worst, 100.0 * excess / QS_LOOKUP_SIZE);
	cr_assert_leq(excess, QS_LOOKUP_SIZE / 100);
	cr_assert_leq(worst, 1.3);
}
