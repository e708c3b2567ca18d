/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/apply.h"
#include "healthd/rows.h"
#include "loader/lib/effective.h"

#include <stdio.h>
#include <string.h>

static void set_reason(struct qs_backend *row, const char *reason)
{
	snprintf(row->reason, sizeof(row->reason), "%s", reason);
}

/* The breaker's state last: who is killed before leaves the older one. */
static void apply_breaker(struct qs_backend *row, const struct backend *backend)
{
	const struct breaker *breaker = &backend->breaker;

	if (breaker->state == QS_BREAKER_OPEN &&
	    row->openings != breaker->openings)
		set_reason(row, breaker->reason);
	row->openings = breaker->openings;
	row->half_openings = breaker->half_openings;
	row->closings = breaker->closings;
	row->openings_in_row = breaker->openings_in_row;
	row->breaker_changed_ns = breaker->changed_ns;
	row->open_end_ns = breaker->open_end_ns;
	if (backend->pool)
		row->trial_limit = breaker_trial_limit(&backend->pool->breaker);
	__atomic_store_n(&row->trial_episode, breaker->trial_episode,
			 __ATOMIC_RELEASE);
	__atomic_store_n(&row->breaker, breaker->state, __ATOMIC_RELEASE);
}

static void apply_check(struct qs_backend *row, const struct checker *checker)
{
	row->checked_ns = checker->checked_ns;
	if (*checker->failure && strcmp(row->reason, checker->failure))
		set_reason(row, checker->failure);
}

bool apply_backend(struct qs_backend *row, struct backend *backend,
		   const struct checker *checker)
{
	unsigned int dirty = backend->dirty;

	backend->dirty = 0;
	if (dirty & DIRTY_FREE) {
		rows_free(row);
		backend->id = 0;
		return false;
	}
	if (dirty & DIRTY_CHECK)
		apply_check(row, checker);
	if (dirty & DIRTY_HEALTH)
		row->health = checker->check.health;
	if (dirty & DIRTY_BREAKER)
		apply_breaker(row, backend);
	if (dirty & DIRTY_LATENCY)
		row->latency_us = weight_latency_us(&backend->weight);
	if (dirty & DIRTY_FACTOR)
		row->factor = weight_factor(&backend->weight);
	if (dirty & DIRTY_SLOW_START) {
		row->withheld = backend->slow_start.withheld;
		row->slow_start_ns = backend->slow_start.begin_ns;
	}
	return dirty &
	       (DIRTY_HEALTH | DIRTY_BREAKER | DIRTY_FACTOR | DIRTY_SLOW_START);
}

/* Whether an earlier row is of the same pool. */
static bool pool_done(const struct qs_backend *rows, int at)
{
	for (int i = 0; i < at; i++) {
		if (rows[i].state != QS_BACKEND_FREE &&
		    !strcmp(rows[i].pool, rows[at].pool))
			return true;
	}
	return false;
}

void apply_effective(struct qs_backend *rows)
{
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		if (rows[i].state != QS_BACKEND_FREE && !pool_done(rows, i))
			qs_pool_effective(rows, QS_MAX_BACKENDS, rows[i].pool);
	}
}
