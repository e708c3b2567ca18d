/* SPDX-License-Identifier: GPL-2.0-only */
/* Smooth weighted round robin: exact shares, and what a change of weight may
 * do. */
#include "terminator/balance.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MEMBERS = 8 };

static struct balance balance;

static void weigh(const uint32_t *weights, size_t count)
{
	while (balance.count < count)
		balance_add(&balance);
	for (size_t i = 0; i < count; i++)
		balance_weigh(&balance, i, weights[i]);
}

static void pick_many(unsigned picks, unsigned *ret_picked)
{
	memset(ret_picked, 0, MEMBERS * sizeof(*ret_picked));
	for (unsigned i = 0; i < picks; i++) {
		long one = balance_pick(&balance);

		cr_assert(one >= 0);
		ret_picked[one]++;
	}
}

Test(balance, the_known_sequence)
{
	static const uint32_t weights[] = {5, 1, 1};
	static const char expected[] = "aabacaa";
	char sequence[sizeof(expected)] = "";

	weigh(weights, 3);
	for (size_t i = 0; i < 7; i++)
		sequence[i] = 'a' + balance_pick(&balance);
	cr_expect_str_eq(sequence, expected);
}

Test(balance, shares_are_exact_in_each_round)
{
	static const struct {
		uint32_t weights[MEMBERS];
		size_t count;
	} rows[] = {
		{{1}, 1},
		{{1, 1}, 2},
		{{100, 300}, 2},
		{{0, 7, 0, 3}, 4},
		{{1, 2, 3, 4, 5, 6, 7, 8}, 8},
		{{256, 256, 25, 255}, 4},
	};
	unsigned picked[MEMBERS];

	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned sum = 0;

		memset(&balance, 0, sizeof(balance));
		weigh(rows[i].weights, rows[i].count);
		for (size_t k = 0; k < rows[i].count; k++)
			sum += rows[i].weights[k];
		for (unsigned round = 0; round < 3; round++) {
			pick_many(sum, picked);
			for (size_t k = 0; k < rows[i].count; k++)
				cr_expect_eq(picked[k], rows[i].weights[k],
					     "row %zu, member %zu", i, k);
		}
	}
}

Test(balance, nobody_to_pick)
{
	static const uint32_t weights[] = {0, 5};

	cr_expect_eq(balance_pick(&balance), -1);
	weigh(weights, 2);
	balance.entries[1].out = true;
	cr_expect_eq(balance_pick(&balance), -1);
	balance.entries[1].out = false;
	cr_expect_eq(balance_pick(&balance), 1);
}

/* One who is out for a while is not owed that time. */
Test(balance, back_after_a_time_out)
{
	static const uint32_t weights[] = {10, 10};
	unsigned picked[MEMBERS];

	weigh(weights, 2);
	balance.entries[0].out = true;
	pick_many(1000, picked);
	cr_expect_eq(picked[1], 1000);
	balance.entries[0].out = false;
	pick_many(20, picked);
	cr_expect_eq(picked[0], 10);
}

/* A debt from great weights must not starve it when weights are small. */
Test(balance, new_shares_hold_at_once)
{
	static const uint32_t before[] = {25600, 25600, 25600};
	static const uint32_t after[] = {256, 25600, 25600};
	static const uint32_t small[] = {3, 1, 0};
	unsigned picked[MEMBERS];

	weigh(before, 3);
	pick_many(100, picked);
	weigh(after, 3);
	pick_many(2010, picked);
	cr_expect(abs((int)picked[0] - 10) <= 1, "%u", picked[0]);
	cr_expect(abs((int)picked[1] - 1000) <= 2, "%u", picked[1]);
	weigh(small, 3);
	pick_many(40, picked);
	cr_expect(abs((int)picked[0] - 30) <= 1, "%u", picked[0]);
	cr_expect_eq(picked[2], 0);
}

/* One that comes is not owed what it missed; one that goes leaves no hole. */
Test(balance, coming_and_going)
{
	static const uint32_t weights[] = {30, 20, 10};
	unsigned picked[MEMBERS];

	weigh(weights, 3);
	for (unsigned i = 0; i < 1001; i++)
		balance_pick(&balance);
	for (unsigned i = 0; i < 100; i++) {
		balance_remove(&balance, 0);
		cr_expect_eq(balance.entries[0].weight, 10);
		balance_add(&balance);
		balance_weigh(&balance, 2, 30);
		balance_remove(&balance, 0);
		balance_add(&balance);
		balance_weigh(&balance, 2, 10);
		for (unsigned k = 0; k < 7; k++)
			balance_pick(&balance);
	}
	pick_many(600, picked);
	for (size_t i = 0; i < 3; i++)
		cr_expect(abs((int)picked[i] -
			      (int)balance.entries[i].weight * 10) <= 2,
			  "%u of %u", picked[i],
			  balance.entries[i].weight * 10);
}

/* Weights that change all the time, as health does, and a sum of credits that
 * must not run away. */
Test(balance, weights_that_change_all_the_time)
{
	unsigned picked[MEMBERS] = {0};
	double expected[MEMBERS] = {0};

	srand(1);
	for (size_t k = 0; k < 4; k++) {
		balance_add(&balance);
		balance_weigh(&balance, k, 100);
	}
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t sum = 0;

		if (i % 7 == 0)
			balance_weigh(&balance, rand() % 4,
				      100 + rand() % 25600);
		for (size_t k = 0; k < 4; k++)
			sum += balance.entries[k].weight;
		for (size_t k = 0; k < 4; k++)
			expected[k] += (double)balance.entries[k].weight / sum;
		picked[balance_pick(&balance)]++;
	}
	for (size_t k = 0; k < 4; k++) {
		cr_expect_float_eq(picked[k], expected[k], expected[k] / 50,
				   "%u of %.0f", picked[k], expected[k]);
		cr_expect(llabs(balance.entries[k].credit) < 4 * 25700);
	}
}
