/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/exchange_early.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "terminator/fields.h"
#include "terminator/pool.h"
#include "terminator/router_private.h"

enum { CONTROL_FIELDS = 5 };

/* A request that waits, with all that it points to. */
struct held_request {
	struct exchange_request request;
	struct field_list fields; /* the first are its pseudo-header fields */
	struct field_list trailers;
	char peer_address[INET6_ADDRSTRLEN];
	struct sockaddr_storage peer, local;
};

static const struct sockaddr *copy_address(struct sockaddr_storage *to,
					   const struct sockaddr *from)
{
	if (!from)
		return NULL;
	memcpy(to, from,
	       from->sa_family == AF_INET ? sizeof(struct sockaddr_in)
					  : sizeof(struct sockaddr_in6));
	return (const struct sockaddr *)to;
}

static int copy_fields(struct held_request *held,
		       const struct exchange_request *from)
{
	const struct field *const control[CONTROL_FIELDS] = {
		&from->method, &from->scheme, &from->authority, &from->path,
		&from->tunnel};
	struct field copy = {.name = ""};
	int result = 0;

	for (int i = 0; i < CONTROL_FIELDS && !result; i++) {
		copy.value = control[i]->value ? control[i]->value : "";
		copy.value_size = control[i]->value_size;
		result = field_list_add(&held->fields, &copy);
	}
	for (size_t i = 0; i < from->field_count && !result; i++)
		result = field_list_add(&held->fields, &from->fields[i]);
	return result;
}

/* Points the copy to copies; what was absent stays so. */
static void point_to_copies(struct held_request *held)
{
	struct exchange_request *request = &held->request;
	struct field *const control[CONTROL_FIELDS] = {
		&request->method, &request->scheme, &request->authority,
		&request->path, &request->tunnel};

	for (int i = 0; i < CONTROL_FIELDS; i++)
		if (control[i]->value)
			*control[i] = held->fields.fields[i];
	request->fields = held->fields.fields + CONTROL_FIELDS;
}

static void free_held(struct exchange *exchange)
{
	struct held_request *held = exchange->work;

	exchange->work = NULL;
	if (!held)
		return;
	field_list_free(&held->fields);
	field_list_free(&held->trailers);
	free(held);
}

static int begin(struct exchange *exchange,
		 const struct exchange_request *request)
{
	struct held_request *held = calloc(1, sizeof(*held));

	if (!held)
		return -ENOMEM;
	exchange->work = held;
	held->request = *request;
	if (copy_fields(held, request))
		return -ENOMEM;
	point_to_copies(held);
	held->request.early_data = false;
	if (request->peer_address)
		held->request.peer_address =
			strncpy(held->peer_address, request->peer_address,
				sizeof(held->peer_address) - 1);
	held->request.peer = copy_address(&held->peer, request->peer);
	held->request.local = copy_address(&held->local, request->local);
	return 0;
}

static void request_more(struct exchange *exchange)
{
	(void)exchange;
}

static int request_end(struct exchange *exchange, const struct field *trailers,
		       size_t count)
{
	struct held_request *held = exchange->work;
	int result = 0;

	for (size_t i = 0; i < count && !result; i++)
		result = field_list_add(&held->trailers, &trailers[i]);
	return result;
}

static void response_space(struct exchange *exchange)
{
	(void)exchange;
}

static const struct exchange_handler early_handler = {
	.begin = begin,
	.request_more = request_more,
	.request_end = request_end,
	.response_space = response_space,
	.cancel = free_held,
};

/* A 425 is for whoever set Early-Data. */
static bool says_early(const struct exchange_request *request)
{
	for (size_t i = 0; i < request->field_count; i++)
		if (field_is(&request->fields[i], "early-data"))
			return true;
	return false;
}

const struct exchange_handler *
exchange_early_handler(struct exchange *exchange,
		       const struct exchange_request *request)
{
	struct qs_terminator_stats *stats = exchange->shared->stats;

	if (request->early_data && exchange->message.safe) {
		stats->counters.early_requests_sent++;
		if (request->end && !says_early(request))
			exchange->earliness = EXCHANGE_EARLY;
	}
	if (!request->early_data || exchange->message.safe)
		return exchange->route->handler;
	stats->counters.early_requests_held++;
	return &early_handler;
}

/* Nobody takes the body: what is held of it is dropped. */
static void drop_body(struct exchange *exchange)
{
	size_t size = exchange->request_body.unread;

	exchange->request_dropped = true;
	body_read(&exchange->request_body, size);
	if (size)
		exchange_sent_body(exchange, size);
}

/* Gives the route's handler what came so far. */
static int go_on(struct exchange *exchange, struct held_request *held)
{
	const struct exchange_handler *handler = exchange->route->handler;
	int result;

	exchange->handler = handler;
	result = handler->begin(exchange, &held->request);
	if (result)
		return result;
	if (!handler->request_more) {
		drop_body(exchange);
		return 0;
	}
	if (exchange->request_body.unread)
		handler->request_more(exchange);
	if (!exchange->request_ended || held->request.end ||
	    exchange->handler != handler)
		return 0;
	return handler->request_end(exchange, held->trailers.fields,
				    held->trailers.count);
}

bool exchange_early_again(struct exchange *exchange)
{
	if (exchange->earliness != EXCHANGE_EARLY &&
	    exchange->earliness != EXCHANGE_CONFIRMED)
		return false;
	exchange->earliness = exchange->earliness == EXCHANGE_EARLY
				      ? EXCHANGE_TOO_EARLY
				      : EXCHANGE_ON_TIME;
	h1_request_drop_early_data(&exchange->request);
	return true;
}

bool exchange_early_waits(const struct exchange *exchange)
{
	return exchange->earliness == EXCHANGE_TOO_EARLY;
}

void exchange_confirmed(struct exchange *exchange)
{
	struct held_request *held = exchange->work;
	int result;

	if (exchange->earliness == EXCHANGE_EARLY) {
		exchange->earliness = EXCHANGE_CONFIRMED;
	} else if (exchange_early_waits(exchange)) {
		exchange->earliness = EXCHANGE_ON_TIME;
		pool_dispatch(exchange);
	}
	if (exchange->handler != &early_handler)
		return;
	exchange->work = NULL; /* the handler may have some of its own */
	result = go_on(exchange, held);
	if (result)
		exchange_fail_later(exchange,
				    result == -E2BIG
					    ? EXCHANGE_FAILURE_HEAD_TOO_LARGE
					    : EXCHANGE_FAILURE_NO_MEMORY);
	field_list_free(&held->fields);
	field_list_free(&held->trailers);
	free(held);
}
