/* SPDX-License-Identifier: GPL-2.0-only */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quicsteer/measure.h"
#include "terminator/exchange_private.h"
#include "terminator/h1_client.h"
#include "terminator/pool.h"
#include "terminator/router_private.h"

static struct qs_terminator_stats *stats_of(const struct exchange *exchange)
{
	return exchange->upstream->shared->stats;
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

void exchange_got_head(struct exchange *exchange, unsigned status,
		       const struct field *fields, size_t count, bool end)
{
	assert(!exchange->head_told);
	exchange->head_told = true;
	exchange->response_ended = end;
	count_final(exchange, status);
	note_end(exchange);
	exchange->calling++;
	exchange->front->head(exchange->user, status, fields, count, end);
	exchange->calling--;
}

int exchange_got_body(struct exchange *exchange, const void *data, size_t size)
{
	return body_append(&exchange->response_body, data, size);
}

void exchange_got_more(struct exchange *exchange)
{
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

	drop_request(exchange);
	if (copy_fields(&exchange->trailers, trailers, count) < 0) {
		break_off(exchange);
		return;
	}
	exchange->response_ended = true;
	note_end(exchange);
	if (!told)
		exchange_got_more(exchange);
}

struct answer {
	unsigned status;
	const char *text;
};

#define FAILURE_ANSWER(name, status, text) \
	[EXCHANGE_FAILURE_##name] = {status, text},
static const struct answer answers[] = {EXCHANGE_FAILURES(FAILURE_ANSWER)};

static struct field make_field(const char *name, const char *value)
{
	return (struct field){name, strlen(name), value, strlen(value)};
}

/* The text is short; if there is no memory for it, the status must do. */
static void answer(struct exchange *exchange, enum exchange_failure failure)
{
	const struct answer *own = &answers[failure];
	size_t size = strlen(own->text);
	char length[24];
	struct field fields[3];
	size_t count = 0;

	if (!exchange->request.head_method &&
	    body_append(&exchange->response_body, own->text, size) < 0)
		size = 0;
	snprintf(length, sizeof(length), "%zu", size);
	fields[count++] = make_field("content-type", "text/plain");
	fields[count++] = make_field("content-length", length);
	if (failure == EXCHANGE_FAILURE_BUSY)
		fields[count++] = make_field("retry-after", "1");
	exchange_got_head(exchange, own->status, fields, count,
			  exchange->request.head_method || !size);
	if (exchange->response_ended)
		return;
	exchange->response_ended = true;
	exchange_got_more(exchange);
}

void exchange_failed(struct exchange *exchange, enum exchange_failure failure)
{
	if (!exchange->head_told)
		answer(exchange, failure);
	else if (!exchange->response_ended)
		break_off(exchange);
	drop_request(exchange);
}

static enum exchange_failure failure_of(int error)
{
	switch (error) {
	case -EPROTO:
		return EXCHANGE_FAILURE_MALFORMED;
	case -ENOTSUP:
		return EXCHANGE_FAILURE_NOT_IMPLEMENTED;
	case -E2BIG:
		return EXCHANGE_FAILURE_HEAD_TOO_LARGE;
	default:
		return EXCHANGE_FAILURE_NO_MEMORY;
	}
}

/* Writes the request for a backend and finds the pool that it is for. */
static int prepare(struct exchange *exchange, struct router *router,
		   const struct exchange_request *request)
{
	int result = h1_request_write(&exchange->request, request,
				      router_shared(router)->via);
	struct upstream *upstream =
		result < 0 ? NULL : router_find(router, request);

	exchange->upstream = upstream ? upstream : router_nowhere(router);
	upstream_add_exchange(exchange->upstream);
	if (result < 0)
		exchange->failure = failure_of(result);
	else if (!upstream)
		exchange->failure = EXCHANGE_FAILURE_NO_ROUTE;
	return upstream ? 0 : -1;
}

struct exchange *exchange_new(struct router *router,
			      const struct exchange_front *front, void *user,
			      const struct exchange_request *request)
{
	struct qs_terminator_stats *stats = router_shared(router)->stats;
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	__u64 *gauge = &stats->gauges.body_bytes_held;

	if (!exchange)
		return NULL;
	exchange->front = front;
	exchange->user = user;
	exchange->request_ended = request->end;
	exchange->protocol = request->protocol;
	exchange->begun_ns = uv_hrtime();
	body_init(&exchange->request_body, EXCHANGE_REQUEST_WINDOW, gauge);
	body_init(&exchange->response_body, EXCHANGE_RESPONSE_WINDOW, gauge);
	stats->counters.requests++;
	stats->gauges.requests_open++;
	if (prepare(exchange, router, request) == 0) {
		pool_dispatch(exchange);
		return exchange;
	}
	exchange->request_dropped = true;
	exchange->request.has_length = false;
	pool_fail_later(exchange, exchange->failure);
	return exchange;
}

/* Ends all work upstream without a word to the front. */
static void cancel(struct exchange *exchange)
{
	if (exchange->client)
		h1_client_close(exchange->client);
	pool_forget(exchange);
	exchange->request_dropped = true;
	exchange->broken = true;
}

int exchange_request_body(struct exchange *exchange, const void *data,
			  size_t size)
{
	const struct h1_request *request = &exchange->request;
	struct body *body = &exchange->request_body;
	int result;

	assert(!exchange->request_ended);
	if (size > EXCHANGE_REQUEST_WINDOW - body->held ||
	    (request->has_length &&
	     size > request->length - exchange->request_received)) {
		cancel(exchange);
		return -EMSGSIZE;
	}
	exchange->request_received += size;
	exchange->upstream->counts->bytes_received += size;
	if (exchange->request_dropped) {
		tell_consumed(exchange, size);
		return 0;
	}
	result = body_append(body, data, size);
	if (result < 0)
		cancel(exchange);
	else if (exchange->client)
		h1_client_send(exchange->client);
	return result;
}

static int end_request(struct exchange *exchange, const struct field *trailers,
		       size_t count)
{
	const struct h1_request *request = &exchange->request;

	if (request->has_length &&
	    exchange->request_received != request->length)
		return -EPROTO;
	if (!request->chunked)
		return 0;
	return h1_request_write_last_chunk(&exchange->last_chunk, trailers,
					   count);
}

int exchange_request_end(struct exchange *exchange,
			 const struct field *trailers, size_t count)
{
	int result;

	assert(!exchange->request_ended);
	result = end_request(exchange, trailers, count);
	exchange->request_ended = true;
	if (result < 0)
		cancel(exchange);
	else if (exchange->client)
		h1_client_send(exchange->client);
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
	exchange->upstream->counts->bytes_sent += size;
	note_end(exchange);
}

void exchange_release(struct exchange *exchange, size_t size)
{
	body_release(&exchange->response_body, size);
	if (exchange->client)
		h1_client_resume(exchange->client);
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
	cancel(exchange);
	stats_of(exchange)->gauges.requests_open--;
	if (!exchange->head_told)
		exchange->upstream->counts->cancelled[exchange->protocol]++;
	body_free(&exchange->request_body);
	body_free(&exchange->response_body);
	text_free(&exchange->request.head);
	text_free(&exchange->last_chunk);
	field_list_free(&exchange->trailers);
	upstream_drop_exchange(exchange->upstream);
	free(exchange);
}
