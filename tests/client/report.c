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

static void add_times(json_t *line, const struct connection *connection)
{
	ngtcp2_conn_info info;

	ngtcp2_conn_get_conn_info(connection->quic, &info);
	json_object_set_new(
		line, "rtt_us",
		json_integer((json_int_t)(info.smoothed_rtt / 1000)));
	json_object_set_new(line, "started",
			    json_real((double)connection->started_ns / 1e9));
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

	add_times(line, connection);
	if (session->log)
		json_object_set(line, "responses", session->log);
	print(line);
}

void report_progress(const struct load *load)
{
	unsigned int open = 0, handshakes = 0, downloads = 0, uploads = 0;
	bool download, upload;
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
	print(json_pack("{s:{s:i, s:i, s:i, s:i, s:i}}", "progress", "open",
			(int)open, "ended", (int)load->totals.ended,
			"handshakes", (int)handshakes, "downloads",
			(int)downloads, "uploads", (int)uploads));
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
		print(json_pack("{s:{s:i, s:i, s:I, s:I, s:I, s:I, s:f, s:f}}",
				"summary", "connections", (int)totals->begun,
				"ok", (int)totals->ok, "requests",
				(json_int_t)totals->requests, "received",
				(json_int_t)totals->received, "sent",
				(json_int_t)totals->sent, "sends_refused",
				(json_int_t)totals->sends_refused, "seconds",
				seconds, "handshake_ms", handshake_ms));
		return;
	}
	printf("%u connections, %u well, %" PRIu64 " requests, %" PRIu64
	       " octets down, %" PRIu64 " up, %.1f s, handshake %.1f ms\n",
	       totals->begun, totals->ok, totals->requests, totals->received,
	       totals->sent, seconds, handshake_ms);
}
