/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/limits.h"

#include <errno.h>

#include "terminator/client_table.h"
#include "terminator/message.h"
#include "terminator/random.h"

enum {
	CLIENTS = 65536, /* 3 MiB, if there are so many */
	MIB = 1024 * 1024,
};

void limits_defaults(struct qs_config_limits *options)
{
	*options = (struct qs_config_limits){
		.header_fields = 128,
		.header_size = 65536,
		.uri_length = 8192,
		.body_mib = 1024,
		.streams = 100,
		.connection_requests = 1000000,
		.client_connections = 10000,
		.client_requests = 0,
		.client_burst = 100,
		.header_timeout_ms = 10000,
		.body_timeout_ms = 30000,
		.body_minimum_rate = 100,
	};
}

int limits_start(struct limits *limits, uv_loop_t *loop,
		 struct qs_terminator_stats *const *stats)
{
	__u64 key[2];

	*limits = (struct limits){.stats = stats};
	limits_defaults(&limits->options);
	random_bytes(key, sizeof(key));
	limits->clients = client_table_new(CLIENTS, key);
	if (!limits->clients)
		return -ENOMEM;
	uv_timer_init(loop, &limits->timer);
	limits->timer.data = limits;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct limits *limits = handle->data;

	client_table_free(limits->clients);
	limits->clients = NULL;
}

void limits_close(struct limits *limits)
{
	uv_close((uv_handle_t *)&limits->timer, on_closed);
}

static uint64_t now_ms(const struct limits *limits)
{
	return uv_now(limits->timer.loop);
}

static struct qs_terminator_stats *stats_of(const struct limits *limits)
{
	return *limits->stats;
}

bool limits_allow_connection(struct limits *limits,
			     const struct sockaddr *address)
{
	uint32_t most = limits->options.client_connections;
	const struct client *client = client_table_find(
		limits->clients, address, now_ms(limits), false);

	if (!most || !client || client->connections < most)
		return true;
	stats_of(limits)->counters.limit_client_connections++;
	return false;
}

bool limits_add_connection(struct limits *limits,
			   const struct sockaddr *address,
			   struct client **ret_client)
{
	*ret_client = NULL;
	if (!limits_allow_connection(limits, address))
		return false;
	*ret_client = client_table_find(limits->clients, address,
					now_ms(limits), true);
	if (*ret_client)
		(*ret_client)->connections++;
	else
		stats_of(limits)->counters.limit_clients_unknown++;
	return true;
}

void limits_drop_connection(struct client *client)
{
	if (client)
		client->connections--;
}

/* Whether the client's rate has room for one more. */
static bool take_request(struct limits *limits, const struct sockaddr *peer)
{
	const struct qs_config_limits *options = &limits->options;
	uint64_t now = now_ms(limits);
	struct client *client;

	if (!options->client_requests || !peer)
		return true;
	client = client_table_find(limits->clients, peer, now, true);
	if (client)
		return client_take_request(client, options->client_requests,
					   options->client_burst, now);
	stats_of(limits)->counters.limit_clients_unknown++;
	return true;
}

static uint64_t most_octets(const struct limits *limits)
{
	return limits->options.body_mib
		       ? (uint64_t)limits->options.body_mib * MIB
		       : UINT64_MAX;
}

bool limits_body(struct limits *limits, uint64_t size)
{
	if (size <= most_octets(limits))
		return true;
	stats_of(limits)->counters.limit_body++;
	return false;
}

enum limits_verdict limits_request(struct limits *limits,
				   const struct exchange_request *request,
				   const struct message *message)
{
	struct qs_terminator_stats *stats = stats_of(limits);

	if (request->header_too_large ||
	    request->field_count > limits->options.header_fields) {
		stats->counters.limit_header++;
		return LIMITS_HEADER;
	}
	if (request->path.value_size > limits->options.uri_length) {
		stats->counters.limit_uri++;
		return LIMITS_URI;
	}
	if (!take_request(limits, request->peer)) {
		stats->counters.limit_client_requests++;
		return LIMITS_REQUESTS;
	}
	if (message->has_length && !limits_body(limits, message->length))
		return LIMITS_BODY;
	return LIMITS_PASS;
}

static void on_slow_header(struct limits *limits, struct slow_watch *watch)
{
	struct limits_sender *sender = (struct limits_sender *)watch;

	stats_of(limits)->counters.limit_slow_header++;
	sender->slow_header(sender->user);
}

static bool is_fast(const struct limits *limits,
		    const struct limits_sender *sender)
{
	uint64_t due = (uint64_t)limits->options.body_minimum_rate *
		       limits->options.body_timeout_ms / 1000;

	return sender->received >= due;
}

static void on_slow_body(struct limits *limits, struct slow_watch *watch)
{
	struct limits_sender *sender = (struct limits_sender *)watch;

	if (is_fast(limits, sender) || !sender->slow_body(sender->user))
		limits_watch_body(limits, sender);
	else
		stats_of(limits)->counters.limit_slow_body++;
}

static void on_timer(uv_timer_t *timer);

/* Wakes up for the first of both lists. */
static void arm(struct limits *limits)
{
	const struct slow_watch *header = limits->headers.first;
	const struct slow_watch *body = limits->bodies.first;
	uint64_t now = now_ms(limits), due = UINT64_MAX;

	if (header)
		due = header->due_ms;
	if (body && body->due_ms < due)
		due = body->due_ms;
	if (due == UINT64_MAX ||
	    (uv_is_active((uv_handle_t *)&limits->timer) &&
	     now + uv_timer_get_due_in(&limits->timer) <= due))
		return;
	uv_timer_start(&limits->timer, on_timer, due > now ? due - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct limits *limits = timer->data;
	uint64_t now = now_ms(limits);
	struct slow_watch *watch;

	while ((watch = slow_list_take(&limits->headers, now)))
		on_slow_header(limits, watch);
	while ((watch = slow_list_take(&limits->bodies, now)))
		on_slow_body(limits, watch);
	arm(limits);
}

void limits_watch_header(struct limits *limits, struct limits_sender *sender)
{
	slow_watch_begin(&limits->headers, &sender->watch, now_ms(limits),
			 limits->options.header_timeout_ms);
	arm(limits);
}

void limits_watch_body(struct limits *limits, struct limits_sender *sender)
{
	sender->received = 0;
	slow_watch_begin(&limits->bodies, &sender->watch, now_ms(limits),
			 limits->options.body_timeout_ms);
	arm(limits);
}

void limits_unwatch(struct limits_sender *sender)
{
	slow_watch_end(&sender->watch);
}
