/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/health.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "loader/lib/version.h"
#include "terminator/answer.h"
#include "terminator/exchange_private.h"
#include "terminator/pool.h"

/* Others write the rows while we read them. */
#define LOAD(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)

struct report {
	struct health_state state;
	size_t pools;
	size_t pools_without; /* of them, those without a usable backend */
	struct text pool_list;
	struct text reasons;
};

static bool is_usable(const struct backend *backend)
{
	const struct qs_backend *row =
		&backend->upstream->shared->rows[backend->row];

	return LOAD(row->state) == QS_BACKEND_ACTIVE &&
	       LOAD(row->id) == backend->id && LOAD(row->effective) > 0;
}

/* The reasons are plain ASCII without quotes, as names of pools are. */
static void add_reason(struct report *report, const char *reason)
{
	text_add_string(&report->reasons, report->reasons.size ? ", \"" : "\"");
	text_add_string(&report->reasons, reason);
	text_add_string(&report->reasons, "\"");
}

static void add_pool(struct report *report, const struct upstream *upstream)
{
	char text[256];
	size_t usable = 0;

	for (size_t i = 0; i < upstream->backend_count; i++)
		usable += is_usable(upstream->backends[i]);
	snprintf(text, sizeof(text),
		 "%s{\"name\": \"%s\", \"backends\": %zu, \"usable\": %zu}",
		 report->pools ? ", " : "", upstream->name,
		 upstream->backend_count, usable);
	text_add_string(&report->pool_list, text);
	report->pools++;
	if (usable)
		return;
	report->pools_without++;
	snprintf(text, sizeof(text), "pool %s: no backend can be used",
		 upstream->name);
	add_reason(report, text);
}

static void look(struct report *report, const struct upstream_shared *shared)
{
	const struct upstream *upstream;

	if (shared->health.read)
		shared->health.read(shared->health.user, &report->state);
	if (report->state.draining)
		add_reason(report, "draining");
	if (report->state.with_loader && !report->state.loader_connected)
		add_reason(report, "the loader is away");
	DL_FOREACH (shared->upstreams, upstream)
		if (*upstream->name && !upstream->retired)
			add_pool(report, upstream);
}

static bool can_serve(const struct report *report)
{
	return !report->state.draining &&
	       (!report->pools || report->pools_without < report->pools);
}

static void write_report(struct text *text, const struct report *report)
{
	const struct health_state *state = &report->state;
	const char *status = !can_serve(report)	    ? "unavailable"
			     : report->reasons.size ? "degraded"
						    : "ok";
	char part[256];

	snprintf(part, sizeof(part),
		 "{\"status\": \"%s\", \"terminator\": \"%s\", \"version\": "
		 "\"%s\", \"draining\": %s, \"loader\": \"%s\", \"reasons\": [",
		 status, state->name ? state->name : "", QS_VERSION,
		 state->draining ? "true" : "false",
		 !state->with_loader	   ? "none"
		 : state->loader_connected ? "connected"
					   : "away");
	text_add_string(text, part);
	text_add(text, report->reasons.data, report->reasons.size);
	text_add_string(text, "], \"pools\": [");
	text_add(text, report->pool_list.data, report->pool_list.size);
	text_add_string(text, "]}\n");
}

static void answer_health(struct later_work *work)
{
	static const struct field fields[] = {
		{"content-type", 12, "application/json", 16},
		{"cache-control", 13, "no-store", 8},
	};
	struct exchange *exchange = exchange_of_later(work);
	struct report report = {0};
	struct text text = {0};
	bool whole;

	look(&report, exchange->shared);
	write_report(&text, &report);
	whole = !text.failed && !report.reasons.failed &&
		!report.pool_list.failed;
	if (whole)
		exchange_answer(exchange, can_serve(&report) ? 200 : 503,
				fields, 2, text.data, text.size);
	else
		exchange_failed(exchange, EXCHANGE_FAILURE_NO_MEMORY);
	text_free(&report.pool_list);
	text_free(&report.reasons);
	text_free(&text);
}

static int begin(struct exchange *exchange,
		 const struct exchange_request *request)
{
	(void)request;
	exchange_defer(exchange, exchange->message.safe ? answer_health
							: answer_refuse_method);
	return 0;
}

static void cancel(struct exchange *exchange)
{
	(void)exchange;
}

const struct exchange_handler health_handler = {.begin = begin,
						.cancel = cancel};
