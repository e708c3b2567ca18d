/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/format.h"
#include "loader/lbctl/survey.h"
#include "loader/lbctl/top.h"
#include "loader/lib/clock.h"
#include "loader/lib/effective.h"
#include "loader/lib/names.h"

#include <string.h>
#include <time.h>

int top_take(const struct qs_maps *maps, struct top_sample *sample)
{
	const char *pools[QS_MAX_POOLS];
	int error;

	memset(sample, 0, sizeof(*sample));
	sample->time_s = clock_ns(CLOCK_MONOTONIC) / 1e9;
	memcpy(sample->terminators, maps->terminators,
	       sizeof(sample->terminators));
	memcpy(sample->backends, maps->backends, sizeof(sample->backends));
	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		if (maps->terminators[i].state != QS_TERMINATOR_FREE)
			sample->stats[i] = maps->stats[i];
	}
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		if (maps->backends[i].state != QS_BACKEND_FREE)
			survey_backend(maps, i, &sample->backend_stats[i]);
	}
	sample->pool_count = survey_pools(maps, pools);
	for (size_t i = 0; i < sample->pool_count; i++)
		survey_pool(maps, pools[i], &sample->pools[i]);
	error = qs_maps_verdicts(maps, &sample->verdicts);
	return error ? error : qs_maps_deliveries(maps, &sample->deliveries);
}

/* A counter never goes back, but it may be another's by now. */
static double rate(__u64 before, __u64 after, double seconds)
{
	return after > before && seconds > 0 ? (after - before) / seconds : 0;
}

static json_t *terminator_json(const struct top_sample *before,
			       const struct top_sample *after, int slot)
{
	static const struct qs_terminator_stats nothing;
	const struct qs_terminator *row = &after->terminators[slot];
	const struct qs_terminator_stats *new = &after->stats[slot];
	const struct qs_terminator_stats *old = &before->stats[slot];
	double seconds = after->time_s - before->time_s;
	bool current = new->instance == row->instance;

	if (!current)
		new = &nothing;
	if (old->instance != row->instance)
		old = &nothing;
	return json_pack(
		"{s:s, s:i, s:s, s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:I, s:i, "
		"s:i}",
		"name", row->name, "slot", slot, "state",
		row->wish.drain && row->state == QS_TERMINATOR_LIVE
			? "drained"
			: qs_state_name(row->state),
		"breaker", survey_breaker(row->breaker, &row->wish),
		"connections", (json_int_t) new->gauges.connections_open,
		"requests_open", (json_int_t) new->gauges.requests_open,
		"accepted_per_s",
		rate(old->counters.connections_accepted,
		     new->counters.connections_accepted, seconds),
		"requests_per_s",
		rate(old->counters.requests, new->counters.requests, seconds),
		"received_mbit_per_s",
		8e-6 * rate(old->counters.bytes_received,
			    new->counters.bytes_received, seconds),
		"sent_mbit_per_s",
		8e-6 * rate(old->counters.bytes_sent, new->counters.bytes_sent,
			    seconds),
		"lag_us", (json_int_t) new->gauges.loop_lag_us, "weight",
		row->wish.weight == QS_WEIGHT_UNSET ? row->weight
						    : row->wish.weight,
		"effective", row->effective);
}

static json_t *terminators_json(const struct top_sample *before,
				const struct top_sample *after)
{
	json_t *list = json_array();

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		unsigned int state = after->terminators[slot].state;

		if (state == QS_TERMINATOR_LIVE ||
		    state == QS_TERMINATOR_DRAINING)
			json_array_append_new(
				list, terminator_json(before, after, slot));
	}
	return list;
}

static struct qs_histogram histogram_delta(const struct qs_histogram *before,
					   const struct qs_histogram *after)
{
	struct qs_histogram delta = {};

	for (int i = 0; i < QS_HISTOGRAM_BUCKETS; i++) {
		if (after->bucket[i] > before->bucket[i])
			delta.bucket[i] = after->bucket[i] - before->bucket[i];
	}
	return delta;
}

static json_t *quantile_json(const struct qs_histogram *histogram, double share)
{
	double us = format_quantile(histogram, share);

	return us < 0 ? json_null() : json_real(us);
}

static __u64 errors(const struct qs_backend_stats *stats)
{
	return stats->counters.responses_5xx + stats->counters.connect_errors +
	       stats->counters.connect_timeouts +
	       stats->counters.response_timeouts + stats->counters.broken;
}

