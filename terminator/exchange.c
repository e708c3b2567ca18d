/* SPDX-License-Identifier: GPL-2.0-only */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "quicsteer/measure.h"
#include "terminator/access.h"
#include "terminator/answer.h"
#include "terminator/compress.h"
#include "terminator/container_of.h"
#include "terminator/exchange_early.h"
#include "terminator/exchange_limits.h"
#include "terminator/exchange_private.h"
#include "terminator/exchange_rules.h"
#include "terminator/exchange_tunnel.h"
#include "terminator/fields.h"
#include "terminator/http_date.h"
#include "terminator/pool.h"
#include "terminator/router_private.h"

static struct qs_terminator_stats *stats_of(const struct exchange *exchange)
{
	return exchange->shared->stats;
}

static void count_response(struct exchange *exchange, unsigned status)
{
	struct qs_terminator_stats *stats = stats_of(exchange);
	__u64 *const counters[] = {
		&stats->counters.responses_1xx, &stats->counters.responses_2xx,
		&stats->counters.responses_3xx, &stats->counters.responses_4xx,
		&stats->counters.responses_5xx,
	};

	assert(status >= 100 && status <= 599);
	++*counters[status / 100 - 1];
}

static void count_final(struct exchange *exchange, unsigned status)
{
	struct qs_pool_stats *counts = exchange->upstream->counts;

	count_response(exchange, status);
	counts->responses[exchange->protocol][qs_status_row(status)]++;
}

/* Notes the response's end, when nothing of it is left to be read. */
static void note_end(struct exchange *exchange)
{
	if (exchange->finished || !exchange->response_ended ||
	    exchange->broken || exchange->response_body.unread)
		return;
	exchange->finished = true;
	access_end(exchange);
	qs_histogram_add(&exchange->upstream->counts->duration,
			 (uv_hrtime() - exchange->begun_ns) / 1000);
}

void exchange_got_interim(struct exchange *exchange, unsigned status,
			  const struct field *fields, size_t count)
{
	count_response(exchange, status);
	exchange->calling++;
	exchange->front->interim(exchange->user, status, fields, count);
	exchange->calling--;
}

/* A response has a Date, if not its origin's then ours (RFC 9110, 6.6.1). */
static void add_date(struct field_view *view, char date[static HTTP_DATE_SIZE])
{
	if (!field_view_find(view, "date"))
		field_view_add_text(view, "date",
				    http_date_write(date, time(NULL)));
}

void exchange_got_head(struct exchange *exchange, unsigned status,
		       const struct field *fields, size_t count, bool end)
{
	char cookie[COOKIE_SET_SIZE], etag[COMPRESS_ETAG_MAX];
	char date[HTTP_DATE_SIZE];
	struct field_view view;

	assert(!exchange->head_told && count <= FIELD_VIEW_GIVEN);
	view.count = count;
	if (count)
		memcpy(view.fields, fields, count * sizeof(*fields));
	add_date(&view, date);
	exchange_rules_response(exchange, &view);
	if (exchange->client)
		affinity_respond(exchange, &view, cookie);
	introduction_respond(exchange, &view);
	compress_head(exchange, status, &view, end, etag);
	exchange->head_told = true;
	exchange->status = status;
	access_head(exchange);
	exchange->response_ended = end;
	count_final(exchange, status);
	note_end(exchange);
	exchange->calling++;
	exchange->front->head(exchange->user, status, view.fields, view.count,
			      end);
	exchange->calling--;
}

int exchange_got_body(struct exchange *exchange, const void *data, size_t size)
{
	exchange_tunnel_note(exchange, data, size);
	if (exchange->compressor)
		return compress_body(exchange, data, size);
	return body_append(&exchange->response_body, data, size);
}

void exchange_got_more(struct exchange *exchange)
{
	if (compress_flush(exchange) < 0) {
		exchange_failed(exchange, EXCHANGE_FAILURE_NO_MEMORY);
		return;
	}
	exchange->calling++;
	exchange->front->readable(exchange->user);
	exchange->calling--;
}

static void tell_consumed(struct exchange *exchange, size_t size)
{
	if (!size)
		return;
	exchange->calling++;
	exchange->front->request_consumed(exchange->user, size);
	exchange->calling--;
}

void exchange_sent_body(struct exchange *exchange, size_t size)
{
	body_release(&exchange->request_body, size);
	tell_consumed(exchange, size);
}

/* The handler has done its work, or must not do it any more. */
static void end_work(struct exchange *exchange)
{
	const struct exchange_handler *handler = exchange->handler;

	exchange->handler = NULL;
	if (handler)
		handler->cancel(exchange);
}

/* Nobody upstream reads the rest of the request; the client may go on sending
 * it all the same. */
static void drop_request(struct exchange *exchange)
{
	size_t held = exchange->request_body.held;

	exchange->request_dropped = true;
	body_free(&exchange->request_body);
	tell_consumed(exchange, held);
}

