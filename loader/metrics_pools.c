/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/names.h"
#include "loader/metrics_parts.h"

#include <stdio.h>

#define EACH(pool, snapshot)                                      \
	for (const struct metrics_pool *pool = (snapshot)->pools; \
	     pool < (snapshot)->pools + (snapshot)->pool_count; pool++)

#define WORD(name, help) #name,
static const char *const protocols[] = {QS_PROTOCOLS(WORD)};

#define NUMBER(code) #code,
static const char *const codes[QS_STATUS_ROW_COUNT] = {
	QS_STATUS_CODES(NUMBER) "2xx", "3xx", "4xx", "5xx"};

static void write_series(struct metrics_out *out,
			 const struct metrics_pool *pool, int protocol,
			 const char *code, __u64 count)
{
	struct metrics_labels labels = pool->labels;

	metrics_label(&labels, "protocol", protocols[protocol]);
	metrics_count_by(out, "http_requests_total", &labels, "code", code,
			 count);
}

/*
 * Codes that are there from the start. Those of alerts must be: a counter that
 * appears with its first count has not risen for Prometheus.
 */
static bool is_always_there(int row)
{
	switch (row) {
	case QS_STATUS_200:
	case QS_STATUS_500:
	case QS_STATUS_502:
	case QS_STATUS_503:
	case QS_STATUS_504:
		return true;
	}
	return false;
}

/* Others only when they have been seen: most codes never are. */
static void write_requests(struct metrics_out *out,
			   const struct metrics_pool *pool)
{
	for (int protocol = 0; protocol < QS_PROTOCOL_COUNT; protocol++) {
		const __u64 *responses = pool->stats.responses[protocol];

		for (int code = 0; code < QS_STATUS_ROW_COUNT; code++) {
			if (responses[code] || is_always_there(code))
				write_series(out, pool, protocol, codes[code],
					     responses[code]);
		}
		write_series(out, pool, protocol, "none",
			     pool->stats.cancelled[protocol]);
	}
}

static void write_counters(struct metrics_out *out,
			   const struct metrics_snapshot *snapshot)
{
	for (int i = 0; i < QS_POOL_COUNTER_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), "pool_%s_total",
			 qs_pool_counter_texts[i].name);
		metrics_head(out, name, "counter",
			     qs_pool_counter_texts[i].help);
		EACH(pool, snapshot)
		metrics_count(out, name, &pool->labels, pool->stats.counter[i]);
	}
}

void metrics_pools(struct metrics_out *out,
		   const struct metrics_snapshot *snapshot)
{
	metrics_head(out, "http_requests_total", "counter",
		     "HTTP requests ended, by the status code of the response: "
		     "of codes that are rare only the class, none where there "
		     "was no response.");
	EACH(pool, snapshot)
	write_requests(out, pool);
	metrics_head(out, "http_request_duration_seconds", "histogram",
		     "From the request's header to the end of the response.");
	EACH(pool, snapshot)
	metrics_histogram(out, "http_request_duration_seconds", &pool->labels,
			  &pool->stats.duration);
	metrics_head(out, "http_request_bytes_total", "counter",
		     "Octets of request bodies received from clients.");
	EACH(pool, snapshot)
	metrics_count(out, "http_request_bytes_total", &pool->labels,
		      pool->stats.bytes_received);
	metrics_head(out, "http_response_bytes_total", "counter",
		     "Octets of response bodies sent to clients.");
	EACH(pool, snapshot)
	metrics_count(out, "http_response_bytes_total", &pool->labels,
		      pool->stats.bytes_sent);
	write_counters(out, snapshot);
}