static json_t *backend_json(const struct top_sample *before,
			    const struct top_sample *after, int i)
{
	static const struct qs_backend_stats nothing;
	const struct qs_backend *row = &after->backends[i];
	const struct qs_backend_stats *new = &after->backend_stats[i];
	const struct qs_backend_stats *old = &before->backend_stats[i];
	double seconds = after->time_s - before->time_s;
	struct qs_histogram delta;

	if (old->id != new->id)
		old = &nothing;
	delta = histogram_delta(&old->response, &new->response);
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:o, s:o, s:I, "
		"s:i, s:f}",
		"name", row->name, "pool", row->pool, "state",
		survey_standing(row), "health", qs_health_name(row->health),
		"breaker", survey_breaker(row->breaker, &row->wish),
		"requests_per_s",
		rate(old->counters.requests, new->counters.requests, seconds),
		"errors_per_s", rate(errors(old), errors(new), seconds),
		"p50_us", quantile_json(&delta, 0.5), "p99_us",
		quantile_json(&delta, 0.99), "in_flight",
		(json_int_t) new->gauges.in_flight, "weight",
		row->wish.weight == QS_WEIGHT_UNSET ? row->weight
						    : row->wish.weight,
		"effective", (double)row->effective / QS_EFFECTIVE_SCALE);
}

/* Responses of all protocols; of class 5xx only if `failures`. */
static __u64 responses(const struct qs_pool_stats *pool, bool failures)
{
	__u64 sum = 0;

	for (int protocol = 0; protocol < QS_PROTOCOL_COUNT; protocol++) {
		for (int row = 0; row < QS_STATUS_ROW_COUNT; row++) {
			if (!failures || row == QS_STATUS_OTHER_5XX ||
			    (row >= QS_STATUS_500 && row <= QS_STATUS_504))
				sum += pool->responses[protocol][row];
		}
	}
	return sum;
}

static json_t *pool_json(const struct top_sample *before,
			 const struct top_sample *after, size_t i)
{
	static const struct qs_pool_stats nothing;
	const struct qs_pool_stats *new = &after->pools[i], *old = &nothing;
	double seconds = after->time_s - before->time_s;
	json_t *backends = json_array();
	struct qs_histogram delta;

	for (size_t j = 0; j < before->pool_count; j++) {
		if (!strcmp(before->pools[j].name, new->name))
			old = &before->pools[j];
	}
	delta = histogram_delta(&old->duration, &new->duration);
	for (int row = 0; row < QS_MAX_BACKENDS; row++) {
		if (after->backends[row].state != QS_BACKEND_FREE &&
		    !strcmp(after->backends[row].pool, new->name))
			json_array_append_new(backends,
					      backend_json(before, after, row));
	}
	return json_pack(
		"{s:s, s:f, s:f, s:o, s:o, s:o}", "name", new->name,
		"responses_per_s",
		rate(responses(old, false), responses(new, false), seconds),
		"errors_per_s",
		rate(responses(old, true), responses(new, true), seconds),
		"p50_us", quantile_json(&delta, 0.5), "p99_us",
		quantile_json(&delta, 0.99), "backends", backends);
}

static void add_drop(json_t *object, const char *name, __u64 before,
		     __u64 after, double seconds)
{
	double per_s = rate(before, after, seconds);

	if (per_s > 0)
		json_object_set_new(
			object, name,
			json_real(per_s + json_real_value(json_object_get(
						  object, name))));
}

static bool is_drop(const char *name)
{
	return !strncmp(name, "drop_", 5) || !strcmp(name, "wrong_delivery") ||
	       !strcmp(name, "send_errors");
}

/* Whatever was dropped in between, by XDP, by tc and by terminators. */
static json_t *drops_json(const struct top_sample *before,
			  const struct top_sample *after)
{
	double seconds = after->time_s - before->time_s;
	json_t *drops = json_object();

	for (int i = 0; i < QS_VERDICT_COUNT; i++) {
		if (is_drop(qs_verdict_texts[i].name))
			add_drop(drops, qs_verdict_texts[i].name,
				 before->verdicts.count[i],
				 after->verdicts.count[i], seconds);
	}
	add_drop(drops, "no_socket", before->deliveries.named.no_socket,
		 after->deliveries.named.no_socket, seconds);
	add_drop(drops, "refused", before->deliveries.named.refused,
		 after->deliveries.named.refused, seconds);
	add_drop(drops, "undecided", before->deliveries.named.undecided,
		 after->deliveries.named.undecided, seconds);
	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		const struct qs_terminator_stats *old = &before->stats[slot];
		const struct qs_terminator_stats *new = &after->stats[slot];

		for (int i = 0; i < QS_TERMINATOR_COUNTER_COUNT; i++) {
			if (is_drop(qs_terminator_counter_texts[i].name) &&
			    old->instance == new->instance)
				add_drop(drops,
					 qs_terminator_counter_texts[i].name,
					 old->counter[i], new->counter[i],
					 seconds);
		}
	}
	return drops;
}

json_t *top_json(const struct top_sample *before,
		 const struct top_sample *after)
{
	json_t *pools = json_array();

	for (size_t i = 0; i < after->pool_count; i++)
		json_array_append_new(pools, pool_json(before, after, i));
	return json_pack("{s:f, s:o, s:o, s:o}", "seconds",
			 after->time_s - before->time_s, "terminators",
			 terminators_json(before, after), "pools", pools,
			 "drops_per_s", drops_json(before, after));
}
