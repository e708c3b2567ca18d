/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/breaker.h"
#include "loader/lib/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t longer(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint32_t breaker_trial_limit(const struct qs_config_breaker *config)
{
	return config->half_open_requests ? config->half_open_requests : 1;
}

static void forget_counts(struct breaker *breaker)
{
	breaker->consecutive = 0;
	memset(breaker->buckets, 0, sizeof(breaker->buckets));
}

static void change(struct breaker *breaker, enum qs_breaker state,
		   uint64_t now_ns)
{
	breaker->state = state;
	breaker->changed_ns = now_ns;
	forget_counts(breaker);
}

/* How long it is open, the openings_in_row-th time in a row. */
static uint64_t open_time_ns(const struct breaker *breaker,
			     const struct qs_config_breaker *config)
{
	uint32_t doublings = breaker->openings_in_row;
	uint64_t cap = longer(config->open_max_ms, config->open_ms);
	uint64_t ms = config->open_ms;

	while (doublings-- > 1 && ms < cap)
		ms *= 2;
	return (ms < cap ? ms : cap) * NS_PER_MS;
}

static void open_breaker(struct breaker *breaker,
			 const struct qs_config_breaker *config,
			 uint64_t now_ns)
{
	change(breaker, QS_BREAKER_OPEN, now_ns);
	breaker->openings++;
	breaker->openings_in_row++;
	breaker->open_end_ns = now_ns + open_time_ns(breaker, config);
}

static void close_breaker(struct breaker *breaker, uint64_t now_ns)
{
	change(breaker, QS_BREAKER_CLOSED, now_ns);
	breaker->closings++;
	breaker->openings_in_row = 0;
	breaker->open_end_ns = 0;
}

static void begin_trials(struct breaker *breaker, uint64_t now_ns)
{
	breaker->trial_episode++;
	breaker->trial_successes = 0;
	breaker->episode_begin_ns = now_ns;
}

static void count(struct breaker *breaker, uint64_t number,
		  const struct breaker_input *input)
{
	struct breaker_bucket *bucket =
		&breaker->buckets[number % BREAKER_BUCKETS];

	if (bucket->number != number)
		*bucket = (struct breaker_bucket){.number = number};
	bucket->successes += input->successes;
	bucket->failures += input->failures;
	/* Which came first is not known: a success says that it works. */
	if (input->successes)
		breaker->consecutive = 0;
	else
		breaker->consecutive += input->failures;
}

static bool fails_in_row(struct breaker *breaker,
			 const struct qs_config_breaker *config)
{
	if (!config->consecutive_failures ||
	    breaker->consecutive < config->consecutive_failures)
		return false;
	snprintf(breaker->reason, sizeof(breaker->reason),
		 "%" PRIu32 " requests in a row failed", breaker->consecutive);
	return true;
}

static bool fails_too_often(struct breaker *breaker, uint64_t number,
			    const struct qs_config_breaker *config)
{
	uint64_t failures = 0, all = 0;

	for (int i = 0; i < BREAKER_BUCKETS; i++) {
		const struct breaker_bucket *bucket = &breaker->buckets[i];

		if (bucket->number > number ||
		    number - bucket->number >= BREAKER_BUCKETS)
			continue;
		failures += bucket->failures;
		all += bucket->failures + bucket->successes;
	}
	if (!config->error_rate || !failures || all < config->minimum_requests)
		return false;
	if (failures * 1000 < all * config->error_rate)
		return false;
	snprintf(breaker->reason, sizeof(breaker->reason),
		 "%" PRIu64 " of %" PRIu64 " requests failed", failures, all);
	return true;
}

