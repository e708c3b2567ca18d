/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/signs.h"

#include <string.h>

/* What a process counted at its end is read for so long after it. */
#define AFTER_DEATH_NS 2000000000ULL

static uint64_t successes(const struct qs_backend_stats *stats)
{
	return stats->counters.responses_2xx + stats->counters.responses_3xx +
	       stats->counters.responses_4xx;
}

static uint64_t failures(const struct qs_backend_stats *stats)
{
	return stats->counters.responses_5xx + stats->counters.connect_errors +
	       stats->counters.connect_timeouts +
	       stats->counters.response_timeouts + stats->counters.broken;
}

static uint64_t responses(const struct qs_histogram *histogram)
{
	uint64_t sum = 0;

	for (int i = 0; i < QS_HISTOGRAM_BUCKETS; i++)
		sum += histogram->bucket[i];
	return sum;
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

void signs_delta(struct sign_last *last, const struct qs_backend_stats *stats,
		 uint32_t id, uint16_t instance, bool first,
		 struct sign_counts *sum)
{
	struct sign_counts now;

	if (stats->id != id)
		return;
	if (last->id != id || last->instance != instance)
		*last = (struct sign_last){.id = id, .instance = instance};
	now = (struct sign_counts){
		.successes = successes(stats),
		.failures = failures(stats),
		.responses = last->counts.responses,
		.response_us = last->counts.response_us,
	};
	if (now.successes == last->counts.successes &&
	    now.failures == last->counts.failures)
		return;
	now.responses = responses(&stats->response);
	now.response_us = stats->response.sum_us;
	if (!first) {
		sum->successes += grown(now.successes, last->counts.successes);
		sum->failures += grown(now.failures, last->counts.failures);
		sum->responses += grown(now.responses, last->counts.responses);
		sum->response_us +=
			grown(now.response_us, last->counts.response_us);
	}
	last->counts = now;
}

static bool is_alive(const struct qs_terminator *terminator)
{
	return terminator->state == QS_TERMINATOR_LIVE ||
	       terminator->state == QS_TERMINATOR_DRAINING;
}

static bool is_read(const struct qs_terminator *terminator, uint64_t real_ns)
{
	if (is_alive(terminator))
		return true;
	return terminator->state == QS_TERMINATOR_DEAD &&
	       real_ns < terminator->died_ns + AFTER_DEATH_NS;
}

static void collect_slot(struct signs *signs, const struct sign_source *source,
			 int slot, struct sign_sum *sums)
{
	const struct qs_terminator *terminator = &source->terminators[slot];

	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &source->rows[i];
		const struct qs_backend_stats *stats =
			&source->proxy[slot].backend[i];

		if (row->state == QS_BACKEND_FREE || stats->id != row->id)
			continue;
		signs_delta(&signs->last[slot][i], stats, row->id,
			    terminator->instance, !signs->primed,
			    &sums[i].counts);
		if (is_alive(terminator))
			sums[i].in_flight += stats->gauges.in_flight;
	}
}

void signs_collect(struct signs *signs, const struct sign_source *source,
		   struct sign_sum sums[static QS_MAX_BACKENDS])
{
	memset(sums, 0, QS_MAX_BACKENDS * sizeof(*sums));
	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		if (is_read(&source->terminators[slot], source->real_ns))
			collect_slot(signs, source, slot, sums);
	}
	signs->primed = true;
}
