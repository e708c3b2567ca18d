/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 20, STOPPED_CODE = NGHTTP3_H3_NO_ERROR };

static void receive(struct udp_endpoint *endpoint,
		    const struct udp_address *sender, const uint8_t *data,
		    size_t size);

static void stop_when_done(struct load *load)
{
	size_t all = load->stopping ? load->totals.begun : load->entry_count;

	if (load->totals.ended < all ||
	    uv_is_closing((uv_handle_t *)&load->tick))
		return;
	uv_close((uv_handle_t *)&load->tick, NULL);
	uv_close((uv_handle_t *)&load->timeout, NULL);
	uv_close((uv_handle_t *)&load->progress_signal, NULL);
	uv_close((uv_handle_t *)&load->stop_signal, NULL);
}

static void on_step(uv_timer_t *timer)
{
	struct entry *entry = timer->data;
	struct http_session *session = &entry->session;
	const struct load_options *options = entry->load->options;
	uint64_t age_ms =
		(connection_now() - session->connection.started_ns) / 1000000;

	if (session->connection.over)
		return;
	if (session->rounds < options->rounds || age_ms < options->hold_ms)
		http_round(session);
	else
		connection_close(&session->connection, NGHTTP3_H3_NO_ERROR);
}

static void on_round_done(void *user)
{
	struct entry *entry = user;
	const struct load_options *options = entry->load->options;
	bool again =
		entry->session.rounds < options->rounds || options->hold_ms > 0;

	uv_timer_start(&entry->step, on_step, again ? options->interval_ms : 0,
		       0);
}

static void on_confirmed(void *user)
{
	struct entry *entry = user;

	entry->confirmed = true;
}

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;
	struct http_session *session = connection->user;
	struct entry *entry = session->user;

	entry->state = ENTRY_FREED;
	entry->load->totals.ended++;
	stop_when_done(entry->load);
}

static void total(struct load *load, const struct entry *entry,
		  const char *failed)
{
	const struct http_session *session = &entry->session;
	const struct connection *connection = &session->connection;
	struct load_totals *totals = &load->totals;

	totals->ok += failed == NULL;
	totals->requests += session->requests_done;
	totals->received += session->body_received;
	totals->sent += session->body_acked;
	totals->sends_refused += connection->sends_refused;
	if (!connection->handshake_completed)
		return;
	totals->handshakes++;
	totals->handshake_ns +=
		connection->handshake_ns - connection->started_ns;
}

static void begin(struct entry *entry, const struct entry *predecessor);

static void on_ended(void *user, const char *failed)
{
	struct entry *entry = user;
	struct load *load = entry->load;

	entry->state = ENTRY_ENDED;
	total(load, entry, failed);
	if (load->options->json)
		report_entry(entry, failed);
	if (load->options->successors && !load->stopping &&
	    entry->number < load->options->connections)
		begin(entry + load->options->connections, entry);
	uv_close((uv_handle_t *)&entry->step, NULL);
	http_free(&entry->session);
	connection_free(&entry->session.connection, on_connection_closed);
}

/* Begins a connection, with what `predecessor` (NULL: none) was given. */
static void begin(struct entry *entry, const struct entry *predecessor)
{
	static const struct http_owner owner = {
		.round_done = on_round_done,
		.confirmed = on_confirmed,
		.ended = on_ended,
	};
	struct load *load = entry->load;
	struct connection_options options = load->connection;
	struct udp_endpoint *endpoint;

	if (predecessor) {
		const struct connection *before =
			&predecessor->session.connection;

		options.token = before->token;
		options.token_size = before->token_size;
		if (load->options->resume)
			options.ticket = before->reference.session;
	}
	endpoint = udp_open(&load->loop, NULL, &options.remote, receive, load);
	if (!endpoint) {
		fprintf(stderr, "h3load: cannot open a UDP socket: %s\n",
			strerror(errno));
		exit(2);
	}
	entry->ports[0] = udp_port(&endpoint->local);
	uv_timer_init(&load->loop, &entry->step);
	entry->step.data = entry;
	entry->state = ENTRY_RUNNING;
	load->totals.begun++;
	if (http_start(&entry->session, entry->number, &options, &load->http,
		       endpoint, &owner, entry) < 0) {
		fprintf(stderr,
			"h3load: cannot make connection %u: out of "
			"memory, or options that do not fit\n",
			entry->number);
		exit(2);
	}
}

