/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h1_client_private.h"

#include "terminator/choose.h"
#include "terminator/pool_retry.h"

/* So long a body waits for 100: older servers do not know it (RFC 9110,
 * 10.1.1). */
enum { EXPECT_MS = 1000 };

static bool expects(const struct h1_client *client)
{
	return client->holding && client->exchange->request.expects &&
	       !client->head_received;
}

/* How long it may wait for what it waits for now, in ms; 0 = for ever. */
static uint32_t patience(const struct h1_client *client)
{
	const struct upstream_options *options = &client->upstream->options;

	switch (client->state) {
	case H1_CLIENT_CONNECTING:
		return options->connect_timeout_ms;
	case H1_CLIENT_IDLE:
		return options->keepalive_ms;
	case H1_CLIENT_CLOSING:
		return 0;
	case H1_CLIENT_ACTIVE:
		break;
	}
	/* The front does not read; so the backend may not take more, either. */
	if (!client->reading)
		return 0;
	if (client->writing || client->response.is_tunnel)
		return options->body_timeout_ms;
	if (expects(client))
		return EXPECT_MS;
	if (!client->request_sent && !client->cannot_send && !client->holding)
		return 0; /* it is the front's turn */
	if (!client->head_received)
		return options->response_timeout_ms;
	return options->body_timeout_ms;
}

/* Loop time until which it waits, in ms; UINT64_MAX = for ever. */
static uint64_t end_of_patience(const struct h1_client *client)
{
	const struct exchange *exchange = client->exchange;
	uint32_t limit = patience(client);
	uint64_t end = limit ? client->progress + limit : UINT64_MAX;

	if (exchange && exchange->deadline && exchange->deadline < end)
		return exchange->deadline;
	return end;
}

static void on_deadline(struct h1_client *client)
{
	client->upstream->counts->counters.total_timeouts++;
	h1_client_give_up(client, EXCHANGE_FAILURE_TIMEOUT);
}

static void on_timeout(struct h1_client *client)
{
	struct qs_terminator_stats *stats = client->upstream->shared->stats;

	if (client->state == H1_CLIENT_IDLE) {
		h1_client_close(client);
		return;
	}
	if (client->state == H1_CLIENT_ACTIVE && !client->writing &&
	    expects(client)) {
		h1_client_release(client);
		return;
	}
	stats->counters.upstream_timeouts++;
	if (client->state == H1_CLIENT_CONNECTING) {
		client->backend->stats->counters.connect_timeouts++;
		h1_client_refuse(client, EXCHANGE_FAILURE_CONNECT_TIMEOUT);
		return;
	}
	client->backend->stats->counters.response_timeouts++;
	if (client->request_sent && !client->head_received)
		choose_observe(client->backend,
			       (uv_hrtime() - client->sent_ns) / 1000, true);
	if (client->response_begun ||
	    !h1_client_retry(client, POOL_RETRY_TIMEOUT,
			     EXCHANGE_FAILURE_TIMEOUT))
		h1_client_give_up(client, EXCHANGE_FAILURE_TIMEOUT);
}

/* The timer is not set anew at each progress, only looks when it fires. */
static void on_timer(uv_timer_t *timer)
{
	struct h1_client *client = timer->data;
	uint64_t now = uv_now(client->upstream->shared->loop);
	uint64_t end = end_of_patience(client);

	if (end == UINT64_MAX)
		return;
	if (now < end)
		uv_timer_start(timer, on_timer, end - now, 0);
	else if (client->exchange && client->exchange->deadline == end)
		on_deadline(client);
	else
		on_timeout(client);
}

void h1_client_progressed(struct h1_client *client)
{
	uint64_t now = uv_now(client->upstream->shared->loop);
	uint64_t end, left;

	client->progress = now;
	end = end_of_patience(client);
	left = end > now ? end - now : 0;
	if (end != UINT64_MAX &&
	    (!uv_is_active((uv_handle_t *)&client->timer) ||
	     uv_timer_get_due_in(&client->timer) > left))
		uv_timer_start(&client->timer, on_timer, left, 0);
}
