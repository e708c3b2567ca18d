/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/backends.h"
#include "healthd/apply.h"
#include "healthd/random.h"
#include "healthd/rows.h"
#include "loader/lib/clock.h"
#include "loader/lib/effective.h"
#include "loader/lib/log.h"
#include "loader/lib/wishes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	/* Terminators may send to a row so long after it began to drain. */
	DRAIN_LEAST_MS = 500,
	DRAIN_DEFAULT_MS = 30000, /* of a pool that is not configured */
	LATENCY_TICKS = 10,	  /* how often latencies are written */
};

/* More than rows, so that what does not fit is counted. */
enum { WANTED_MAX = 4 * QS_MAX_BACKENDS };

void backends_init(struct backends *backends, uv_loop_t *loop)
{
	memset(backends, 0, sizeof(*backends));
	checks_init(&backends->checks, loop);
}

void backends_detach(struct backends *backends)
{
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		checks_stop(&backends->checks, i);
		backends->backends[i] = (struct backend){0};
	}
	memset(&backends->signs, 0, sizeof(backends->signs));
	backends->ticked_ns = 0;
}

void backends_close(struct backends *backends)
{
	backends_detach(backends);
	checks_close(&backends->checks);
}

int backends_adopt(struct backends *backends, struct qs_maps *maps,
		   const char *pin_dir)
{
	int lock = qs_maps_lock(pin_dir);
	size_t repaired;

	if (lock < 0)
		return lock;
	backends_detach(backends);
	repaired =
		rows_repair(maps->backends, QS_MAX_BACKENDS, random_number());
	if (repaired)
		log_warn("repaired %zu rows of backends that an earlier "
			 "process left",
			 repaired);
	close(lock);
	return 0;
}

static size_t list_wanted(struct wanted *wanted, const struct qs_config *config,
			  const struct discovery *discovery)
{
	size_t count = 0;

	for (size_t i = 0; i < config->pool_count; i++) {
		const struct qs_config_pool *pool = &config->pools[i];

		for (size_t j = 0; j < pool->backend_count; j++) {
			const struct qs_config_backend *backend =
				&pool->backends[j];

			count = wanted_add(
				wanted, WANTED_MAX, count, pool, backend,
				discovery_addresses(discovery, pool->name,
						    backend));
		}
	}
	return count;
}

static void take_wishes(const struct qs_maps *maps, struct wanted *wanted,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int error = qs_wish_get(maps, QS_WISH_BACKEND, wanted[i].name,
					&wanted[i].wish);

		if (error)
			log_error("cannot read what the operator wants of %s: "
				  "%s",
				  wanted[i].name, strerror(-error));
	}
}

static void attach(struct backends *backends, struct qs_backend *row,
		   const struct wanted *wanted)
{
	struct backend *backend = &backends->backends[wanted->row];
	struct checker *checker = &backends->checks.checkers[wanted->row];
	bool known = backend->id == row->id && backend->pool;

	if (!known) {
		*backend = (struct backend){.id = row->id};
		breaker_resume(&backend->breaker, row,
			       clock_ns(CLOCK_REALTIME));
		weight_resume(&backend->weight, row);
		slow_start_resume(&backend->slow_start, row);
	}
	/* How many trials there are is by the configuration. */
	if (backend->breaker.state != QS_BREAKER_CLOSED)
		backend->dirty |= DIRTY_BREAKER;
	backend->pool = wanted->config;
	backend->drain_ms = wanted->config->drain_ms;
	if (wanted->config->check.type != QS_CHECK_NONE) {
		checks_start(&backends->checks, wanted, row->health,
			     known && checker->config);
		return;
	}
	checks_stop(&backends->checks, wanted->row);
	if (row->health != QS_HEALTH_UNKNOWN)
		backend->dirty |= DIRTY_HEALTH;
}

static void begin_drain(struct backends *backends, struct qs_backend *row,
			int at)
{
	struct backend *backend = &backends->backends[at];
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	uint32_t ms = DRAIN_DEFAULT_MS;

	if (backend->id == row->id && !backend->pool)
		return;
	if (backend->id == row->id)
		ms = backend->drain_ms;
	checks_stop(&backends->checks, at);
	*backend = (struct backend){
		.id = row->id,
		.drain_begin_ns = now,
		.drain_end_ns = now + (uint64_t)ms * NS_PER_MS,
	};
	log_info("backend %s of pool %s is removed: it may end its requests "
		 "for %u ms",
		 row->name, row->pool, ms);
}

