/* SPDX-License-Identifier: GPL-2.0-only */
/* What the maps say of terminators, backends and pools, added up. No changes.
 */
#ifndef QS_LBCTL_SURVEY_H
#define QS_LBCTL_SURVEY_H

#include "loader/lib/maps.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A terminator that gets no new connections, or whose breaker is open and that
 * gets them only because all others are out, is not usable. */
bool survey_terminators_usable(const struct qs_terminator *rows, size_t count);

/* The same of the backends of `pool` and their requests. */
bool survey_pool_usable(const struct qs_backend *rows, size_t count,
			const char *pool);

/* survey_is_up: whether a backend gets requests and is not thought ill. */
bool survey_is_up(const struct qs_backend *row);

/*
 * survey_standing: what there is to say of a backend in one word: "active",
 * "draining" (removed), "drained" (by the operator), "ejected" (breaker or
 * checks), "kept" (ill, but used: too many are).
 */
const char *survey_standing(const struct qs_backend *row);

/* survey_breaker_closed: as it is in force. */
bool survey_breaker_closed(unsigned int observed, const struct qs_wish *wish);

/* survey_breaker: in force, with the operator's wish; for people. */
const char *survey_breaker(unsigned int observed, const struct qs_wish *wish);

/*
 * survey_backend: what all terminators, and those before them, counted for the
 * backend in `row`; gauges are of those that are not dead.
 */
void survey_backend(const struct qs_maps *maps, int row,
		    struct qs_backend_stats *ret_sum);

/* survey_pool: the same of the requests to a pool. */
void survey_pool(const struct qs_maps *maps, const char *pool,
		 struct qs_pool_stats *ret_sum);

/* survey_pools: the pools that have backends, in the order of their rows. */
size_t survey_pools(const struct qs_maps *maps,
		    const char *ret_pools[static QS_MAX_POOLS]);

/* survey_connections: open ones of a slot; 0 of one that is dead. */
__u64 survey_connections(const struct qs_maps *maps, int slot);

/* survey_age_ms: since a time of CLOCK_MONOTONIC; -1 if it is 0. */
long long survey_age_ms(__u64 monotonic_ns);

/* survey_healthd_lives: whether healthd has beaten in the last two seconds. */
bool survey_healthd_lives(const struct qs_maps *maps);

/* survey_wish_json: weight (null: none), breaker, drain, drain_end. */
json_t *survey_wish_json(const struct qs_wish *wish);

/* survey_histogram_json: buckets with their bounds, count and sum. */
json_t *survey_histogram_json(const struct qs_histogram *histogram);

#endif
