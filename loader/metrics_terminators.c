/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics_parts.h"
#include "loader/lib/clock.h"
#include "loader/lib/names.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define EACH(one, snapshot)                                                  \
	for (const struct metrics_terminator *one = (snapshot)->terminators; \
	     one < (snapshot)->terminators + (snapshot)->terminator_count;   \
	     one++)

uint64_t metrics_age_us(__u64 time_ns)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);

	return now_ns > time_ns ? (now_ns - time_ns) / 1000 : 0;
}

static bool is_live(const struct metrics_terminator *one)
{
	return one->in_state[QS_TERMINATOR_LIVE];
}

static void write_states(struct metrics_out *out,
			 const struct metrics_snapshot *snapshot)
{
	metrics_head(out, "terminator_state", "gauge",
		     "Processes of this name that are in the state.");
	EACH(one, snapshot)
	{
		for (int state = QS_TERMINATOR_LIVE;
		     state <= QS_TERMINATOR_DEAD; state++)
			metrics_count_by(out, "terminator_state", &one->labels,
					 "state", qs_state_name(state),
					 one->in_state[state]);
	}
	metrics_head(out, "terminator_heartbeat_age_seconds", "gauge",
		     "Time since the process last wrote its row.");
	EACH(one, snapshot)
	{
		if (one->heartbeat_ns)
			metrics_micro(out, "terminator_heartbeat_age_seconds",
				      &one->labels,
				      metrics_age_us(one->heartbeat_ns));
	}
}

/* Of the live process of each name. */
static void write_weights(struct metrics_out *out,
			  const struct metrics_snapshot *snapshot)
{
	metrics_head(out, "terminator_weight", "gauge",
		     "Share of new connections that is wanted, relative to the "
		     "others.");
	EACH(one, snapshot)
	{
		const struct qs_wish *wish = &one->live.wish;

		if (is_live(one))
			metrics_count(out, "terminator_weight", &one->labels,
				      wish->weight == QS_WEIGHT_UNSET
					      ? one->live.weight
					      : wish->weight);
	}
	metrics_head(out, "terminator_effective_weight", "gauge",
		     "The weight in the lookup table: as wanted, and by "
		     "health.");
	EACH(one, snapshot)
	{
		if (is_live(one))
			metrics_count(out, "terminator_effective_weight",
				      &one->labels, one->live.effective);
	}
	metrics_head(out, "terminator_health_factor", "gauge",
		     "What healthd makes of its weight, up to 1.");
	EACH(one, snapshot)
	{
		if (is_live(one))
			metrics_milli(out, "terminator_health_factor",
				      &one->labels, one->live.factor);
	}
	metrics_head(out, "terminator_drain_wanted", "gauge",
		     "1 if the operator drains it.");
	EACH(one, snapshot)
	{
		if (is_live(one))
			metrics_count(out, "terminator_drain_wanted",
				      &one->labels, one->live.wish.drain);
	}
}

static void write_breakers(struct metrics_out *out,
			   const struct metrics_snapshot *snapshot)
{
	metrics_head(out, "terminator_breaker_state", "gauge",
		     "1 for the state that the circuit breaker is in.");
	EACH(one, snapshot)
	{
		if (!is_live(one))
			continue;
		for (int state = QS_BREAKER_CLOSED; state <= QS_BREAKER_OPEN;
		     state++)
			metrics_count_by(out, "terminator_breaker_state",
					 &one->labels, "state",
					 qs_breaker_name(state),
					 one->live.breaker == state);
	}
	metrics_head(out, "terminator_breaker_openings_total", "counter",
		     "Times that the circuit breaker opened.");
	EACH(one, snapshot)
	metrics_count(out, "terminator_breaker_openings_total", &one->labels,
		      one->breaker_openings);
}

static void write_traffic(struct metrics_out *out,
			  const struct metrics_snapshot *snapshot)
{
	const char *name = "terminator_steered_packets_total";

	metrics_head(out, name, "counter",
		     "Packets that XDP steered to the terminator, by what "
		     "named it.");
	EACH(one, snapshot)
	{
		metrics_count_by(out, name, &one->labels, "by", "cid",
				 one->traffic.by_cid);
		metrics_count_by(out, name, &one->labels, "by", "hash",
				 one->traffic.by_hash);
	}
	name = "terminator_steered_bytes_total";
	metrics_head(out, name, "counter",
		     "Octets of those packets, whole frames.");
	EACH(one, snapshot)
	metrics_count(out, name, &one->labels, one->traffic.bytes);
}

