/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the maps hold, added up by what the metrics are labelled with. Only
 * rows in use are read.
 */
#ifndef QS_LOADER_METRICS_SNAPSHOT_H
#define QS_LOADER_METRICS_SNAPSHOT_H

#include "loader/lib/maps.h"
#include "loader/metrics_write.h"
#include "loader/totals.h"

enum { METRICS_MAX_NAMES = QS_MAX_TERMINATORS + QS_MAX_TOTALS };

/* All processes of one name, and what terminator_totals keeps of it. */
struct metrics_terminator {
	char name[QS_NAME_SIZE];
	struct metrics_labels labels;
	__u32 in_state[QS_TERMINATOR_DEAD + 1]; /* processes by state */
	bool running;				/* any live or draining */
	struct qs_terminator live; /* the live one, if in_state says so */
	__u64 heartbeat_ns;	   /* the newest of those that run */
	__u64 breaker_openings;
	struct qs_terminator_counts counts;
	__u64 gauge[QS_TERMINATOR_GAUGE_COUNT]; /* of those that run */
	struct qs_traffic traffic;
};

struct metrics_pool {
	struct metrics_labels labels;
	struct qs_pool_stats stats;
};

/* All rows of one pool and name: one that drains, and one that came since. */
struct metrics_backend {
	struct metrics_labels labels;
	struct qs_backend row; /* the active one, if there is one */
	__u64 counter[QS_BACKEND_COUNTER_COUNT];
	__u64 gauge[QS_BACKEND_GAUGE_COUNT];
	struct qs_histogram response;
};

struct metrics_snapshot {
	struct metrics_terminator terminators[METRICS_MAX_NAMES];
	size_t terminator_count;
	struct metrics_pool *pools; /* owned */
	size_t pool_count;
	struct metrics_backend backends[QS_MAX_BACKENDS];
	size_t backend_count;
	__u32 row_ids[QS_MAX_BACKENDS];	    /* 0: not in use */
	__u16 row_backend[QS_MAX_BACKENDS]; /* which of `backends` it is of */
};

/*
 * metrics_snapshot_take: fills a snapshot that is all zeros. Returns 0 or
 * -errno; the snapshot is to be freed in either case.
 */
int metrics_snapshot_take(struct metrics_snapshot *snapshot,
			  const struct qs_maps *maps, struct totals *totals);

/* metrics_snapshot_free: what it owns. */
void metrics_snapshot_free(struct metrics_snapshot *snapshot);

#endif