static void report(struct backends *backends, const struct rows_result *result,
		   size_t over)
{
	size_t refused = result->refused + over;

	if (result->added || result->removed || result->returned)
		log_info("backends: %zu new, %zu back, %zu removed",
			 result->added, result->returned, result->removed);
	if (refused && refused != backends->refused)
		log_error("%zu backends do not fit: there is room for %d; have "
			  "fewer, or wait until removed ones are drained",
			  refused, QS_MAX_BACKENDS);
	backends->refused = refused;
	backends->room = false;
}

static int reconcile(struct backends *backends, struct qs_maps *maps,
		     const char *pin_dir, struct wanted *wanted, size_t count)
{
	size_t fit = count < WANTED_MAX ? count : WANTED_MAX;
	struct rows_result result;
	int lock = qs_maps_lock(pin_dir);

	if (lock < 0)
		return lock;
	take_wishes(maps, wanted, fit);
	result = rows_reconcile(maps->backends, QS_MAX_BACKENDS, wanted, fit,
				random_number());
	apply_effective(maps->backends);
	close(lock);
	for (size_t i = 0; i < fit; i++) {
		if (wanted[i].row >= 0)
			attach(backends, &maps->backends[wanted[i].row],
			       &wanted[i]);
	}
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		if (maps->backends[i].state == QS_BACKEND_DRAINING)
			begin_drain(backends, &maps->backends[i], i);
	}
	report(backends, &result, count - fit);
	return 0;
}

int backends_reconcile(struct backends *backends, struct qs_maps *maps,
		       const char *pin_dir, const struct qs_config *config,
		       const struct discovery *discovery)
{
	struct wanted *wanted = calloc(WANTED_MAX, sizeof(*wanted));
	size_t count;
	int error;

	if (!wanted)
		return -ENOMEM;
	count = list_wanted(wanted, config, discovery);
	error = reconcile(backends, maps, pin_dir, wanted, count);
	free(wanted);
	return error;
}

/* Whether somebody holds the row that we know of. */
static bool is_known(const struct backends *backends,
		     const struct qs_backend *rows, int at)
{
	return backends->backends[at].id && rows[at].state != QS_BACKEND_FREE &&
	       rows[at].id == backends->backends[at].id;
}

static uint32_t trials_taken(const struct qs_maps *maps, int at,
			     uint32_t episode)
{
	uint64_t taken =
		__atomic_load_n(&maps->trials[at].taken, __ATOMIC_RELAXED);

	return taken >> 32 == episode ? (uint32_t)taken : 0;
}

static void step_breaker(struct backends *backends, const struct qs_maps *maps,
			 int at, uint64_t real_ns)
{
	struct backend *backend = &backends->backends[at];
	struct breaker *breaker = &backend->breaker;
	const struct sign_sum *sum = &backends->sums[at];
	const struct qs_config_pool *pool = backend->pool;
	enum qs_breaker before = breaker->state;
	struct breaker_input input = {
		.successes = sum->counts.successes,
		.failures = sum->counts.failures,
		.in_flight = sum->in_flight,
		.trials_taken = trials_taken(maps, at, breaker->trial_episode),
		.answer_ms =
			pool->connect_timeout_ms + pool->response_timeout_ms,
		.down = backends->checks.checkers[at].check.health ==
			QS_HEALTH_DOWN,
	};

	if (!breaker_step(breaker, &pool->breaker, real_ns, &input))
		return;
	backend->dirty |= DIRTY_BREAKER;
	backend->breaker_moved |= breaker->state != before;
}

static void step_slow_start(struct backend *backend,
			    const struct qs_backend *row, uint64_t real_ns)
{
	if (slow_start_step(&backend->slow_start, row, backend->breaker.state,
			    backend->pool->slow_start_ms, real_ns))
		backend->dirty |= DIRTY_SLOW_START;
}

static void step_check(struct backends *backends, int at)
{
	struct backend *backend = &backends->backends[at];
	struct checker *checker = &backends->checks.checkers[at];

	if (!checker->news)
		return;
	backend->dirty |= DIRTY_CHECK;
	if (checker->changed) {
		backend->dirty |= DIRTY_HEALTH;
		backend->health_moved = true;
	}
	checker->news = false;
	checker->changed = false;
}

