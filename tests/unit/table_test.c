/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of new connections: shares, and how little moves. */
#include "loader/lib/table.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct qs_lookup_table table, other, third;
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

static void build(struct qs_lookup_table *of,
		  const struct qs_lookup_table *before, size_t count)
{
	cr_assert_eq(qs_table_build(of, before, members, count), 0);
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
	cr_assert_eq(
		qs_table_build(&table, NULL, members, QS_MAX_TERMINATORS + 1),
		-EINVAL);
	members[3].name = members[200].name;
	cr_assert_eq(qs_table_build(&table, NULL, members, QS_MAX_TERMINATORS),
		     -EINVAL);
	cr_assert_eq(count_slot(0x5555), QS_LOOKUP_SIZE, "it was touched");
}

Test(table, is_empty_without_members)
{
	make_members(2);
	members[0].weight = members[1].weight = 0;
	build(&table, NULL, 0);
	cr_assert_eq(count_slot(QS_NO_SLOT), QS_LOOKUP_SIZE);
	memset(&table, 0, sizeof(table));
	build(&table, NULL, 2);
	cr_assert_eq(count_slot(QS_NO_SLOT), QS_LOOKUP_SIZE);
}

Test(table, shares_are_equal_within_one_percent)
{
	size_t worst_count = 0;
	double worst = 0;

	for (size_t count = 1; count <= 64; count++) {
		double fair = (double)QS_LOOKUP_SIZE / count;

		make_members(count);
		build(&table, NULL, count);
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
	build(&table, NULL, 6);
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
	build(&table, NULL, 5);
	for (size_t i = 0; i < 5; i++) {
		members[i].name = names[4 - i];
		members[i].slot = 4 - i + 108;
	}
	build(&other, NULL, 5);
	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		cr_assert_eq(other.slot[i], table.slot[i] + 100,
			     "entry %zu: a restart moves keys", i);
}

/* What is from scratch on both sides moves more than it must: a death of one
 * of 64 moves half a per cent of the others' entries. */
Test(table, death_moves_nothing_else)
{
	static const size_t counts[] = {2, 3, 4, 8, 16, 64};

	for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++) {
		size_t count = counts[k], back = 0;

		make_members(count);
		build(&table, NULL, count);
		cr_assert_eq(
			qs_table_build(&other, &table, members + 1, count - 1),
			0);
		cr_assert_eq(count_moved(members[0].slot), 0);
		build(&third, &other, count);
		for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
			back += table.slot[i] == members[0].slot &&
				third.slot[i] == members[0].slot;
		printf("# one of %zu dies and comes back: it gets back %.0f %% "
		       "of what it had\n",
		       count, 100.0 * back / count_slot(members[0].slot));
		cr_assert_geq(back, count_slot(members[0].slot) / 2);
	}
}