static struct entry *entry_of_cid(struct load *load,
				  struct udp_endpoint *endpoint,
				  const uint8_t *data, size_t size)
{
	ngtcp2_version_cid cids;
	struct entry *entry;
	uint32_t number;

	ngtcp2_pkt_decode_version_cid(&cids, data, size,
				      load->options->cid_length);
	if (cids.dcidlen < sizeof(number))
		return NULL;
	memcpy(&number, cids.dcid, sizeof(number));
	if (number >= load->entry_count)
		return NULL;
	entry = &load->entries[number];
	if (entry->state != ENTRY_RUNNING ||
	    !connection_uses(&entry->session.connection, endpoint))
		return NULL;
	return entry;
}

/*
 * The CID names the connection. A stateless reset's is random: it is offered
 * to every connection on the socket.
 */
static void receive(struct udp_endpoint *endpoint,
		    const struct udp_address *sender, const uint8_t *data,
		    size_t size)
{
	struct load *load = endpoint->user;
	struct entry *entry;
	size_t i;

	(void)sender;
	if (size == 0)
		return;
	entry = entry_of_cid(load, endpoint, data, size);
	if (entry) {
		connection_receive(&entry->session.connection, endpoint, data,
				   size);
		return;
	}
	for (i = 0; i < load->entry_count; i++) {
		entry = &load->entries[i];
		if (entry->state == ENTRY_RUNNING &&
		    connection_uses(&entry->session.connection, endpoint))
			connection_receive(&entry->session.connection, endpoint,
					   data, size);
	}
}

static void rebind(struct load *load, struct entry *entry)
{
	struct udp_endpoint *endpoint;

	if (!load->options->share_socket) {
		endpoint = udp_open(&load->loop, NULL, &load->options->target,
				    receive, load);
	} else {
		struct entry *neighbour = entry - 1;

		if (entry->number % 2 == 0 || neighbour->state != ENTRY_RUNNING)
			return;
		endpoint = udp_hold(
			neighbour->session.connection.paths[0].endpoint);
	}
	if (!endpoint)
		return;
	entry->rebound = true;
	entry->ports[1] = udp_port(&endpoint->local);
	connection_rebind(&entry->session.connection, endpoint);
}

static void migrate(struct load *load, struct entry *entry)
{
	const struct load_options *options = load->options;
	struct udp_endpoint *endpoint =
		udp_open(&load->loop,
			 options->has_migrate_to ? &options->migrate_to : NULL,
			 &options->target, receive, load);

	if (!endpoint)
		return;
	entry->migrated = true;
	if (connection_migrate(&entry->session.connection, endpoint) < 0)
		connection_fail(&entry->session.connection,
				"cannot migrate: no CID left, or refused");
	connection_write(&entry->session.connection);
}

static void move(struct load *load, struct entry *entry)
{
	const struct load_options *options = load->options;
	unsigned int percent = http_percent(&entry->session);

	if (options->rebind_percent && !entry->rebound &&
	    percent >= options->rebind_percent)
		rebind(load, entry);
	if (options->migrate_percent && !entry->migrated && entry->confirmed &&
	    percent >= options->migrate_percent)
		migrate(load, entry);
}

