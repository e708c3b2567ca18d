/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/load.h"

#include <inttypes.h>
#include <stdio.h>

static void print(json_t *line)
{
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(line);
}

static void add_times(json_t *line, const struct entry *entry)
{
	const struct connection *connection = &entry->session.connection;
	ngtcp2_conn_info info;

	ngtcp2_conn_get_conn_info(connection->quic, &info);
	json_object_set_new(
		line, "rtt_us",
		json_integer((json_int_t)(info.smoothed_rtt / 1000)));
	json_object_set_new(line, "started",
			    json_real((double)entry->started_ns / 1e9));
	json_object_set_new(line, "ended",
			    json_real((double)connection->ended_ns / 1e9));
	if (!connection->handshake_completed)
		return;
	json_object_set_new(line, "handshake_ms",
			    json_real((double)(connection->handshake_ns -
					       connection->started_ns) /
				      1e6));
}

void report_entry(const struct entry *entry, const char *failed)
{
	const struct http_session *session = &entry->session;
	const struct connection *connection = &session->connection;
	json_t *line = json_pack(
		"{s:i, s:b, s:s?, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, "
		"s:b,"
		" s:b, s:b, s:b, s:b, s:b, s:i, s:i}",
		"number", (int)entry->number, "ok", failed == NULL, "failed",
		failed, "terminator", session->terminator, "rounds",
		(json_int_t)session->rounds, "requests",
		(json_int_t)session->requests_done, "uploads_checked",
		(json_int_t)session->uploads_checked, "received",
		(json_int_t)session->body_received, "sent",
		(json_int_t)session->body_acked, "datagrams_sent",
		(json_int_t)connection->datagrams_sent, "datagrams_received",
		(json_int_t)connection->datagrams_received, "handshake",
		connection->handshake_completed, "retried", connection->retried,
		"version_negotiated", connection->negotiated_version, "resumed",
		connection->reused, "new_token", connection->token_size > 0,
		"rebound", entry->rebound, "migrated", entry->migrated, "port",
		(int)entry->ports[0], "port_after", (int)entry->ports[1]);

	json_object_set_new(line, "goaways",
			    json_integer((json_int_t)session->goaways));
	json_object_set_new(line, "reconnects",
			    json_integer(entry->reconnects));
	json_object_set(line, "terminators", entry->terminators);
	json_object_set(line, "backends", entry->backends);
	json_object_set_new(line, "cookie", json_string(session->cookie));
	json_object_set_new(line, "cookies_set",
			    json_integer(session->cookies_set));
	add_times(line, entry);
	if (session->log)
		json_object_set(line, "responses", session->log);
	print(line);
}

/* How many requests did well and failed so far, and where they went. */
static void add_requests(json_t *line, const struct load *load)
{
	const struct load_totals *totals = &load->totals;

	json_object_set_new(line, "requests",
			    json_integer((json_int_t)totals->requests));
	json_object_set_new(line, "requests_failed",
			    json_integer((json_int_t)totals->requests_failed));
	json_object_set(line, "failures", load->requests_failed);
	json_object_set(line, "by_backend", load->by_backend);
	json_object_set(line, "by_terminator", load->by_terminator);
	json_object_set_new(line, "reconnects",
			    json_integer((json_int_t)totals->reconnects));
}

static void summary_json(const struct load *load, double seconds,
			 double handshake_ms)
{
	const struct load_totals *totals = &load->totals;
	double mean_ms = totals->requests ? (double)totals->request_ns / 1e6 /
						    totals->requests
					  : 0;
	json_t *summary = json_pack(
		"{s:i, s:i, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:I}",
		"connections", (int)totals->begun, "ok", (int)totals->ok,
		"received", (json_int_t)totals->received, "sent",
		(json_int_t)totals->sent, "sends_refused",
		(json_int_t)totals->sends_refused, "seconds", seconds,
		"handshake_ms", handshake_ms, "request_ms", mean_ms,
		"slowest_ms", (double)totals->slowest_ns / 1e6, "goaways",
		(json_int_t)totals->goaways);

	add_requests(summary, load);
	print(json_pack("{s:o}", "summary", summary));
}

void report_progress(const struct load *load)
{
	unsigned int open = 0, handshakes = 0, downloads = 0, uploads = 0;
	bool download, upload;
	json_t *progress;
	size_t i;

	for (i = 0; i < load->entry_count; i++) {
		const struct entry *entry = &load->entries[i];

		if (entry->state != ENTRY_RUNNING)
			continue;
		open++;
		handshakes += entry->session.connection.handshake_completed;
		http_in_flight(&entry->session, &download, &upload);
		downloads += download;
		uploads += upload;
	}
	progress = json_pack("{s:i, s:i, s:i, s:i, s:i}", "open", (int)open,
			     "ended", (int)load->totals.ended, "handshakes",
			     (int)handshakes, "downloads", (int)downloads,
			     "uploads", (int)uploads);
	add_requests(progress, load);
	print(json_pack("{s:o}", "progress", progress));
}

void report_summary(const struct load *load)
{
	const struct load_totals *totals = &load->totals;
	double seconds = (double)(connection_now() - load->started_ns) / 1e9;
	double handshake_ms = totals->handshakes
				      ? (double)totals->handshake_ns / 1e6 /
						totals->handshakes
				      : 0;

	if (load->options->json) {
		summary_json(load, seconds, handshake_ms);
		return;
	}
	printf("%u connections, %u well, %" PRIu64 " requests, %" PRIu64
	       " failed, %" PRIu64 " octets down, %" PRIu64
	       " up, %.1f s, handshake %.1f ms, "
	       "%" PRIu64 " reconnects\n",
	       totals->begun, totals->ok, totals->requests,
	       totals->requests_failed, totals->received, totals->sent, seconds,
	       handshake_ms, totals->reconnects);
}
