/* SPDX-License-Identifier: GPL-2.0-only */
/* Choosing without a memory: the shares that come out, how evenly the power of
 * two choices loads, and how few keys move. */
#include "terminator/balance.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 64, KEYS = 100000 };

static struct balance_candidate list[MOST];
static uint64_t state = 1;

/* xorshift64* (Vigna, 2016). */
static uint64_t next_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static void weigh(const uint32_t *weights, size_t count)
{
	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < count; i++) {
		list[i].weight = weights[i];
		list[i].identity = next_random();
	}
}

/* The largest difference of a share from that of its weight. */
static double worst_share(const unsigned *picked, size_t count)
{
	double weights = 0, picks = 0, worst = 0;

	for (size_t i = 0; i < count; i++) {
		weights += list[i].weight;
		picks += picked[i];
	}
	for (size_t i = 0; i < count; i++)
		worst = fmax(worst, fabs(picked[i] / picks -
					 list[i].weight / weights));
	return worst;
}

static const struct {
	uint32_t weights[5];
	size_t count;
} tables[] = {
	{{100, 100, 100}, 3},
	{{5, 3, 2}, 3},
	{{1, 2, 4, 8, 16}, 5},
	{{25600, 0, 100 * 256, 256, 12800}, 5},
	{{7}, 1},
};

#define EACH_TABLE(i) \
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)

typedef long pick_two(const struct balance_candidate *candidates, size_t count,
		      uint64_t random);

static pick_two *const two[] = {balance_pick_least, balance_pick_fastest};

/* One request at a time: nothing but the weights counts. */
Test(balance_pick, idle_shares_are_those_of_the_weights)
{
	for (size_t k = 0; k < 2; k++) {
		EACH_TABLE(i)
		{
			unsigned picked[MOST] = {0};

			weigh(tables[i].weights, tables[i].count);
			for (unsigned n = 0; n < KEYS; n++) {
				long one = two[k](list, tables[i].count,
						  next_random());

				cr_assert(one >= 0 && list[one].weight);
				picked[one]++;
			}
			cr_expect(worst_share(picked, tables[i].count) < 0.01,
				  "table %zu", i);
		}
	}
}

Test(balance_pick, nobody_to_pick)
{
	static const uint32_t none[] = {0, 0}, last[] = {0, 0, 3};

	for (size_t k = 0; k < 2; k++) {
		weigh(none, 2);
		cr_expect_eq(two[k](list, 0, 1), -1);
		cr_expect_eq(two[k](list, 2, UINT64_MAX), -1);
		weigh(last, 3);
		cr_expect_eq(two[k](list, 3, UINT64_MAX), 2);
		cr_expect_eq(two[k](list, 3, 0), 2);
	}
	weigh(none, 2);
	cr_expect_eq(balance_pick_hashed(list, 0, 7, 0), -1);
	cr_expect_eq(balance_pick_hashed(list, 2, 7, 1250), -1);
	weigh(last, 3);
	cr_expect_eq(balance_pick_hashed(list, 3, 7, 1250), 2);
}

/* A thousand requests that never end: two choices keep them even to a few,
 * where one choice at random would be off by tens. */
Test(balance_pick, two_choices_load_evenly)
{
	static const uint32_t weights[] = {2, 1, 1, 2, 1, 1, 1, 1};
	double worst = 0;

	weigh(weights, 8);
	for (unsigned n = 0; n < 1000; n++)
		list[balance_pick_least(list, 8, next_random())].load++;
	for (size_t i = 0; i < 8; i++)
		worst = fmax(worst, fabs(list[i].load - 100.0 * weights[i]));
	printf("# 1000 requests on 8 backends: at most %.0f from their share\n",
	       worst);
	cr_expect(worst <= 6, "%.0f", worst);
}

/* Whoever is ten times slower gets a tenth or so of the others. */
Test(balance_pick, the_slow_one_gets_less)
{
	static const uint32_t weights[] = {1, 1, 1, 1};
	uint64_t busy_until[4][64] = {0};
	unsigned picked[4] = {0};

	weigh(weights, 4);
	for (uint64_t now = 0; now < 200000; now++) {
		long one;

		for (size_t i = 0; i < 4; i++) {
			list[i].load = 0;
			list[i].latency_us = i ? 1000 : 10000;
			for (size_t k = 0; k < 64; k++)
				list[i].load += busy_until[i][k] > now;
		}
		one = balance_pick_fastest(list, 4, next_random());
		picked[one]++;
		for (size_t k = 0; k < 64; k++) {
			if (busy_until[one][k] > now)
				continue;
			busy_until[one][k] = now + list[one].latency_us / 100;
			break;
		}
	}
	printf("# ten times slower than three others: %u of %u requests\n",
	       picked[0], picked[0] + picked[1] + picked[2] + picked[3]);
	cr_expect(picked[0] < picked[1] / 5, "%u and %u", picked[0], picked[1]);
	cr_expect(picked[0] > 0);
}

Test(balance_pick, small_differences_of_latency_are_none)
{
	static const uint32_t weights[] = {1, 1};
	unsigned picked[MOST] = {0};

	weigh(weights, 2);
	list[0].latency_us = 1000;
	list[1].latency_us = 1150;
	for (unsigned n = 0; n < KEYS; n++)
		picked[balance_pick_fastest(list, 2, next_random())]++;
	cr_expect(worst_share(picked, 2) < 0.01);
	list[1].latency_us = 1300;
	for (unsigned n = 0; n < 1000; n++)
		cr_assert_eq(balance_pick_fastest(list, 2, next_random()), 0);
	/* Until the faster one is that much busier. */
	list[0].load = 1;
	cr_expect_eq(balance_pick_fastest(list, 2, next_random()), 1);
}

