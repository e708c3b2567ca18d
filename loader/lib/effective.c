/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/effective.h"

#include <stdbool.h>
#include <string.h>

static __u32 scaled(__u32 weight, __u32 factor, __u32 scale)
{
	__u64 share = (__u64)weight * factor * scale / QS_FACTOR_ONE;

	return weight && !share ? 1 : share;
}

static __u32 wanted_weight(const struct qs_wish *wish, __u32 weight)
{
	if (wish->drain)
		return 0;
	return wish->weight == QS_WEIGHT_UNSET ? weight : wish->weight;
}

static bool is_open(const struct qs_terminator *terminator)
{
	if (terminator->wish.breaker == QS_WISH_AUTO)
		return terminator->breaker == QS_BREAKER_OPEN;
	return terminator->wish.breaker == QS_WISH_OPEN;
}

/* Disregards what healthd opened if `all`. Returns the sum of the shares. */
static __u64 share_out(struct qs_terminator *terminators, size_t count,
		       bool all)
{
	__u64 sum = 0;

	for (size_t i = 0; i < count; i++) {
		struct qs_terminator *one = &terminators[i];
		bool open =
			all ? one->wish.breaker == QS_WISH_OPEN : is_open(one);
		__u32 weight = wanted_weight(&one->wish, one->weight);

		if (one->state != QS_TERMINATOR_LIVE || open)
			weight = 0;
		one->effective = scaled(weight, one->factor, 1);
		sum += one->effective;
	}
	return sum;
}

void qs_terminators_effective(struct qs_terminator *terminators, size_t count)
{
	if (!share_out(terminators, count, false))
		share_out(terminators, count, true);
}

static bool is_of_pool(const struct qs_backend *row, const char *pool)
{
	return row->state != QS_BACKEND_FREE && !strcmp(row->pool, pool);
}

/* Whether it would get requests were it well. */
static bool is_candidate(const struct qs_backend *row)
{
	return row->state == QS_BACKEND_ACTIVE &&
	       row->wish.breaker != QS_WISH_OPEN &&
	       wanted_weight(&row->wish, row->weight);
}

/* The backend's share of its pool, of what it would have by weight alone. */
static __u32 share_of(const struct qs_backend *row)
{
	__u32 full = scaled(wanted_weight(&row->wish, row->weight), row->factor,
			    QS_EFFECTIVE_SCALE);
	__u32 let = row->withheld < QS_FACTOR_ONE
			    ? QS_FACTOR_ONE - row->withheld
			    : 1;

	return scaled(full, let, 1);
}

static bool is_ill(const struct qs_backend *row)
{
	return row->wish.breaker != QS_WISH_CLOSED &&
	       (row->breaker == QS_BREAKER_OPEN ||
		row->health == QS_HEALTH_DOWN);
}

/* How many rows were ejected before this one; those of one time by row. */
static size_t ejected_before(const struct qs_backend *rows, size_t count,
			     const struct qs_backend *row)
{
	size_t before = 0;

	for (size_t i = 0; i < count; i++) {
		const struct qs_backend *other = &rows[i];

		if (other == row || !is_of_pool(other, row->pool) ||
		    !is_candidate(other) || !is_ill(other))
			continue;
		before +=
			other->breaker_changed_ns < row->breaker_changed_ns ||
			(other->breaker_changed_ns == row->breaker_changed_ns &&
			 other < row);
	}
	return before;
}

void qs_pool_effective(struct qs_backend *rows, size_t count, const char *pool)
{
	size_t candidates = 0;

	for (size_t i = 0; i < count; i++)
		candidates +=
			is_of_pool(&rows[i], pool) && is_candidate(&rows[i]);
	for (size_t i = 0; i < count; i++) {
		struct qs_backend *row = &rows[i];
		__u32 effective = 0;
		bool kept = false;

		if (!is_of_pool(row, pool))
			continue;
		if (is_candidate(row)) {
			kept = is_ill(row) &&
			       ejected_before(rows, count, row) >=
				       candidates * row->max_ejected / 100;
			if (!is_ill(row) || kept)
				effective = share_of(row);
		}
		row->kept = kept;
		__atomic_store_n(&row->effective, effective, __ATOMIC_RELEASE);
	}
}

bool qs_backend_is_broken(const struct qs_backend *row)
{
	if (row->wish.breaker == QS_WISH_OPEN)
		return true;
	return is_ill(row) && !row->kept;
}

__u32 qs_backend_wanted_weight(const struct qs_backend *row)
{
	return wanted_weight(&row->wish, row->weight);
}
