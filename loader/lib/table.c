/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A member's way through the table: position, position + step, ... */
struct walker {
	const char *name;
	__u32 position;
	__u32 step;
	__u32 weight;
	__u32 have;	 /* entries before */
	__u32 quota;	 /* entries it shall have */
	__u32 most;	 /* its fair share, rounded up; quota is that or less */
	__u64 remainder; /* of the fair share, in parts of all weights */
	__u32 credit;	 /* carries the fraction of a turn between rounds */
	__u16 slot;
};

/* The table while it changes hands. */
struct work {
	__u16 owner[QS_LOOKUP_SIZE]; /* index of a walker, or NOBODY */
	__u32 surplus[QS_MAX_TERMINATORS + 1]; /* entries an owner gives away */
	/* One bit an entry that its owner keeps, as far as is known: 8 KiB stay
	 * in the first-level cache, the table does not. */
	__u64 kept[(QS_LOOKUP_SIZE + 63) / 64];
};

enum { NOBODY = QS_MAX_TERMINATORS };

/* FNV-1a over the name, then the finalizer of SplitMix64. */
static __u64 hash_name(const char *name, __u64 seed)
{
	__u64 hash = 0xcbf29ce484222325ULL ^ seed;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3ULL;
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
	return hash ^ (hash >> 31);
}

static struct walker start_walk(const struct qs_table_member *member)
{
	return (struct walker){
		.name = member->name,
		.position = hash_name(member->name, 1) % QS_LOOKUP_SIZE,
		.step = hash_name(member->name, 2) % (QS_LOOKUP_SIZE - 1) + 1,
		.weight = member->weight,
		.slot = member->slot,
	};
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct walker *)a)->name,
		      ((const struct walker *)b)->name);
}

/* Whose each entry is now, and how many each walker has. */
static void find_owners(struct work *work, const struct qs_lookup_table *before,
			struct walker *walkers, size_t count)
{
	__u16 by_slot[QS_NO_SLOT + 1];

	for (size_t i = 0; i <= QS_NO_SLOT; i++)
		by_slot[i] = NOBODY;
	for (size_t i = 0; i < count; i++)
		by_slot[walkers[i].slot] = i;
	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++) {
		work->owner[i] = before ? by_slot[before->slot[i]] : NOBODY;
		if (work->owner[i] != NOBODY)
			walkers[work->owner[i]].have++;
	}
}

/* The walker whose quota comes nearest to its share by one entry more, or one
 * less; equals by name. There must be one. */
static struct walker *nearest_to_round(struct walker *walkers, size_t count,
				       bool up)
{
	struct walker *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		struct walker *one = &walkers[i];

		if (!one->remainder || (one->quota == one->most) == up)
			continue;
		if (!nearest || (up ? one->remainder > nearest->remainder
				    : one->remainder < nearest->remainder))
			nearest = one;
	}
	return nearest;
}

/* Fair shares, rounded up or down as fewest entries move by it. */
static void set_quotas(struct walker *walkers, size_t count)
{
	__u64 weights = 0;
	__u32 sum = 0;

	for (size_t i = 0; i < count; i++)
		weights += walkers[i].weight;
	for (size_t i = 0; i < count; i++) {
		struct walker *one = &walkers[i];
		__u64 share = (__u64)QS_LOOKUP_SIZE * one->weight;

		one->quota = share / weights;
		one->remainder = share % weights;
		one->most = one->quota + !!one->remainder;
		if (one->have >= one->most)
			one->quota = one->most;
		sum += one->quota;
	}
	for (; sum < QS_LOOKUP_SIZE; sum++)
		nearest_to_round(walkers, count, true)->quota++;
	for (; sum > QS_LOOKUP_SIZE; sum--)
		nearest_to_round(walkers, count, false)->quota--;
}

static bool is_kept(struct work *work, __u32 position)
{
	if (work->kept[position / 64] >> (position % 64) & 1)
		return true;
	if (work->surplus[work->owner[position]])
		return false;
	work->kept[position / 64] |= 1ULL << (position % 64);
	return true;
}

/* The next entry on the walk that its owner gives away; there must be one. */
static __u32 take_next(struct walker *walker, struct work *work)
{
	__u32 position = walker->position;

	while (is_kept(work, position)) {
		position += walker->step;
		if (position >= QS_LOOKUP_SIZE)
			position -= QS_LOOKUP_SIZE;
	}
	walker->position = position;
	work->surplus[work->owner[position]]--;
	work->kept[position / 64] |= 1ULL << (position % 64);
	return position;
}

static __u32 wanted(const struct walker *walker)
{
	return walker->quota > walker->have ? walker->quota - walker->have : 0;
}

/* Walkers take what others give away, in turns as many as each wants. */
static void hand_over(struct work *work, struct walker *walkers, size_t count)
{
	__u32 most = 0;

	work->surplus[NOBODY] = QS_LOOKUP_SIZE;
	for (size_t i = 0; i < count; i++) {
		struct walker *one = &walkers[i];

		work->surplus[NOBODY] -= one->have;
		work->surplus[i] =
			one->have > one->quota ? one->have - one->quota : 0;
		if (wanted(one) > most)
			most = wanted(one);
	}
	for (__u32 round = 0; round < most; round++) {
		for (size_t i = 0; i < count; i++) {
			walkers[i].credit += wanted(&walkers[i]);
			if (walkers[i].credit < most)
				continue;
			walkers[i].credit -= most;
			work->owner[take_next(&walkers[i], work)] = i;
		}
	}
}

int qs_table_build(struct qs_lookup_table *table,
		   const struct qs_lookup_table *before,
		   const struct qs_table_member *members, size_t count)
{
	struct walker walkers[QS_MAX_TERMINATORS];
	struct work work = {};
	size_t used = 0;

	if (count > QS_MAX_TERMINATORS)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (members[i].weight)
			walkers[used++] = start_walk(&members[i]);
	qsort(walkers, used, sizeof(*walkers), compare_names);
	for (size_t i = 1; i < used; i++) {
		if (!strcmp(walkers[i - 1].name, walkers[i].name))
			return -EINVAL;
	}
	if (!used) {
		memset(table, 0xff, sizeof(*table));
		return 0;
	}
	find_owners(&work, before, walkers, used);
	set_quotas(walkers, used);
	hand_over(&work, walkers, used);
	for (size_t i = 0; i < QS_LOOKUP_SIZE; i++)
		table->slot[i] = walkers[work.owner[i]].slot;
	return 0;
}
