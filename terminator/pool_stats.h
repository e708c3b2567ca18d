/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which row of statistics is a pool's. For the upstream's own files.
 */
#ifndef TERMINATOR_POOL_STATS_H
#define TERMINATOR_POOL_STATS_H

#include "terminator/upstream.h"

/* pool_stats_assign gives the row of the pool's name, a new one if it has none
 * yet. Rows keep their names; one is given to another only if no row is left
 * and no upstream of its name is in the list. Returns NULL if there is none. */
struct qs_pool_stats *pool_stats_assign(struct upstream_shared *shared,
					const char *name);

#endif
