/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What processes counted whose slot has since been given to another: the map
 * terminator_totals, by name, and the row QS_RETIRED_SLOT of proxy_stats. They
 * outlive the loader. Rows of dead terminators stay where they are until their
 * slot is needed.
 *
 * A loader that is killed here leaves no count twice. A terminator's counts
 * are added by one system call that also says whose they were, so the next
 * loader knows whether they are in; not even one is lost. In proxy_stats each
 * word is taken out of its row before it is added, since a rate that is too
 * high raises an alarm and one request too few does not: at most one word, the
 * one that was on its way, is lost.
 */
#ifndef QS_LOADER_TOTALS_H
#define QS_LOADER_TOTALS_H

#include "loader/lib/maps.h"

#include <pthread.h>

/*
 * Who sums up rows and totals under the lock counts everything exactly once;
 * the functions below take it.
 */
struct totals {
	pthread_mutex_t lock;
};

/* totals_init, totals_close: the lock. */
void totals_init(struct totals *totals);
void totals_close(struct totals *totals);

/*
 * totals_hand_over: keeps what the last holder of `slot` counted and clears
 * its rows for the next one, of `instance`. Returns 0, or -errno after which
 * some counts are lost: -E2BIG and -ENOSPC where there are more names of
 * terminators or pools than the maps hold.
 */
int totals_hand_over(struct totals *totals, struct qs_maps *maps, __u16 slot,
		     __u16 instance);

/* totals_repair: ends a hand-over that an earlier loader was killed in. */
void totals_repair(struct totals *totals, struct qs_maps *maps);

#endif