static void place_keys(size_t count, uint8_t *ret_places)
{
	for (uint64_t key = 0; key < KEYS; key++)
		ret_places[key] = (uint8_t)balance_pick_hashed(
			list, count, key * 0x9e3779b9, 0);
}

Test(balance_pick, hashed_shares_are_those_of_the_weights)
{
	static uint8_t places[KEYS];

	EACH_TABLE(i)
	{
		unsigned picked[MOST] = {0};

		weigh(tables[i].weights, tables[i].count);
		place_keys(tables[i].count, places);
		for (size_t k = 0; k < KEYS; k++)
			picked[places[k]]++;
		cr_expect(worst_share(picked, tables[i].count) < 0.01,
			  "table %zu", i);
	}
}

/* Only the keys of the one that goes move, to all the others, and it gets the
 * same ones back. */
Test(balance_pick, keys_move_only_with_their_candidate)
{
	static uint8_t before[KEYS], after[KEYS], again[KEYS];
	static const uint32_t weights[] = {3, 1, 2, 4, 2, 2, 1, 5};
	unsigned moved = 0, owned = 0, received[8] = {0};

	weigh(weights, 8);
	place_keys(8, before);
	list[3].weight = 0;
	place_keys(8, after);
	list[3].weight = 4;
	place_keys(8, again);
	cr_expect_arr_eq(before, again, KEYS);
	for (size_t k = 0; k < KEYS; k++) {
		owned += before[k] == 3;
		if (before[k] == after[k])
			continue;
		moved++;
		cr_assert_eq(before[k], 3);
		received[after[k]]++;
	}
	printf("# one of 8 gone: %u of %d keys moved, %u were its own\n", moved,
	       KEYS, owned);
	cr_expect_eq(moved, owned);
	list[3].weight = 0;
	cr_expect(worst_share(received, 8) < 0.02);
}

/* A place in the list is no identity. */
Test(balance_pick, order_changes_nothing)
{
	static const uint32_t weights[] = {3, 1, 2, 4};
	static uint8_t before[KEYS], after[KEYS];

	weigh(weights, 4);
	place_keys(4, before);
	for (size_t i = 0; i < 2; i++) {
		struct balance_candidate one = list[i];

		list[i] = list[3 - i];
		list[3 - i] = one;
	}
	place_keys(4, after);
	for (size_t k = 0; k < KEYS; k++)
		cr_assert_eq(after[k], 3 - before[k]);
}

/* More weight takes keys from the others, and none moves between these. */
Test(balance_pick, weights_move_no_more_than_they_must)
{
	static uint8_t before[KEYS], after[KEYS];
	static const uint32_t weights[] = {100, 100, 100, 100};
	unsigned moved = 0;
	double needed = KEYS * (200.0 / 500 - 100.0 / 400);

	weigh(weights, 4);
	place_keys(4, before);
	list[2].weight = 200;
	place_keys(4, after);
	for (size_t k = 0; k < KEYS; k++) {
		if (before[k] == after[k])
			continue;
		moved++;
		cr_assert_eq(after[k], 2);
	}
	printf("# weight doubled: %u keys moved, %.0f had to\n", moved, needed);
	cr_expect_float_eq(moved, needed, needed / 20);
}

/* Zipf's law on the keys: without a bound the one of the hot key gets far more
 * than its share, with it nobody has more than that. */
Test(balance_pick, load_is_bounded)
{
	static const uint32_t weights[] = {1, 1, 1, 2};
	unsigned over = 0;

	weigh(weights, 4);
	for (unsigned n = 1; n <= 2000; n++) {
		uint64_t random = next_random();
		uint64_t key = random % 3 ? 1 : random >> 32;
		long one = balance_pick_hashed(list, 4, key, 1250);

		cr_assert(one >= 0);
		list[one].load++;
		over += (list[one].load - 1) * 5000 >=
			1250 * n * list[one].weight;
	}
	cr_expect_eq(over, 0);
	printf("# bound 125%%: loads %u %u %u (share 400), %u (share 800)\n",
	       list[0].load, list[1].load, list[2].load, list[3].load);
	list[0].load = 0;
	cr_expect(balance_pick_hashed(list, 4, 1, 1250) >= 0);
}

/* Who is passed over for a time gets its keys again after. */
Test(balance_pick, a_full_one_is_passed_over)
{
	static const uint32_t weights[] = {1, 1, 1};
	long home, next;

	weigh(weights, 3);
	home = balance_pick_hashed(list, 3, 42, 1250);
	list[home].load = 10;
	next = balance_pick_hashed(list, 3, 42, 1250);
	cr_expect_neq(next, home);
	cr_expect_eq(balance_pick_hashed(list, 3, 42, 0), home);
	list[home].weight = 0;
	cr_expect_eq(balance_pick_hashed(list, 3, 42, 0), next);
	list[home].weight = 1;
	list[home].load = 0;
	cr_expect_eq(balance_pick_hashed(list, 3, 42, 1250), home);
}
