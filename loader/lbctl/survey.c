/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/survey.h"
#include "loader/lbctl/format.h"
#include "loader/lib/clock.h"
#include "loader/lib/names.h"

#include <string.h>
#include <time.h>

enum { HEALTHD_SILENCE_MS = 2000 };

static bool breaker_open(unsigned int observed, const struct qs_wish *wish)
{
	if (wish->breaker == QS_WISH_AUTO)
		return observed == QS_BREAKER_OPEN;
	return wish->breaker == QS_WISH_OPEN;
}

bool survey_terminators_usable(const struct qs_terminator *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].state == QS_TERMINATOR_LIVE && rows[i].effective &&
		    !breaker_open(rows[i].breaker, &rows[i].wish))
			return true;
	}
	return false;
}

bool survey_is_up(const struct qs_backend *row)
{
	return row->state == QS_BACKEND_ACTIVE && row->effective && !row->kept;
}

bool survey_pool_usable(const struct qs_backend *rows, size_t count,
			const char *pool)
{
	for (size_t i = 0; i < count; i++) {
		if (survey_is_up(&rows[i]) && !strcmp(rows[i].pool, pool))
			return true;
	}
	return false;
}

const char *survey_standing(const struct qs_backend *row)
{
	if (row->state != QS_BACKEND_ACTIVE)
		return qs_backend_state_name(row->state);
	if (row->wish.drain)
		return "drained";
	if (row->kept)
		return "kept";
	if (breaker_open(row->breaker, &row->wish) ||
	    (row->health == QS_HEALTH_DOWN &&
	     row->wish.breaker != QS_WISH_CLOSED))
		return "ejected";
	return "active";
}

bool survey_breaker_closed(unsigned int observed, const struct qs_wish *wish)
{
	if (wish->breaker == QS_WISH_AUTO)
		return observed == QS_BREAKER_CLOSED;
	return wish->breaker == QS_WISH_CLOSED;
}

const char *survey_breaker(unsigned int observed, const struct qs_wish *wish)
{
	switch (wish->breaker) {
	case QS_WISH_OPEN:
		return "open!";
	case QS_WISH_CLOSED:
		return "closed!";
	default:
		return qs_breaker_name(observed);
	}
}

static void add_histogram(struct qs_histogram *sum,
			  const struct qs_histogram *one)
{
	for (int i = 0; i < QS_HISTOGRAM_BUCKETS; i++)
		sum->bucket[i] += one->bucket[i];
	sum->sum_us += one->sum_us;
}

static bool is_alive(const struct qs_maps *maps, int slot)
{
	return maps->terminators[slot].state == QS_TERMINATOR_LIVE ||
	       maps->terminators[slot].state == QS_TERMINATOR_DRAINING;
}

/* Rows of slots that were never used are not looked at: each is many pages. */
static bool is_used(const struct qs_maps *maps, int slot)
{
	return slot == QS_RETIRED_SLOT ||
	       maps->terminators[slot].state != QS_TERMINATOR_FREE;
}

void survey_backend(const struct qs_maps *maps, int row,
		    struct qs_backend_stats *ret_sum)
{
	__u32 id = maps->backends[row].id;

	*ret_sum = (struct qs_backend_stats){.id = id};
	for (int slot = 0; slot <= QS_RETIRED_SLOT; slot++) {
		const struct qs_backend_stats *one;

		if (!is_used(maps, slot))
			continue;
		one = &maps->proxy[slot].backend[row];
		if (one->id != id)
			continue;
		for (int i = 0; i < QS_BACKEND_COUNTER_COUNT; i++)
			ret_sum->counter[i] += one->counter[i];
		add_histogram(&ret_sum->response, &one->response);
		if (slot == QS_RETIRED_SLOT || !is_alive(maps, slot))
			continue;
		for (int i = 0; i < QS_BACKEND_GAUGE_COUNT; i++)
			ret_sum->gauge[i] += one->gauge[i];
	}
}