static bool step_closed(struct breaker *breaker,
			const struct qs_config_breaker *config, uint64_t now_ns,
			const struct breaker_input *input)
{
	uint64_t width =
		longer(config->window_ms / BREAKER_BUCKETS, 1) * NS_PER_MS;
	uint64_t number = now_ns / width;

	if (!input->successes && !input->failures)
		return false;
	count(breaker, number, input);
	if (!fails_in_row(breaker, config) &&
	    !fails_too_often(breaker, number, config))
		return false;
	open_breaker(breaker, config, now_ns);
	return true;
}

static bool step_open(struct breaker *breaker,
		      const struct qs_config_breaker *config, uint64_t now_ns)
{
	uint64_t latest = now_ns + open_time_ns(breaker, config);

	if (now_ns >= breaker->open_end_ns) {
		change(breaker, QS_BREAKER_HALF_OPEN, now_ns);
		breaker->half_openings++;
		begin_trials(breaker, now_ns);
		return true;
	}
	/* The clock was set back, or the configuration is a new one. */
	if (breaker->open_end_ns > latest) {
		breaker->open_end_ns = latest;
		return true;
	}
	return false;
}

/* No verdict yet: whether it was waited for long enough. */
static bool waited(const struct breaker *breaker,
		   const struct qs_config_breaker *config, uint64_t now_ns,
		   const struct breaker_input *input)
{
	uint64_t ms = longer(config->open_ms, config->window_ms);

	if (input->in_flight)
		ms = longer(ms, input->answer_ms);
	return now_ns >= breaker->episode_begin_ns + ms * NS_PER_MS;
}

static bool step_half_open(struct breaker *breaker,
			   const struct qs_config_breaker *config,
			   uint64_t now_ns, const struct breaker_input *input)
{
	uint32_t limit = breaker_trial_limit(config);

	/* What ends before a trial was taken was begun before it opened. */
	if (input->trials_taken) {
		breaker->trial_successes += input->successes;
		if (input->failures) {
			snprintf(breaker->reason, sizeof(breaker->reason),
				 "a trial request failed");
			open_breaker(breaker, config, now_ns);
			return true;
		}
	}
	if (breaker->episode_begin_ns > now_ns)
		breaker->episode_begin_ns = now_ns;
	if (breaker->trial_successes >= limit) {
		close_breaker(breaker, now_ns);
		return true;
	}
	if (!waited(breaker, config, now_ns, input))
		return false;
	if (input->trials_taken >= limit) {
		begin_trials(breaker, now_ns);
		return true;
	}
	if (input->down)
		return false;
	close_breaker(breaker, now_ns);
	return true;
}

static bool step_disabled(struct breaker *breaker, uint64_t now_ns)
{
	if (breaker->state == QS_BREAKER_CLOSED)
		return false;
	close_breaker(breaker, now_ns);
	return true;
}

bool breaker_step(struct breaker *breaker,
		  const struct qs_config_breaker *config, uint64_t now_ns,
		  const struct breaker_input *input)
{
	if (!config->enabled)
		return step_disabled(breaker, now_ns);
	switch (breaker->state) {
	case QS_BREAKER_CLOSED:
		return step_closed(breaker, config, now_ns, input);
	case QS_BREAKER_OPEN:
		return step_open(breaker, config, now_ns);
	case QS_BREAKER_HALF_OPEN:
		return step_half_open(breaker, config, now_ns, input);
	}
	return false;
}

void breaker_resume(struct breaker *breaker, const struct qs_backend *row,
		    uint64_t now_ns)
{
	*breaker = (struct breaker){
		.state = row->breaker,
		.changed_ns = row->breaker_changed_ns,
		.open_end_ns = row->open_end_ns,
		.openings = row->openings,
		.half_openings = row->half_openings,
		.closings = row->closings,
		.openings_in_row = row->openings_in_row,
		.trial_episode = row->trial_episode,
	};
	if (row->breaker > QS_BREAKER_HALF_OPEN)
		breaker->state = QS_BREAKER_CLOSED;
	if (breaker->state == QS_BREAKER_HALF_OPEN)
		begin_trials(breaker, now_ns);
}
