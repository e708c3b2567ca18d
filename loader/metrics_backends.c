/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics_parts.h"
#include "loader/lib/effective.h"
#include "loader/lib/names.h"
#include "loader/lib/parse.h"

#include <stdio.h>
#include <string.h>

#define EACH(one, snapshot)                                            \
	for (const struct metrics_backend *one = (snapshot)->backends; \
	     one < (snapshot)->backends + (snapshot)->backend_count; one++)

static void write_states(struct metrics_out *out,
			 const struct metrics_snapshot *snapshot)
{
	metrics_head(out, "backend_info", "gauge",
		     "The address of the backend.");
	EACH(one, snapshot)
	{
		struct qs_vip_key endpoint = {.port = one->row.port};
		char text[QS_ENDPOINT_TEXT];

		memcpy(endpoint.address, one->row.address,
		       sizeof(endpoint.address));
		metrics_count_by(out, "backend_info", &one->labels, "address",
				 qs_format_endpoint(text, &endpoint), 1);
	}
	metrics_head(out, "backend_up", "gauge",
		     "0 if its active checks fail, else 1.");
	EACH(one, snapshot)
	metrics_count(out, "backend_up", &one->labels,
		      one->row.health != QS_HEALTH_DOWN);
	metrics_head(out, "backend_state", "gauge",
		     "1 for the state that it is in; a draining one was "
		     "removed and ends its requests.");
	EACH(one, snapshot)
	{
		for (int state = QS_BACKEND_ACTIVE;
		     state <= QS_BACKEND_DRAINING; state++)
			metrics_count_by(out, "backend_state", &one->labels,
					 "state", qs_backend_state_name(state),
					 one->row.state == state);
	}
}

static void write_weights(struct metrics_out *out,
			  const struct metrics_snapshot *snapshot)
{
	metrics_head(out, "backend_weight", "gauge",
		     "Share of its pool's requests that is wanted, relative to "
		     "the others.");
	EACH(one, snapshot)
	{
		const struct qs_wish *wish = &one->row.wish;

		metrics_count(out, "backend_weight", &one->labels,
			      wish->weight == QS_WEIGHT_UNSET ? one->row.weight
							      : wish->weight);
	}
	metrics_head(out, "backend_effective_weight", "gauge",
		     "The weight that balancing uses: as wanted, and by "
		     "health.");
	EACH(one, snapshot)
	metrics_milli(out, "backend_effective_weight", &one->labels,
		      (__u64)one->row.effective * 1000 / QS_EFFECTIVE_SCALE);
	metrics_head(out, "backend_health_factor", "gauge",
		     "What health-based weighting makes of its weight, up to "
		     "1.");
	EACH(one, snapshot)
	metrics_milli(out, "backend_health_factor", &one->labels,
		      one->row.factor);
	metrics_head(out, "backend_slow_start_factor", "gauge",
		     "What slow start lets it have of its weight, up to 1.");
	EACH(one, snapshot)
	metrics_milli(out, "backend_slow_start_factor", &one->labels,
		      QS_FACTOR_ONE - one->row.withheld);
	metrics_head(out, "backend_latency_seconds", "gauge",
		     "Smoothed response time that the factor goes by.");
	EACH(one, snapshot)
	metrics_micro(out, "backend_latency_seconds", &one->labels,
		      one->row.latency_us);
	metrics_head(out, "backend_drain_wanted", "gauge",
		     "1 if the operator drains it.");
	EACH(one, snapshot)
	metrics_count(out, "backend_drain_wanted", &one->labels,
		      one->row.wish.drain);
}

static void write_breakers(struct metrics_out *out,
			   const struct metrics_snapshot *snapshot)
{
	const char *name = "backend_breaker_transitions_total";

	metrics_head(out, "backend_breaker_state", "gauge",
		     "1 for the state that the circuit breaker is in.");
	EACH(one, snapshot)
	{
		for (int state = QS_BREAKER_CLOSED;
		     state <= QS_BREAKER_HALF_OPEN; state++)
			metrics_count_by(out, "backend_breaker_state",
					 &one->labels, "state",
					 qs_breaker_name(state),
					 one->row.breaker == state);
	}
	metrics_head(out, name, "counter",
		     "Times that the circuit breaker came into the state.");
	EACH(one, snapshot)
	{
		metrics_count_by(out, name, &one->labels, "to",
				 qs_breaker_name(QS_BREAKER_OPEN),
				 one->row.openings);
		metrics_count_by(out, name, &one->labels, "to",
				 qs_breaker_name(QS_BREAKER_HALF_OPEN),
				 one->row.half_openings);
		metrics_count_by(out, name, &one->labels, "to",
				 qs_breaker_name(QS_BREAKER_CLOSED),
				 one->row.closings);
	}
	metrics_head(out, "backend_kept", "gauge",
		     "1 if it is used although it is ejected, since too much "
		     "of its pool is.");
	EACH(one, snapshot)
	metrics_count(out, "backend_kept", &one->labels, one->row.kept);
}

static void write_counts(struct metrics_out *out,
			 const struct metrics_snapshot *snapshot)
{
	char name[80];

	for (int i = 0; i < QS_BACKEND_COUNTER_COUNT; i++) {
		snprintf(name, sizeof(name), "backend_%s_total",
			 qs_backend_counter_texts[i].name);
		metrics_head(out, name, "counter",
			     qs_backend_counter_texts[i].help);
		EACH(one, snapshot)
		metrics_count(out, name, &one->labels, one->counter[i]);
	}
	for (int i = 0; i < QS_BACKEND_GAUGE_COUNT; i++) {
		snprintf(name, sizeof(name), "backend_%s",
			 qs_backend_gauge_texts[i].name);
		metrics_head(out, name, "gauge",
			     qs_backend_gauge_texts[i].help);
		EACH(one, snapshot)
		metrics_count(out, name, &one->labels, one->gauge[i]);
	}
	metrics_head(out, "backend_response_seconds", "histogram",
		     "From the request sent to the response's header.");
	EACH(one, snapshot)
	metrics_histogram(out, "backend_response_seconds", &one->labels,
			  &one->response);
}

void metrics_backends(struct metrics_out *out,
		      const struct metrics_snapshot *snapshot)
{
	write_states(out, snapshot);
	write_weights(out, snapshot);
	write_breakers(out, snapshot);
	write_counts(out, snapshot);
}