Test(table, weight_change_moves_nothing_else)
{
	make_members(10);
	build(&table, NULL, 10);
	members[4].weight = 50;
	build(&other, &table, 10);
	cr_assert_eq(count_moved(members[4].slot), 0);
	build(&third, &other, 10);
	cr_assert_arr_eq(&third, &other, sizeof(other),
			 "it moves without a change");
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
			qs_table_build(&table, NULL, members, counts[k]);
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

/* No share is more than one entry off, nor more than 1 % if that is more. */
static void check_shares(const struct qs_lookup_table *of, size_t count)
{
	static size_t have[1 << 16];
	double sum = 0;

	memset(have, 0, sizeof(have));
	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		have[of->slot[i]]++;
	for (size_t i = 0; i < count; i++)
		sum += members[i].weight;
	for (size_t i = 0; i < count; i++) {
		double fair = QS_LOOKUP_SIZE * members[i].weight / sum;

		cr_assert_lt(fabs(have[members[i].slot] - fair), 1,
			     "%zu members, weight %u: %zu entries, not %.1f",
			     count, members[i].weight, have[members[i].slot],
			     fair);
		have[members[i].slot] = 0;
	}
	for (size_t i = 0; i < sizeof(have) / sizeof(*have); i++)
		cr_assert_eq(have[i], 0, "slot %zu is nobody's", i);
}

/* Entries that would move if they could be cut to any size. */
static double unavoidable_shares(const __u32 *before, size_t count)
{
	double old = 0, new = 0, more = 0;

	for (size_t i = 0; i < count; i++) {
		old += before[i];
		new += members[i].weight;
	}
	for (size_t i = 0; i < count; i++) {
		double gain = members[i].weight / new - before[i] / old;

		more += gain > 0 ? gain : 0;
	}
	return more * QS_LOOKUP_SIZE;
}

static __u32 random_weight(void)
{
	return random() % 4 ? 1 + random() % 65535 : (__u32)random() % 2;
}

/* Makes one to all of the weights a little or altogether others. */
static void change_weights(size_t count)
{
	size_t changes = random() % 3 ? 1 : 1 + random() % count;

	while (changes--) {
		__u32 *weight = &members[random() % count].weight;
		__u32 step = 1 + *weight / (1 << random() % 12);

		if (random() % 4 == 0)
			*weight = random_weight();
		else if (random() % 2)
			*weight += step > 65535 - *weight ? 0 : step;
		else
			*weight -= step > *weight ? 0 : step;
	}
	members[0].weight = members[0].weight ?: 1;
}

/* Thousands of changes of all sizes, one after the other: each moves exactly
 * the entries that it must, and shares stay as right as from scratch. */
Test(table, changes_move_what_they_must)
{
	static const size_t sizes[] = {2, 10, 100, 1000, QS_LOOKUP_SIZE};
	double worst[5] = {0}, must;
	__u32 before[QS_MAX_TERMINATORS];
	size_t moved, size;

	srandom(4);
	for (int run = 0; run < 20; run++) {
		size_t count = 2 + random() % (run % 5 ? 63 : 255);

		make_members(count);
		for (size_t i = 0; i < count; i++)
			members[i].weight = random_weight();
		members[0].weight = 1000;
		build(&table, NULL, count);
		for (int round = 0; round < 100; round++) {
			for (size_t i = 0; i < count; i++)
				before[i] = members[i].weight;
			change_weights(count);
			build(&other, &table, count);
			check_shares(&other, count);
			moved = moved_entries();
			cr_assert_eq(moved, unavoidable_entries(count));
			must = unavoidable_shares(before, count);
			for (size = 0; must > sizes[size]; size++)
				;
			if (moved / must > worst[size])
				worst[size] = moved / must;
			/* 1.3 for all that an entry is not too coarse for */
			cr_assert_leq(moved, 1.1 * must + 2);
			table = other;
		}
	}
	for (size = 0; size < 5; size++)
		printf("# changes of up to %zu entries move at most %.2f times "
		       "that\n",
		       sizes[size], worst[size]);
}

/* What was there before does not matter to the shares. */
Test(table, repairs_any_table)
{
	make_members(64);
	memset(&table, 0, sizeof(table));
	build(&other, &table, 64);
	check_shares(&other, 64);
	build(&table, NULL, 64);
	cr_assert_arr_eq(&table, &other, sizeof(table),
			 "nobody's slot is as none");
	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		table.slot[i] = random();
	build(&other, &table, 64);
	check_shares(&other, 64);
	memset(&table, members[3].slot, sizeof(table));
	build(&other, &table, 64);
	check_shares(&other, 64);
}

/* Weights that go up and down by a thousandth, as health factors do: a
 * share of 100.4 that becomes 100.6 moves no entry. */
Test(table, small_changes_do_not_add_up)
{
	double must = 0, moved = 0;
	__u32 before[64];

	srandom(5);
	make_members(64);
	for (size_t i = 0; i < 64; i++)
		members[i].weight = 20000 + random() % 40000;
	build(&table, NULL, 64);
	for (int round = 0; round < 1000; round++) {
		__u32 *weight = &members[random() % 64].weight;

		for (size_t i = 0; i < 64; i++)
			before[i] = members[i].weight;
		*weight += (int)(*weight / 1000) * (random() % 2 ? 1 : -1);
		build(&other, &table, 64);
		check_shares(&other, 64);
		must += unavoidable_shares(before, 64);
		moved += moved_entries();
		table = other;
	}
	printf("# 1000 changes by %.1f entries on average move %.2f times "
	       "that\n",
	       must / 1000, moved / must);
	cr_assert_leq(moved, 0.9 * must);
}
