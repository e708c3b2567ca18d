/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/rows.h"
#include "healthd/slow_start.h"

#include <string.h>

static void set_state(struct qs_backend *row, enum qs_backend_state state)
{
	__atomic_store_n(&row->state, state, __ATOMIC_RELEASE);
}

void rows_free(struct qs_backend *row)
{
	set_state(row, QS_BACKEND_FREE);
	row->effective = 0;
}

static bool in_use(const struct qs_backend *row)
{
	return row->state != QS_BACKEND_FREE;
}

/* Rows that were given up keep their ID, so that none is used again soon. */
static uint32_t next_id(const struct qs_backend *rows, size_t count,
			uint32_t random)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < count; i++) {
		if (rows[i].id > highest)
			highest = rows[i].id;
	}
	if (!highest)
		return random >> 2 | 1;
	return highest + 1;
}

static bool id_in_use(const struct qs_backend *rows, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (in_use(&rows[i]) && rows[i].id == id)
			return true;
	}
	return false;
}

/* The highest plus one, but for the end of the numbers. */
static uint32_t new_id(const struct qs_backend *rows, size_t count,
		       uint32_t random)
{
	uint32_t id = next_id(rows, count, random);

	while (!id || id_in_use(rows, count, id))
		id++;
	return id;
}

static bool same_backend(const struct qs_backend *a, const struct qs_backend *b)
{
	return !strcmp(a->pool, b->pool) && !strcmp(a->name, b->name) &&
	       a->port == b->port &&
	       !memcmp(a->address, b->address, sizeof(a->address));
}

static bool repair_values(struct qs_backend *row)
{
	struct qs_backend before = *row;

	row->name[sizeof(row->name) - 1] = '\0';
	row->pool[sizeof(row->pool) - 1] = '\0';
	row->reason[sizeof(row->reason) - 1] = '\0';
	if (row->health > QS_HEALTH_DOWN)
		row->health = QS_HEALTH_UNKNOWN;
	if (row->breaker > QS_BREAKER_HALF_OPEN)
		row->breaker = QS_BREAKER_CLOSED;
	if (row->factor < 1 || row->factor > QS_FACTOR_ONE)
		row->factor = QS_FACTOR_ONE;
	if (row->weight > QS_WEIGHT_MAX)
		row->weight = QS_WEIGHT_DEFAULT;
	if (row->withheld >= QS_FACTOR_ONE)
		row->withheld = 0;
	return memcmp(&before, row, sizeof(before));
}

/* Whether an earlier row is of the same backend, or has the same ID. */
static bool repair_twins(struct qs_backend *rows, size_t count, size_t at,
			 uint32_t random)
{
	struct qs_backend *row = &rows[at];
	bool bad_id = !row->id;

	for (size_t i = 0; i < at; i++) {
		if (!in_use(&rows[i]))
			continue;
		if (same_backend(&rows[i], row)) {
			rows_free(row);
			return true;
		}
		bad_id |= rows[i].id == row->id;
	}
	if (bad_id)
		row->id = new_id(rows, count, random);
	return bad_id;
}

size_t rows_repair(struct qs_backend *rows, size_t count, uint32_t random)
{
	size_t repaired = 0;

	for (size_t i = 0; i < count; i++) {
		bool changed;

		if (!in_use(&rows[i]))
			continue;
		if (rows[i].state > QS_BACKEND_DRAINING || !rows[i].name[0] ||
		    !rows[i].pool[0]) {
			rows_free(&rows[i]);
			repaired++;
			continue;
		}
		changed = repair_values(&rows[i]);
		changed |= repair_twins(rows, count, i, random);
		repaired += changed;
	}
	return repaired;
}

static bool is_of(const struct qs_backend *row, const struct wanted *wanted)
{
	return in_use(row) && !strcmp(row->pool, wanted->pool) &&
	       !strcmp(row->name, wanted->name) &&
	       row->port == wanted->address.port &&
	       !memcmp(row->address, wanted->address.address,
		       sizeof(row->address));
}

static int find_row(const struct qs_backend *rows, size_t count,
		    const struct wanted *wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (is_of(&rows[i], wanted))
			return i;
	}
	return -1;
}

static int find_free(const struct qs_backend *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!in_use(&rows[i]))
			return i;
	}
	return -1;
}

static void update(struct qs_backend *row, const struct wanted *wanted)
{
	row->weight = wanted->weight;
	row->max_ejected = wanted->max_ejected;
	row->wish = wanted->wish;
}

/* Has slow start begin when its time is known. */
static void begin_slowly(struct qs_backend *row, const struct wanted *wanted)
{
	bool slow = wanted->config && wanted->config->slow_start_ms;

	row->withheld = slow ? SLOW_START_WITHHELD : 0;
	row->slow_start_ns = 0;
}

static void fill(struct qs_backend *row, const struct wanted *wanted,
		 uint32_t id)
{
	/* Trials that terminators counted in this row must stay older. */
	uint32_t episode = row->trial_episode;

	*row = (struct qs_backend){
		.port = wanted->address.port,
		.factor = QS_FACTOR_ONE,
		.trial_episode = episode,
		.id = id,
	};
	memcpy(row->name, wanted->name, sizeof(row->name));
	memcpy(row->pool, wanted->pool, sizeof(row->pool));
	memcpy(row->address, wanted->address.address, sizeof(row->address));
	update(row, wanted);
	begin_slowly(row, wanted);
	set_state(row, QS_BACKEND_ACTIVE);
}

static size_t drain_unwanted(struct qs_backend *rows, size_t count,
			     const bool *keep)
{
	size_t removed = 0;

	for (size_t i = 0; i < count; i++) {
		if (keep[i] || rows[i].state != QS_BACKEND_ACTIVE)
			continue;
		set_state(&rows[i], QS_BACKEND_DRAINING);
		__atomic_store_n(&rows[i].effective, 0, __ATOMIC_RELEASE);
		removed++;
	}
	return removed;
}

struct rows_result rows_reconcile(struct qs_backend *rows, size_t count,
				  struct wanted *wanted, size_t wanted_count,
				  uint32_t random)
{
	struct rows_result result = {0};
	bool keep[QS_MAX_BACKENDS] = {false};

	for (size_t i = 0; i < wanted_count; i++) {
		struct wanted *one = &wanted[i];

		one->row = find_row(rows, count, one);
		if (one->row < 0)
			continue;
		keep[one->row] = true;
		update(&rows[one->row], one);
		if (rows[one->row].state == QS_BACKEND_DRAINING) {
			begin_slowly(&rows[one->row], one);
			set_state(&rows[one->row], QS_BACKEND_ACTIVE);
			result.returned++;
		}
	}
	result.removed = drain_unwanted(rows, count, keep);
	for (size_t i = 0; i < wanted_count; i++) {
		struct wanted *one = &wanted[i];

		if (one->row >= 0)
			continue;
		one->row = find_free(rows, count);
		if (one->row < 0) {
			result.refused++;
			continue;
		}
		fill(&rows[one->row], one, new_id(rows, count, random));
		result.added++;
	}
	return result;
}