static void break_off(struct exchange *exchange)
{
	exchange->broken = true;
	access_end(exchange);
	exchange->calling++;
	exchange->front->broken(exchange->user);
	exchange->calling--;
}

static int copy_fields(struct field_list *list, const struct field *fields,
		       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (field_list_add(list, &fields[i]) < 0)
			return -ENOMEM;
	return 0;
}

void exchange_got_end(struct exchange *exchange, const struct field *trailers,
		      size_t count)
{
	bool told = exchange->response_ended;

	end_work(exchange);
	drop_request(exchange);
	if (copy_fields(&exchange->trailers, trailers, count) < 0 ||
	    compress_end(exchange) < 0) {
		break_off(exchange);
		return;
	}
	exchange->response_ended = true;
	note_end(exchange);
	if (!told)
		exchange_got_more(exchange);
}

#define FAILURE_ANSWER(name, status, text) \
	[EXCHANGE_FAILURE_##name] = {status, text},
static const struct {
	unsigned status;
	const char *text;
} failures[] = {EXCHANGE_FAILURES(FAILURE_ANSWER)};

void exchange_answer(struct exchange *exchange, unsigned status,
		     const struct field *fields, size_t count, const void *body,
		     size_t size)
{
	const struct exchange_handler *handler = exchange->handler;
	struct field all[EXCHANGE_ANSWER_FIELDS + 1];
	bool bodyless = exchange->message.head || status == 204 ||
			status == 304 || !size;
	char length[24];

	assert(count <= EXCHANGE_ANSWER_FIELDS);
	/* Fields and body may be the handler's. */
	exchange->handler = NULL;
	for (size_t i = 0; i < count; i++)
		all[i] = fields[i];
	if (status != 204 && status != 304) {
		snprintf(length, sizeof(length), "%zu", size);
		all[count++] = field_make("content-length", length);
	}
	exchange_got_head(exchange, status, all, count, bodyless);
	if (!bodyless && (exchange_got_body(exchange, body, size) < 0 ||
			  compress_end(exchange) < 0)) {
		break_off(exchange);
	} else if (!bodyless) {
		exchange->response_ended = true;
		exchange_got_more(exchange);
	}
	if (handler)
		handler->cancel(exchange);
	drop_request(exchange);
}

static void tell_answer(struct exchange *exchange,
			enum exchange_failure failure)
{
	const struct field field = field_make("retry-after", "1");

	answer_failure(exchange, failures[failure].status,
		       failures[failure].text, &field,
		       failure == EXCHANGE_FAILURE_BUSY ||
			       failure == EXCHANGE_FAILURE_TOO_MANY);
}

void exchange_failed(struct exchange *exchange, enum exchange_failure failure)
{
	end_work(exchange);
	if (!exchange->head_told) {
		tell_answer(exchange, failure);
		return;
	}
	if (!exchange->response_ended)
		break_off(exchange);
	drop_request(exchange);
}

struct exchange *exchange_of_later(struct later_work *work)
{
	return container_of(work, struct exchange, later);
}

void exchange_defer(struct exchange *exchange, later_run *run)
{
	later_add(&exchange->shared->later, &exchange->later, run);
}

static void tell_failure(struct later_work *work)
{
	struct exchange *exchange = exchange_of_later(work);

	exchange_failed(exchange, exchange->failure);
}

void exchange_fail_later(struct exchange *exchange,
			 enum exchange_failure failure)
{
	exchange->failure = failure;
	exchange_defer(exchange, tell_failure);
}

static struct exchange *make_exchange(struct router *router,
				      const struct exchange_front *front,
				      void *user,
				      const struct exchange_request *request)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	struct upstream_shared *shared = router_shared(router);
	__u64 *gauge = &shared->stats->gauges.body_bytes_held;

	if (!exchange)
		return NULL;
	exchange->router = router;
	exchange->shared = shared;
	exchange->front = front;
	exchange->user = user;
	exchange->request_ended = request->end;
	exchange->protocol = request->protocol;
	exchange->begun_ns = uv_hrtime();
	body_init(&exchange->request_body, EXCHANGE_REQUEST_WINDOW, gauge);
	body_init(&exchange->response_body, EXCHANGE_RESPONSE_WINDOW, gauge);
	shared->stats->counters.requests++;
	shared->stats->gauges.requests_open++;
	return exchange;
}

static void find_route(struct exchange *exchange,
		       const struct exchange_request *request)
{
	exchange->site = site_ref(router_site(exchange->router));
	if (exchange->site && !exchange->message.connect)
		exchange->route = site_find(exchange->site, request);
	exchange->upstream = exchange->route && exchange->route->upstream
				     ? exchange->route->upstream
				     : router_nowhere(exchange->router);
	upstream_add_exchange(exchange->upstream);
	if (exchange->site)
		introduction_begin(exchange, request);
}