/* In the base unit; and "us" would be taken for microseconds. */
static const char *counter_name(int counter)
{
	switch (counter) {
	case QS_COUNTER_cpu_us:
		return "cpu_seconds";
	case QS_COUNTER_streams_reset_by_us:
		return "streams_reset_by_terminator";
	}
	return qs_terminator_counter_texts[counter].name;
}

static void write_counters(struct metrics_out *out,
			   const struct metrics_snapshot *snapshot)
{
	for (int i = 0; i < QS_TERMINATOR_COUNTER_COUNT; i++) {
		char name[80];

		/* These are there by their reason. */
		if (i == QS_COUNTER_connections_closed)
			continue;
		snprintf(name, sizeof(name), "terminator_%s_total",
			 counter_name(i));
		metrics_head(out, name, "counter",
			     i == QS_COUNTER_cpu_us
				     ? "processor time used"
				     : qs_terminator_counter_texts[i].help);
		EACH(one, snapshot)
		{
			__u64 count = one->counts.counter[i];

			if (i == QS_COUNTER_cpu_us)
				metrics_micro(out, name, &one->labels, count);
			else
				metrics_count(out, name, &one->labels, count);
		}
	}
}

static void write_closes(struct metrics_out *out,
			 const struct metrics_snapshot *snapshot)
{
	const char *name = "terminator_connections_closed_total";

	metrics_head(out, name, "counter",
		     "QUIC connections ended, by the reason.");
	EACH(one, snapshot)
	{
		for (int i = 0; i < QS_CLOSE_REASON_COUNT; i++)
			metrics_count_by(out, name, &one->labels, "reason",
					 qs_close_texts[i].name,
					 one->counts.close[i]);
	}
}

static void write_histograms(struct metrics_out *out,
			     const struct metrics_snapshot *snapshot)
{
	for (int i = 0; i < QS_TERMINATOR_HISTOGRAM_COUNT; i++) {
		char name[80];

		snprintf(name, sizeof(name), "terminator_%s_seconds",
			 qs_terminator_histogram_texts[i].name);
		metrics_head(out, name, "histogram",
			     qs_terminator_histogram_texts[i].help);
		EACH(one, snapshot)
		metrics_histogram(out, name, &one->labels,
				  &one->counts.histogram[i]);
	}
}

/* A gauge in µs is exported in seconds, and by a name that says more. */
static const char *seconds_name(int gauge)
{
	switch (gauge) {
	case QS_GAUGE_loop_lag_us:
		return "terminator_event_loop_lag_seconds";
	case QS_GAUGE_loop_lag_peak_us:
		return "terminator_event_loop_lag_peak_seconds";
	}
	return NULL;
}

static void write_gauges(struct metrics_out *out,
			 const struct metrics_snapshot *snapshot)
{
	for (int i = 0; i < QS_TERMINATOR_GAUGE_COUNT; i++) {
		const char *seconds = seconds_name(i);
		char name[80];

		if (seconds)
			strcpy(name, seconds);
		else
			snprintf(name, sizeof(name), "terminator_%s",
				 qs_terminator_gauge_texts[i].name);
		metrics_head(out, name, "gauge",
			     qs_terminator_gauge_texts[i].help);
		EACH(one, snapshot)
		{
			if (!one->running)
				continue;
			if (seconds)
				metrics_micro(out, name, &one->labels,
					      one->gauge[i]);
			else
				metrics_count(out, name, &one->labels,
					      one->gauge[i]);
		}
	}
}

void metrics_terminators(struct metrics_out *out,
			 const struct metrics_snapshot *snapshot)
{
	write_states(out, snapshot);
	write_weights(out, snapshot);
	write_breakers(out, snapshot);
	write_traffic(out, snapshot);
	write_counters(out, snapshot);
	write_closes(out, snapshot);
	write_histograms(out, snapshot);
	write_gauges(out, snapshot);
}
