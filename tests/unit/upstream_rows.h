/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bed whose router reads the rows of backends from memory like the loader's
 * maps, which the test fills as healthd does. Each pool has a route, by host:
 * "POOL.example"; what front_start sends, to a.example, is for pool "a".
 */
#ifndef TESTS_UNIT_UPSTREAM_ROWS_H
#define TESTS_UNIT_UPSTREAM_ROWS_H

#include "tests/unit/upstream_bed.h"

extern struct qs_backend rows[QS_MAX_BACKENDS];
extern struct qs_trials trials[QS_MAX_BACKENDS];
extern struct qs_proxy_stats proxy;

/* rows_open makes the bed, without pools. */
void rows_open(struct bed *bed);

/* rows_pools applies a configuration with pools of these names, each of one
 * letter, with the bed's options. */
void rows_pools(struct bed *bed, const char *names);

/* rows_fill makes the row an active backend of the pool at the script's port,
 * with an ID of its own and this weight. */
void rows_fill(unsigned row, const char *pool, const struct script *script,
	       unsigned weight);

/* rows_get sends one request to pool "a" and returns its status. */
unsigned rows_get(struct bed *bed);

#endif