/* Has the route's handler begin. Returns why it cannot, or -1. */
static int begin_work(struct exchange *exchange,
		      const struct exchange_request *request)
{
	int failure = exchange_limits_check(exchange, request);

	if (failure >= 0)
		return failure;
	if (request->misdirected)
		return EXCHANGE_FAILURE_MISDIRECTED;
	if (exchange->message.connect)
		return EXCHANGE_FAILURE_NOT_IMPLEMENTED;
	if (!exchange->route)
		return EXCHANGE_FAILURE_NO_ROUTE;
	exchange->handler = exchange_early_handler(exchange, request);
	switch (exchange_rules_begin(exchange, request)) {
	case 0:
		return -1;
	case -E2BIG:
		return EXCHANGE_FAILURE_HEAD_TOO_LARGE;
	default:
		return EXCHANGE_FAILURE_NO_MEMORY;
	}
}

int exchange_new(struct router *router, const struct exchange_front *front,
		 void *user, const struct exchange_request *request,
		 struct exchange **ret_exchange)
{
	struct exchange *exchange;
	struct message message;
	int failure;

	if (message_check(&message, request) < 0)
		return -EPROTO;
	exchange = make_exchange(router, front, user, request);
	if (!exchange)
		return -ENOMEM;
	exchange->message = message;
	find_route(exchange, request);
	access_begin(exchange, request);
	compress_begin(exchange, request);
	failure = begin_work(exchange, request);
	if (failure >= 0)
		exchange_fail_later(exchange, failure);
	exchange->request_dropped =
		failure >= 0 || !exchange->handler->request_more;
	*ret_exchange = exchange;
	return 0;
}

/* Ends all work without a word to the front. */
static void cancel(struct exchange *exchange)
{
	end_work(exchange);
	later_cancel(&exchange->shared->later, &exchange->later);
	exchange->request_dropped = true;
	exchange->broken = true;
}

int exchange_request_body(struct exchange *exchange, const void *data,
			  size_t size)
{
	const struct message *message = &exchange->message;
	struct body *body = &exchange->request_body;
	int result;

	assert(!exchange->request_ended);
	if (size > EXCHANGE_REQUEST_WINDOW - body->held ||
	    (message->has_length &&
	     size > message->length - exchange->request_received)) {
		cancel(exchange);
		return -EMSGSIZE;
	}
	exchange->request_received += size;
	exchange->upstream->counts->bytes_received += size;
	if (!exchange->request_dropped && !message->has_length &&
	    !message->websocket && !exchange_limits_body(exchange))
		exchange_failed(exchange, EXCHANGE_FAILURE_BODY_TOO_LARGE);
	if (exchange->request_dropped) {
		tell_consumed(exchange, size);
		return 0;
	}
	result = body_append(body, data, size);
	if (result < 0)
		cancel(exchange);
	else
		exchange->handler->request_more(exchange);
	return result;
}

static int end_request(struct exchange *exchange, const struct field *trailers,
		       size_t count)
{
	const struct message *message = &exchange->message;

	if (message->has_length &&
	    exchange->request_received != message->length)
		return -EPROTO;
	if (message_check_trailers(trailers, count) < 0)
		return -EPROTO;
	if (exchange->request_dropped)
		return 0;
	return exchange->handler->request_end(exchange, trailers, count);
}

int exchange_request_end(struct exchange *exchange,
			 const struct field *trailers, size_t count)
{
	int result;

	assert(!exchange->request_ended);
	exchange->request_ended = true;
	result = end_request(exchange, trailers, count);
	if (result < 0)
		cancel(exchange);
	return result;
}

size_t exchange_request_held(const struct exchange *exchange)
{
	return exchange->request_body.held;
}

size_t exchange_peek(const struct exchange *exchange, struct iovec *vectors,
		     size_t count)
{
	return body_peek(&exchange->response_body, vectors, count);
}

void exchange_read(struct exchange *exchange, size_t size)
{
	body_read(&exchange->response_body, size);
	exchange->response_size += size;
	exchange->upstream->counts->bytes_sent += size;
	note_end(exchange);
}

void exchange_release(struct exchange *exchange, size_t size)
{
	body_release(&exchange->response_body, size);
	if (exchange->handler)
		exchange->handler->response_space(exchange);
}

bool exchange_at_end(const struct exchange *exchange,
		     const struct field **trailers, size_t *count)
{
	if (!exchange->response_ended || exchange->broken ||
	    exchange->response_body.unread)
		return false;
	*trailers = exchange->trailers.fields;
	*count = exchange->trailers.count;
	return true;
}

void exchange_free(struct exchange *exchange)
{
	assert(!exchange->calling);
	access_end(exchange);
	cancel(exchange);
	stats_of(exchange)->gauges.requests_open--;
	if (!exchange->head_told)
		exchange->upstream->counts->cancelled[exchange->protocol]++;
	body_free(&exchange->request_body);
	body_free(&exchange->response_body);
	field_list_free(&exchange->trailers);
	exchange_rules_free(exchange);
	compress_free(exchange);
	upstream_drop_exchange(exchange->upstream);
	site_unref(exchange->site);
	free(exchange);
}
