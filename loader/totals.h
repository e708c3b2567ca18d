/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What terminators counted in rows that have since been given to others, kept
 * by name as long as the loader runs. The rows of dead terminators stay in the
 * maps until their slot is needed, so this is seldom more than empty.
 */
#ifndef QS_LOADER_TOTALS_H
#define QS_LOADER_TOTALS_H

#include "quicsteer/abi.h"
#include "quicsteer/counters.h"

#include <pthread.h>

struct total {
	struct total *next;
	char name[QS_NAME_SIZE];
	__u64 counter[QS_TERMINATOR_COUNTER_COUNT];
	struct qs_traffic traffic;
};

/*
 * The lock also covers the clearing of a row: who sums up rows and totals
 * under it counts everything exactly once.
 */
struct totals {
	pthread_mutex_t lock;
	struct total *first;
};

/* totals_init, totals_close: an empty list; the release of its memory. */
void totals_init(struct totals *totals);
void totals_close(struct totals *totals);

/* totals_add: adds a row to its name's total. Under the lock. 0 or -ENOMEM. */
int totals_add(struct totals *totals, const char *name,
	       const struct qs_terminator_stats *stats,
	       const struct qs_traffic *traffic);

/* totals_find: the total of a name, or NULL. Under the lock. */
const struct total *totals_find(const struct totals *totals, const char *name);

#endif
