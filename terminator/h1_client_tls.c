/* SPDX-License-Identifier: GPL-2.0-only */
/* The side of a connection towards an https backend. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loader/lib/log.h"
#include "terminator/backend_stats.h"
#include "terminator/h1_client_private.h"

enum {
	RECORD_SIZE = 16384, /* the most plaintext of one (RFC 8446, 5.1) */
	LOG_PAUSE_MS = 10000,
};

struct raw_write {
	uv_write_t write;
	struct text text;
};

/* If it failed, reading tells. */
static void on_raw_written(uv_write_t *write, int status)
{
	struct raw_write *raw = (struct raw_write *)write;

	(void)status;
	text_free(&raw->text);
	free(raw);
}

void h1_client_write_raw(struct h1_client *client, struct text *text)
{
	struct raw_write *raw = malloc(sizeof(*raw));
	uv_buf_t buffer;

	if (!raw || text->failed || !text->size) {
		text_free(text);
		free(raw);
		return;
	}
	raw->text = *text;
	*text = (struct text){0};
	buffer = uv_buf_init(raw->text.data, raw->text.size);
	if (uv_write(&raw->write, (uv_stream_t *)&client->tcp, &buffer, 1,
		     on_raw_written) < 0)
		on_raw_written(&raw->write, 0);
}

/* What TLS has to say by itself. */
static void flush(struct h1_client *client)
{
	struct text out = {0};

	tls_link_take(client->tls, &out);
	h1_client_write_raw(client, &out);
}

void h1_client_tls_failed(struct h1_client *client, const char *why)
{
	const struct upstream_shared *shared = client->upstream->shared;
	struct backend *backend = client->backend;
	uint64_t now = uv_now(shared->loop);

	backend->stats->counters.tls_errors++;
	backend_stats_connect_error(backend, -EPROTO);
	shared->stats->counters.upstream_connect_errors++;
	if (!backend->tls_logged || now >= backend->tls_logged + LOG_PAUSE_MS) {
		backend->tls_logged = now;
		log_warn("pool %s: TLS with backend %s failed: %s",
			 client->upstream->name,
			 shared->rows[backend->row].name, why);
	}
	h1_client_refuse(client, EXCHANGE_FAILURE_TLS);
}

static void shake_hands(struct h1_client *client)
{
	int result = tls_link_handshake(client->tls);

	flush(client);
	if (result < 0)
		h1_client_tls_failed(client, tls_link_error(client->tls));
	else if (result == 1)
		h1_client_activate(client);
}

void h1_client_tls_begin(struct h1_client *client)
{
	const struct backend *backend = client->backend;
	const struct qs_backend *row =
		&client->upstream->shared->rows[backend->row];

	client->tls = tls_link_new(client->upstream->tls, row->name,
				   &backend->resumption);
	if (!client->tls) {
		h1_client_tls_failed(client, "out of memory, or not the "
					     "configuration's");
		return;
	}
	h1_client_start_reading(client);
	shake_hands(client);
}

static void end(struct h1_client *client, int error)
{
	if (client->state == H1_CLIENT_ACTIVE)
		h1_client_ended(client, error);
	else
		h1_client_close(client);
}

void h1_client_tls_take_in(struct h1_client *client, const char *data,
			   size_t size)
{
	static char plain[RECORD_SIZE];
	ssize_t got;

	tls_link_feed(client->tls, data, size);
	if (client->state == H1_CLIENT_CONNECTING)
		shake_hands(client);
	while (client->state == H1_CLIENT_ACTIVE ||
	       client->state == H1_CLIENT_IDLE) {
		got = tls_link_read(client->tls, plain, sizeof(plain));
		if (got == 0) {
			flush(client);
			return;
		}
		if (got < 0 || client->state == H1_CLIENT_IDLE) {
			end(client, got);
			return;
		}
		h1_client_take_in(client, plain, got);
	}
}

void h1_client_tls_shut_down(struct h1_client *client)
{
	tls_link_shut_down(client->tls);
	flush(client);
}

/* Fills records instead of making one of each vector. */
static int encrypt(struct h1_client *client)
{
	static char record[RECORD_SIZE];
	const struct h1_batch *batch = &client->batch;
	size_t filled = 0;

	for (unsigned i = 0; i < batch->count; i++) {
		const uv_buf_t *vector = &batch->vectors[i];

		for (size_t at = 0; at < vector->len;) {
			size_t piece = vector->len - at;

			if (piece > sizeof(record) - filled)
				piece = sizeof(record) - filled;
			memcpy(record + filled, vector->base + at, piece);
			filled += piece;
			at += piece;
			if (filled < sizeof(record))
				continue;
			if (tls_link_write(client->tls, record, filled) < 0)
				return -EPROTO;
			filled = 0;
		}
	}
	return tls_link_write(client->tls, record, filled);
}

int h1_client_seal(struct h1_client *client)
{
	struct h1_batch *batch = &client->batch;
	int result = encrypt(client);

	text_clear(&client->sealed);
	if (result == 0)
		result = tls_link_take(client->tls, &client->sealed);
	if (result < 0)
		return result;
	batch->vectors[0] =
		uv_buf_init(client->sealed.data, client->sealed.size);
	batch->count = 1;
	return 0;
}
