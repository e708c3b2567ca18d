/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of one of h3load's clients, over one connection or more. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/client/load.h"

/* In a hurry a held connection makes one round more that it begins then. */
static bool is_held(const struct entry *entry)
{
	const struct load *load = entry->load;
	uint64_t age_ms = (connection_now() - entry->started_ns) / 1000000;

	if (load->hurried_ns)
		return load->options->hold_ms &&
		       entry->round_ns < load->hurried_ns;
	return age_ms < load->options->hold_ms;
}

static bool wants_more(const struct entry *entry)
{
	return entry->session.rounds < entry->load->options->rounds ||
	       is_held(entry);
}

static void on_step(uv_timer_t *timer)
{
	struct entry *entry = timer->data;
	struct http_session *session = &entry->session;

	if (session->connection.over)
		return;
	if (!session->goaway && wants_more(entry)) {
		entry->round_ns = connection_now();
		http_round(session);
	} else
		connection_close(&session->connection, NGHTTP3_H3_NO_ERROR);
}

static void on_round_done(void *user)
{
	struct entry *entry = user;
	const struct load_options *options = entry->load->options;
	bool again = !entry->session.goaway &&
		     (entry->session.rounds < options->rounds ||
		      options->hold_ms > 0);

	uv_timer_start(&entry->step, on_step, again ? options->interval_ms : 0,
		       0);
}

static void on_leave(void *user)
{
	struct entry *entry = user;

	uv_timer_start(&entry->step, on_step, 0, 0);
}

static void on_confirmed(void *user)
{
	struct entry *entry = user;

	entry->confirmed = true;
}

static void count(json_t *counts, const char *key, size_t number)
{
	json_int_t before = json_integer_value(json_object_get(counts, key));

	if (key[0] && number)
		json_object_set_new(counts, key,
				    json_integer(before + (json_int_t)number));
}

static void on_request_done(void *user, const struct request *request,
			    const char *failed)
{
	struct entry *entry = user;
	struct load *load = entry->load;
	uint64_t taken_ns = connection_now() - request->started_ns;

	count(load->by_backend, request->backend, 1);
	count(entry->backends, request->backend, 1);
	count(load->by_terminator, request->terminator, 1);
	if (failed) {
		count(load->requests_failed, failed, 1);
		load->totals.requests_failed++;
		return;
	}
	load->totals.requests++;
	load->totals.request_ns += taken_ns;
	if (taken_ns > load->totals.slowest_ns)
		load->totals.slowest_ns = taken_ns;
}

/* What the connection took along fails with it. */
static void fail_unfinished(struct entry *entry, const char *failed)
{
	struct load *load = entry->load;
	size_t left = load->options->plan_count - entry->session.done;

	count(load->requests_failed, failed, left);
	load->totals.requests_failed += left;
}

static void total_connection(struct load *load,
			     const struct connection *connection)
{
	struct load_totals *totals = &load->totals;

	totals->sends_refused += connection->sends_refused;
	if (!connection->handshake_completed)
		return;
	totals->handshakes++;
	totals->handshake_ns +=
		connection->handshake_ns - connection->started_ns;
}

static void total(struct entry *entry, const char *failed)
{
	const struct http_session *session = &entry->session;
	struct load_totals *totals = &entry->load->totals;

	if (failed)
		fail_unfinished(entry, failed);
	totals->ok += failed == NULL;
	totals->received += session->body_received;
	totals->sent += session->body_acked;
	totals->goaways += session->goaways;
}

static void on_connection_closed(uv_handle_t *handle);

/* Goes on over a new connection. The step timer stays. */
static void go_over(struct entry *entry)
{
	entry->state = ENTRY_BETWEEN;
	entry->reconnects++;
	entry->load->totals.reconnects++;
	http_leave(&entry->session);
	connection_free(&entry->session.connection, on_connection_closed);
}

static void on_ended(void *user, const char *failed)
{
	struct entry *entry = user;
	struct http_session *session = &entry->session;
	struct load *load = entry->load;
	bool unfinished =
		session->done < load->options->plan_count || wants_more(entry);

	uv_timer_stop(&entry->step);
	total_connection(load, &session->connection);
	json_array_append_new(entry->terminators,
			      json_string(session->terminator));
	if (!failed && session->goaway && unfinished) {
		go_over(entry);
		return;
	}
	entry->state = ENTRY_ENDED;
	total(entry, failed);
	if (load->options->json)
		report_entry(entry, failed);
	if (load->options->successors && !load->stopping &&
	    entry->number < load->options->connections)
		entry_begin(entry + load->options->connections, entry);
	uv_close((uv_handle_t *)&entry->step, NULL);
	json_decref(entry->terminators);
	json_decref(entry->backends);
	http_free(session);
	connection_free(&session->connection, on_connection_closed);
}

static void cannot_make(const struct entry *entry)
{
	fprintf(stderr,
		"h3load: cannot make connection %u: out of memory, or options "
		"that do not fit\n",
		entry->number);
	exit(2);
}

static void connect_with(struct entry *entry,
			 const struct connection_options *options)
{
	struct load *load = entry->load;
	struct udp_endpoint *endpoint = udp_open(
		&load->loop, NULL, &options->remote, load_receive, load);

	if (!endpoint) {
		fprintf(stderr, "h3load: cannot open a UDP socket: %s\n",
			strerror(errno));
		exit(2);
	}
	entry->ports[0] = udp_port(&endpoint->local);
	entry->state = ENTRY_RUNNING;
	if (http_connect(&entry->session, entry->number, options, endpoint) < 0)
		cannot_make(entry);
}

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;
	struct http_session *session = connection->user;
	struct entry *entry = session->user;
	struct load *load = entry->load;

	if (entry->state != ENTRY_BETWEEN) {
		entry->state = ENTRY_FREED;
		load->totals.ended++;
		load_stop_when_done(load);
		return;
	}
	connect_with(entry, &load->connection);
	if (load->stopping) {
		connection_fail(connection, "stopped");
		connection_abandon(connection);
	}
}

void entry_begin(struct entry *entry, const struct entry *predecessor)
{
	static const struct http_owner owner = {
		.request_done = on_request_done,
		.round_done = on_round_done,
		.leave = on_leave,
		.confirmed = on_confirmed,
		.ended = on_ended,
	};
	struct load *load = entry->load;
	struct connection_options options = load->connection;

	if (predecessor) {
		const struct connection *before =
			&predecessor->session.connection;

		options.token = before->token;
		options.token_size = before->token_size;
		if (load->options->resume)
			options.ticket = before->reference.session;
	}
	uv_timer_init(&load->loop, &entry->step);
	entry->step.data = entry;
	entry->started_ns = connection_now();
	entry->terminators = json_array();
	entry->backends = json_object();
	load->totals.begun++;
	if (http_start(&entry->session, &load->http, &owner, entry) < 0)
		cannot_make(entry);
	connect_with(entry, &options);
}
