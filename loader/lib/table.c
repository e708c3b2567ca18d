/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A member's way through the table: position, position + step, ... */
struct walker {
	const char *name;
	__u32 position;
	__u32 step;
	__u32 weight;
	__u32 credit; /* carries the fraction of a turn between rounds */
	__u16 slot;
};

/* One bit an entry: 8 KiB stay in the first-level cache, the table does not. */
struct taken {
	__u64 bits[(QS_LOOKUP_SIZE + 63) / 64];
};

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

/* The next entry on the walk that nobody has; there must be one. */
static __u32 take_next(struct walker *walker, struct taken *taken)
{
	__u32 position = walker->position;

	while (taken->bits[position / 64] >> (position % 64) & 1) {
		position += walker->step;
		if (position >= QS_LOOKUP_SIZE)
			position -= QS_LOOKUP_SIZE;
	}
	taken->bits[position / 64] |= 1ULL << (position % 64);
	walker->position = position;
	return position;
}

static void fill(struct qs_lookup_table *table, struct walker *walkers,
		 size_t count, __u32 full_turn)
{
	struct taken taken = {};
	size_t filled = 0;

	for (;;) {
		for (size_t i = 0; i < count; i++) {
			walkers[i].credit += walkers[i].weight;
			if (walkers[i].credit < full_turn)
				continue;
			walkers[i].credit -= full_turn;
			table->slot[take_next(&walkers[i], &taken)] =
				walkers[i].slot;
			if (++filled == QS_LOOKUP_SIZE)
				return;
		}
	}
}

int qs_table_build(struct qs_lookup_table *table,
		   const struct qs_table_member *members, size_t count)
{
	struct walker walkers[QS_MAX_TERMINATORS];
	__u32 heaviest = 0;
	size_t used = 0;

	if (count > QS_MAX_TERMINATORS)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (!members[i].weight)
			continue;
		walkers[used++] = start_walk(&members[i]);
		if (members[i].weight > heaviest)
			heaviest = members[i].weight;
	}
	qsort(walkers, used, sizeof(*walkers), compare_names);
	for (size_t i = 1; i < used; i++) {
		if (!strcmp(walkers[i - 1].name, walkers[i].name))
			return -EINVAL;
	}
	if (!used)
		memset(table, 0xff, sizeof(*table));
	else
		fill(table, walkers, used, heaviest);
	return 0;
}