static void add_pool(struct qs_pool_stats *sum, const struct qs_pool_stats *one)
{
	for (int protocol = 0; protocol < QS_PROTOCOL_COUNT; protocol++) {
		for (int row = 0; row < QS_STATUS_ROW_COUNT; row++)
			sum->responses[protocol][row] +=
				one->responses[protocol][row];
		sum->cancelled[protocol] += one->cancelled[protocol];
	}
	sum->bytes_received += one->bytes_received;
	sum->bytes_sent += one->bytes_sent;
	for (int i = 0; i < QS_POOL_COUNTER_COUNT; i++)
		sum->counter[i] += one->counter[i];
	add_histogram(&sum->duration, &one->duration);
}

void survey_pool(const struct qs_maps *maps, const char *pool,
		 struct qs_pool_stats *ret_sum)
{
	memset(ret_sum, 0, sizeof(*ret_sum));
	strncpy(ret_sum->name, pool, sizeof(ret_sum->name) - 1);
	for (int slot = 0; slot <= QS_RETIRED_SLOT; slot++) {
		if (!is_used(maps, slot))
			continue;
		for (int i = 0; i < QS_STATS_MAX_POOLS; i++) {
			const struct qs_pool_stats *one =
				&maps->proxy[slot].pool[i];

			if (!strncmp(one->name, pool, sizeof(one->name)))
				add_pool(ret_sum, one);
		}
	}
}

size_t survey_pools(const struct qs_maps *maps,
		    const char *ret_pools[static QS_MAX_POOLS])
{
	size_t count = 0;

	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &maps->backends[i];
		size_t j = 0;

		if (row->state == QS_BACKEND_FREE)
			continue;
		while (j < count && strcmp(ret_pools[j], row->pool))
			j++;
		if (j == count && count < QS_MAX_POOLS)
			ret_pools[count++] = row->pool;
	}
	return count;
}

__u64 survey_connections(const struct qs_maps *maps, int slot)
{
	const struct qs_terminator_stats *stats = &maps->stats[slot];

	if (!is_alive(maps, slot) ||
	    stats->instance != maps->terminators[slot].instance)
		return 0;
	return stats->gauges.connections_open;
}

long long survey_age_ms(__u64 monotonic_ns)
{
	__u64 now_ns;

	if (!monotonic_ns)
		return -1;
	now_ns = clock_ns(CLOCK_MONOTONIC);
	return now_ns < monotonic_ns ? 0 : (now_ns - monotonic_ns) / 1000000;
}

bool survey_healthd_lives(const struct qs_maps *maps)
{
	long long age = survey_age_ms(maps->settings->healthd_heartbeat_ns);

	return maps->settings->healthd_pid && age >= 0 &&
	       age < HEALTHD_SILENCE_MS;
}

json_t *survey_wish_json(const struct qs_wish *wish)
{
	return json_pack(
		"{s:o, s:s, s:b, s:o}", "weight",
		wish->weight == QS_WEIGHT_UNSET ? json_null()
						: json_integer(wish->weight),
		"breaker", qs_breaker_wish_name(wish->breaker), "drain",
		wish->drain, "drain_end",
		wish->drain_end_ns ? json_real(wish->drain_end_ns / 1e9)
				   : json_null());
}

json_t *survey_histogram_json(const struct qs_histogram *histogram)
{
#define BOUND(bound) bound,
	static const int bounds[] = {QS_HISTOGRAM_BOUNDS(BOUND)};
	json_t *buckets = json_array();

	for (int i = 0; i < QS_HISTOGRAM_BUCKETS; i++)
		json_array_append_new(
			buckets,
			json_pack("{s:o, s:I}", "up_to_us",
				  i < QS_HISTOGRAM_BUCKETS - 1
					  ? json_integer(bounds[i])
					  : json_null(),
				  "count", (json_int_t)histogram->bucket[i]));
	return json_pack("{s:I, s:I, s:o}", "count",
			 (json_int_t)format_histogram_count(histogram),
			 "sum_us", (json_int_t)histogram->sum_us, "buckets",
			 buckets);
}
