/* SPDX-License-Identifier: GPL-2.0-only */
/* What lbctl top shows: two samples of the maps and what lies between them. */
#ifndef QS_LBCTL_TOP_H
#define QS_LBCTL_TOP_H

#include "loader/lib/maps.h"

#include <jansson.h>
#include <stdio.h>

/* Sums over the process in each slot, and over all terminators. */
struct top_sample {
	double time_s; /* CLOCK_MONOTONIC */
	struct qs_terminator terminators[QS_MAX_TERMINATORS];
	struct qs_terminator_stats stats[QS_MAX_TERMINATORS];
	struct qs_backend backends[QS_MAX_BACKENDS];
	struct qs_backend_stats backend_stats[QS_MAX_BACKENDS];
	size_t pool_count;
	struct qs_pool_stats pools[QS_MAX_POOLS]; /* their names in it */
	struct qs_verdicts verdicts;
	struct qs_deliveries deliveries;
};

/* top_take: reads the maps. Returns 0 or -errno. */
int top_take(const struct qs_maps *maps, struct top_sample *sample);

/*
 * top_json: rates between two samples and the state of the later. What was not
 * there in the earlier one, or is another's by now, has rates from 0.
 */
json_t *top_json(const struct top_sample *before,
		 const struct top_sample *after);

/* top_print: what top_json() made, in lines of at most `width` characters. */
void top_print(const json_t *top, FILE *stream, size_t width);

#endif
