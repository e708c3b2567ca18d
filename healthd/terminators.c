/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/terminators.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "loader/lib/lookup.h"

#include <string.h>
#include <unistd.h>

enum {
	OWN_GAP_MS = 500,  /* between ticks: we did not run ourselves */
	FACTORS_MS = 1000, /* between two that are written */
};

void terminators_forget(struct terminators *terminators)
{
	memset(terminators, 0, sizeof(*terminators));
}

static bool is_watched(const struct qs_terminator *row)
{
	return row->state == QS_TERMINATOR_LIVE ||
	       row->state == QS_TERMINATOR_DRAINING;
}

static void meet(struct terminator *terminator, const struct qs_terminator *row,
		 uint64_t now_ns)
{
	*terminator = (struct terminator){
		.known = true,
		.instance = row->instance,
	};
	watch_begin(&terminator->watch, row->breaker == QS_BREAKER_OPEN,
		    now_ns);
	load_begin(&terminator->load, row->factor);
}

/* Returns whether a breaker is to be written. */
static bool watch_all(struct terminators *terminators,
		      const struct qs_maps *maps,
		      const struct qs_config_healthd *config, uint64_t now_ns)
{
	bool excused = terminators->ticked_ns &&
		       now_ns - terminators->ticked_ns >
			       (uint64_t)OWN_GAP_MS * NS_PER_MS;
	bool changed = false;

	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		const struct qs_terminator *row = &maps->terminators[i];
		struct terminator *one = &terminators->terminators[i];
		uint64_t beat;

		if (!is_watched(row)) {
			one->known = false;
			one->changed = false;
			continue;
		}
		if (!one->known || one->instance != row->instance)
			meet(one, row, now_ns);
		if (excused)
			watch_excuse(&one->watch, now_ns);
		beat = __atomic_load_n(&maps->stats[i].heartbeat_ns,
				       __ATOMIC_RELAXED);
		one->changed |= watch_step(
			&one->watch, beat, now_ns,
			(uint64_t)config->terminator_timeout_ms * NS_PER_MS,
			(uint64_t)config->terminator_hold_ms * NS_PER_MS);
		changed |= one->changed;
	}
	return changed;
}

/* The share that it would get were it not for its health. */
static uint32_t wished_weight(const struct qs_terminator *row)
{
	if (row->wish.drain)
		return 0;
	return row->wish.weight == QS_WEIGHT_UNSET ? row->weight
						   : row->wish.weight;
}

/* Returns whether a factor differs enough from its row. */
static bool weigh_all(struct terminators *terminators,
		      const struct qs_maps *maps,
		      const struct qs_config_healthd *config)
{
	struct load *loads[QS_MAX_TERMINATORS];
	struct load_input inputs[QS_MAX_TERMINATORS];
	int slots[QS_MAX_TERMINATORS];
	bool changed = false;
	size_t count = 0;

	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		const struct qs_terminator *row = &maps->terminators[i];
		const struct qs_terminator_stats *stats = &maps->stats[i];
		struct terminator *one = &terminators->terminators[i];

		/* What one that hangs says of itself is of old. */
		if (row->state != QS_TERMINATOR_LIVE || !one->known ||
		    one->watch.open)
			continue;
		loads[count] = &one->load;
		slots[count] = i;
		inputs[count++] = (struct load_input){
			.lag_us = stats->gauges.loop_lag_us,
			.connections = stats->gauges.connections_open,
			.weight = wished_weight(row),
		};
	}
	load_step(loads, inputs, count, config);
	for (size_t i = 0; i < count; i++) {
		uint32_t current = maps->terminators[slots[i]].factor;

		changed |= load_factor(loads[i], current) != current;
	}
	return changed;
}

static void write_breaker(struct qs_terminator *row, struct terminator *one)
{
	bool open = one->watch.open;

	one->changed = false;
	if (row->breaker == (open ? QS_BREAKER_OPEN : QS_BREAKER_CLOSED))
		return;
	row->breaker_openings += open;
	row->breaker_changed_ns = clock_ns(CLOCK_REALTIME);
	row->breaker = open ? QS_BREAKER_OPEN : QS_BREAKER_CLOSED;
	if (open)
		log_warn("terminator %s (pid %u) hangs: no heartbeat; its "
			 "breaker is open",
			 row->name, row->pid);
	else
		log_info("terminator %s (pid %u) beats again: its breaker is "
			 "closed",
			 row->name, row->pid);
}

static void write_rows(struct terminators *terminators, struct qs_maps *maps,
		       bool factors)
{
	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		struct qs_terminator *row = &maps->terminators[i];
		struct terminator *one = &terminators->terminators[i];

		/* The loader may have given the slot away meanwhile. */
		if (!one->known || !is_watched(row) ||
		    row->instance != one->instance)
			continue;
		if (one->changed)
			write_breaker(row, one);
		if (factors && row->state == QS_TERMINATOR_LIVE)
			row->factor = load_factor(&one->load, row->factor);
	}
}

int terminators_tick(struct terminators *terminators, struct qs_maps *maps,
		     const char *pin_dir,
		     const struct qs_config_healthd *config)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	bool breakers = watch_all(terminators, maps, config, now);
	bool factors = weigh_all(terminators, maps, config) &&
		       now - terminators->factors_ns >=
			       (uint64_t)FACTORS_MS * NS_PER_MS;
	int lock, result;

	terminators->ticked_ns = now;
	if (!breakers && !factors)
		return 0;
	lock = qs_maps_lock(pin_dir);
	if (lock < 0)
		return lock;
	if (factors)
		terminators->factors_ns = now;
	write_rows(terminators, maps, factors);
	result = qs_lookup_rebuild(maps);
	close(lock);
	return result < 0 ? result : 0;
}