static void step_drain(struct backends *backends, int at, uint64_t now_ns)
{
	struct backend *backend = &backends->backends[at];
	uint64_t least =
		backend->drain_begin_ns + (uint64_t)DRAIN_LEAST_MS * NS_PER_MS;

	if (now_ns < least ||
	    (backends->sums[at].in_flight && now_ns < backend->drain_end_ns))
		return;
	backend->dirty |= DIRTY_FREE;
}

/* Rows of one pool together, since factors go by the peers. */
static void step_weights(struct backends *backends,
			 const struct qs_backend *rows,
			 const struct qs_config_pool *pool, uint32_t elapsed_ms)
{
	struct weight *weights[QS_MAX_BACKENDS];
	int at[QS_MAX_BACKENDS];
	size_t count = 0;

	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		struct backend *backend = &backends->backends[i];
		const struct sign_counts *counts = &backends->sums[i].counts;

		if (backend->pool != pool || !is_known(backends, rows, i))
			continue;
		weight_observe(&backend->weight, counts->responses,
			       counts->response_us, elapsed_ms,
			       pool->health_weight.window_ms);
		at[count] = i;
		weights[count++] = &backend->weight;
	}
	weight_step(weights, count, &pool->health_weight);
	for (size_t i = 0; i < count; i++) {
		const struct qs_backend *row = &rows[at[i]];
		struct backend *backend = &backends->backends[at[i]];

		if (weight_factor(weights[i]) != row->factor)
			backend->dirty |= DIRTY_FACTOR;
		if (backends->ticks % LATENCY_TICKS == 0 &&
		    weight_latency_us(weights[i]) != row->latency_us)
			backend->dirty |= DIRTY_LATENCY;
	}
}

static void log_moves(struct backend *backend, const struct qs_backend *row)
{
	static const char *const states[] = {"closed", "open", "half open"};

	if (backend->breaker_moved)
		log_info("backend %s of pool %s: breaker %s%s%s", row->name,
			 row->pool, states[backend->breaker.state],
			 backend->breaker.state == QS_BREAKER_OPEN ? ": " : "",
			 backend->breaker.state == QS_BREAKER_OPEN
				 ? backend->breaker.reason
				 : "");
	if (backend->health_moved && row->health == QS_HEALTH_DOWN)
		log_info("backend %s of pool %s is down: %s", row->name,
			 row->pool, row->reason);
	else if (backend->health_moved)
		log_info("backend %s of pool %s is up", row->name, row->pool);
	backend->breaker_moved = false;
	backend->health_moved = false;
}

static bool any_dirty(const struct backends *backends)
{
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		if (backends->backends[i].dirty)
			return true;
	}
	return false;
}

static int write_rows(struct backends *backends, struct qs_maps *maps,
		      const char *pin_dir)
{
	bool effective = false;
	int lock;

	if (!any_dirty(backends))
		return 0;
	lock = qs_maps_lock(pin_dir);
	if (lock < 0)
		return lock;
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		struct backend *backend = &backends->backends[i];
		struct qs_backend *row = &maps->backends[i];

		if (!backend->dirty)
			continue;
		if (!is_known(backends, maps->backends, i)) {
			backend->dirty = 0;
			continue;
		}
		if (backend->dirty & DIRTY_FREE)
			backends->room = backends->refused;
		effective |= apply_backend(row, backend,
					   &backends->checks.checkers[i]);
		log_moves(backend, row);
	}
	if (effective)
		apply_effective(maps->backends);
	close(lock);
	return 0;
}

int backends_tick(struct backends *backends, struct qs_maps *maps,
		  const char *pin_dir, const struct qs_config *config)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC),
		 real = clock_ns(CLOCK_REALTIME);
	uint64_t elapsed = backends->ticked_ns ? now - backends->ticked_ns : 0;
	struct sign_source source = {
		.terminators = maps->terminators,
		.proxy = maps->proxy,
		.rows = maps->backends,
		.real_ns = real,
	};

	backends->ticked_ns = now;
	backends->ticks++;
	signs_collect(&backends->signs, &source, backends->sums);
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		if (!is_known(backends, maps->backends, i))
			continue;
		if (!backends->backends[i].pool) {
			step_drain(backends, i, now);
			continue;
		}
		step_check(backends, i);
		step_breaker(backends, maps, i, real);
		step_slow_start(&backends->backends[i], &maps->backends[i],
				real);
	}
	for (size_t i = 0; i < config->pool_count; i++)
		step_weights(backends, maps->backends, &config->pools[i],
			     elapsed / NS_PER_MS);
	return write_rows(backends, maps, pin_dir);
}
