/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TICK_MS = 20,
	PACE_LEAST = 1200, /* octets: less would make many small packets */
	STOPPED_CODE = NGHTTP3_H3_NO_ERROR,
};

/* Without its handler a signal that comes now would end us by itself. */
static void take_no_more_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

void load_stop_when_done(struct load *load)
{
	size_t all = load->stopping ? load->totals.begun : load->entry_count;

	if (load->totals.ended < all ||
	    uv_is_closing((uv_handle_t *)&load->tick))
		return;
	take_no_more_signals();
	uv_close((uv_handle_t *)&load->tick, NULL);
	uv_close((uv_handle_t *)&load->timeout, NULL);
	uv_close((uv_handle_t *)&load->progress_signal, NULL);
	uv_close((uv_handle_t *)&load->stop_signal, NULL);
	uv_close((uv_handle_t *)&load->hurry_signal, NULL);
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
void load_receive(struct udp_endpoint *endpoint,
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
		entry_begin(&load->entries[load->next++], NULL);
	}
}

/* The octets that each paced session is given now, 0 = none yet. */
static uint64_t paced_octets(struct load *load, double seconds)
{
	uint64_t octets;

	if (!load->options->pace)
		return 0;
	if (load->hurried_ns)
		return UINT32_MAX;
	load->unpaced_s += seconds;
	octets = (uint64_t)(load->options->pace * load->unpaced_s);
	if (octets < PACE_LEAST)
		return 0;
	load->unpaced_s = 0;
	return octets;
}

static void on_tick(uv_timer_t *timer)
{
	struct load *load = timer->data;
	uint64_t now = connection_now();
	double seconds = (double)(now - load->last_tick_ns) / 1e9;
	uint64_t octets = paced_octets(load, seconds);
	size_t i;

	load->last_tick_ns = now;
	begin_due(load, seconds);
	for (i = 0; i < load->entry_count; i++) {
		struct entry *entry = &load->entries[i];

		if (entry->state != ENTRY_RUNNING ||
		    entry->session.connection.over)
			continue;
		if (octets)
			http_tick(&entry->session, octets);
		entry_move(entry);
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
	load_stop_when_done(load);
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

static void on_hurry(uv_signal_t *signal, int number)
{
	struct load *load = signal->data;

	(void)number;
	load->hurried_ns = connection_now();
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
	load->requests_failed = json_object();
	load->by_backend = json_object();
	load->by_terminator = json_object();
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
		.tolerant = options->tolerant,
		.pace = options->pace,
		.repeats = options->repeats,
		.cookies = options->cookies,
	};
	load->connection = (struct connection_options){
		.loop = &load->loop,
		.tls = tls_context_new(options->ca_file),
		.server_name = options->server_name,
		.remote = options->target,
		.version = options->version,
		.big_hello = options->big_hello,
		.cid_length = options->cid_length,
		.stream_window = options->stream_window,
		.window = options->window_size,
		.idle_timeout_ms = options->idle_timeout_ms,
		.handshake_timeout_ms = options->handshake_timeout_ms,
		.keepalive_ms = options->keepalive_ms,
	};
	return load->connection.tls ? 0 : -EINVAL;
}

void load_end(struct load *load)
{
	json_decref(load->requests_failed);
	json_decref(load->by_backend);
	json_decref(load->by_terminator);
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
	uv_signal_init(&load->loop, &load->hurry_signal);
	load->tick.data = load;
	load->timeout.data = load;
	load->progress_signal.data = load;
	load->stop_signal.data = load;
	load->hurry_signal.data = load;
	load->started_ns = connection_now();
	load->last_tick_ns = load->started_ns;
	uv_timer_start(&load->tick, on_tick, 0, TICK_MS);
	uv_timer_start(&load->timeout, on_timeout, options->timeout_s * 1000ULL,
		       0);
	uv_signal_start(&load->progress_signal, on_progress, SIGUSR1);
	uv_signal_start(&load->stop_signal, on_stop, SIGTERM);
	uv_signal_start(&load->hurry_signal, on_hurry, SIGUSR2);
	if (options->json)
		report_progress(load); /* signals may come from now on */
	uv_run(&load->loop, UV_RUN_DEFAULT);
	wolfSSL_CTX_free(load->connection.tls);
	uv_loop_close(&load->loop);
	free(load->entries);
	load->entries = NULL;
	return 0;
}