static void begin_due(struct load *load, double seconds)
{
	const struct load_options *options = load->options;
	unsigned int open = load->totals.begun - load->totals.ended;

	load->allowance += options->rate * seconds;
	while (load->next < options->connections &&
	       (options->window == 0 || open < options->window) &&
	       (options->rate == 0 || load->allowance >= 1)) {
		load->allowance -= 1;
		open++;
		begin(&load->entries[load->next++], NULL);
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct load *load = timer->data;
	uint64_t now = connection_now();
	double seconds = (double)(now - load->last_tick_ns) / 1e9;
	size_t i;

	load->last_tick_ns = now;
	begin_due(load, seconds);
	for (i = 0; i < load->entry_count; i++) {
		struct entry *entry = &load->entries[i];

		if (entry->state != ENTRY_RUNNING ||
		    entry->session.connection.over)
			continue;
		if (load->options->pace)
			http_tick(&entry->session,
				  (uint64_t)(load->options->pace * seconds));
		move(load, entry);
	}
}

static void give_up(struct load *load, const char *reason)
{
	size_t i;

	load->stopping = true;
	load->next = load->options->connections;
	for (i = 0; i < load->entry_count; i++) {
		struct connection *connection =
			&load->entries[i].session.connection;

		if (load->entries[i].state != ENTRY_RUNNING || connection->over)
			continue;
		connection_fail(connection, "%s", reason);
		connection_close(connection, STOPPED_CODE);
	}
	stop_when_done(load);
}

static void on_timeout(uv_timer_t *timer)
{
	give_up(timer->data, "out of time");
}

static void on_stop(uv_signal_t *signal, int number)
{
	(void)number;
	give_up(signal->data, "stopped");
}

static void on_progress(uv_signal_t *signal, int number)
{
	(void)number;
	report_progress(signal->data);
}

static int prepare(struct load *load, const struct load_options *options)
{
	size_t i;

	memset(load, 0, sizeof(*load));
	load->options = options;
	load->entry_count = options->connections;
	if (options->successors)
		load->entry_count *= 2;
	load->entries = calloc(load->entry_count, sizeof(*load->entries));
	if (!load->entries || uv_loop_init(&load->loop) < 0)
		return -ENOMEM;
	for (i = 0; i < load->entry_count; i++) {
		load->entries[i].load = load;
		load->entries[i].number = (uint32_t)i;
	}
	load->http = (struct http_options){
		.plans = options->plans,
		.plan_count = options->plan_count,
		.authority = options->server_name,
		.show = options->show,
		.pace = options->pace,
	};
	load->connection = (struct connection_options){
		.loop = &load->loop,
		.tls = tls_context_new(options->ca_file),
		.server_name = options->server_name,
		.remote = options->target,
		.version = options->version,
		.cid_length = options->cid_length,
		.stream_window = options->stream_window,
		.window = options->window_size,
		.idle_timeout_ms = options->idle_timeout_ms,
		.handshake_timeout_ms = options->handshake_timeout_ms,
		.keepalive_ms = options->keepalive_ms,
	};
	return load->connection.tls ? 0 : -EINVAL;
}

int load_run(struct load *load, const struct load_options *options)
{
	int error = prepare(load, options);

	if (error < 0)
		return error;
	uv_timer_init(&load->loop, &load->tick);
	uv_timer_init(&load->loop, &load->timeout);
	uv_signal_init(&load->loop, &load->progress_signal);
	uv_signal_init(&load->loop, &load->stop_signal);
	load->tick.data = load;
	load->timeout.data = load;
	load->progress_signal.data = load;
	load->stop_signal.data = load;
	load->started_ns = connection_now();
	load->last_tick_ns = load->started_ns;
	uv_timer_start(&load->tick, on_tick, 0, TICK_MS);
	uv_timer_start(&load->timeout, on_timeout, options->timeout_s * 1000ULL,
		       0);
	uv_signal_start(&load->progress_signal, on_progress, SIGUSR1);
	uv_signal_start(&load->stop_signal, on_stop, SIGTERM);
	if (options->json)
		report_progress(load); /* signals may come from now on */
	uv_run(&load->loop, UV_RUN_DEFAULT);
	wolfSSL_CTX_free(load->connection.tls);
	uv_loop_close(&load->loop);
	free(load->entries);
	load->entries = NULL;
	return 0;
}
