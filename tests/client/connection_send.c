/* SPDX-License-Identifier: GPL-2.0-only */
/* What a connection sends, in bursts as long as they may be. */
#include <assert.h>
#include <string.h>

#include "tests/client/connection_private.h"

enum {
	GSO_SEGMENTS = 32,
	DATAGRAM_MAX = 1500,
};

/* A run of equally long datagrams on one path, sent by one call. */
struct burst {
	uint8_t data[GSO_SEGMENTS * DATAGRAM_MAX];
	size_t size;
	size_t segment; /* 0: empty */
	ngtcp2_path_storage path;
};

struct connection_path *connection_path_of(struct connection *connection,
					   const ngtcp2_addr *local)
{
	size_t i;

	for (i = 0; i < connection->path_count; i++) {
		struct connection_path *path = &connection->paths[i];

		if (path->local.size == local->addrlen &&
		    memcmp(&path->local.storage, local->addr, local->addrlen) ==
			    0)
			return path;
	}
	return NULL;
}

static void flush(struct connection *connection, struct burst *burst)
{
	struct connection_path *path;
	int error;

	if (burst->segment == 0)
		return;
	path = connection_path_of(connection, &burst->path.path.local);
	assert(path);
	error = udp_send(path->endpoint, burst->path.path.remote.addr,
			 burst->path.path.remote.addrlen, burst->data,
			 burst->size, burst->segment);
	if (error < 0)
		connection->sends_refused++; /* lost, as in a network */
	connection->datagrams_sent +=
		(burst->size + burst->segment - 1) / burst->segment;
	burst->size = 0;
	burst->segment = 0;
}

/* Sends at once when the datagram does not fit behind the others. */
static void append(struct connection *connection, struct burst *burst,
		   const ngtcp2_path_storage *path, const uint8_t *data,
		   size_t size)
{
	if (burst->segment != 0 &&
	    (size > burst->segment ||
	     !ngtcp2_path_eq(&burst->path.path, &path->path)))
		flush(connection, burst);
	if (burst->segment == 0) {
		ngtcp2_path_storage_zero(&burst->path);
		ngtcp2_path_copy(&burst->path.path, &path->path);
		burst->segment = size;
	}
	memcpy(burst->data + burst->size, data, size);
	burst->size += size;
	if (size < burst->segment ||
	    burst->size + burst->segment > sizeof(burst->data))
		flush(connection, burst);
}

static void close_with(struct connection *connection, const ngtcp2_ccerr *error)
{
	uint8_t data[DATAGRAM_MAX];
	ngtcp2_path_storage path;
	ngtcp2_ssize size;

	if (connection->over)
		return;
	ngtcp2_path_storage_zero(&path);
	size = ngtcp2_conn_write_connection_close(connection->quic, &path.path,
						  NULL, data, sizeof(data),
						  error, connection_now());
	if (size > 0) {
		struct connection_path *from =
			connection_path_of(connection, &path.path.local);

		assert(from);
		udp_send(from->endpoint, path.path.remote.addr,
			 path.path.remote.addrlen, data, (size_t)size,
			 (size_t)size);
	}
	connection_end(connection);
}

void connection_close(struct connection *connection, uint64_t code)
{
	ngtcp2_ccerr error;

	ngtcp2_ccerr_set_application_error(&error, code, NULL, 0);
	close_with(connection, &error);
}

void connection_give_up(struct connection *connection, int error)
{
	ngtcp2_ccerr close;

	connection_fail(connection, "%s", ngtcp2_strerror(error));
	ngtcp2_ccerr_set_liberr(&close, error, NULL, 0);
	if (error == NGTCP2_ERR_CRYPTO)
		ngtcp2_ccerr_set_tls_alert(
			&close, ngtcp2_conn_get_tls_alert(connection->quic),
			NULL, 0);
	close_with(connection, &close);
}

/* Gets the next octets from the application. Returns false on its failure. */
static bool take_next(struct connection *connection, int64_t *stream,
		      bool *last, ngtcp2_vec *vectors, ssize_t *count)
{
	*stream = -1;
	*last = false;
	*count = 0;
	if (!connection->app->next || !connection->handshake_completed)
		return true;
	*count = connection->app->next(connection->user, stream, last, vectors,
				       8);
	return *count >= 0;
}

static int after_write_error(struct connection *connection, ngtcp2_ssize error,
			     int64_t stream, ngtcp2_ssize taken)
{
	const struct connection_app *app = connection->app;

	switch (error) {
	case NGTCP2_ERR_STREAM_DATA_BLOCKED:
		return app->blocked(connection->user, stream);
	case NGTCP2_ERR_STREAM_SHUT_WR:
		return app->shut(connection->user, stream);
	case NGTCP2_ERR_WRITE_MORE:
		return app->sent(connection->user, stream, (size_t)taken);
	}
	return -1;
}

/* Writes one packet. Returns its size, 0 = nothing to send now, < 0 = over. */
static ngtcp2_ssize write_packet(struct connection *connection,
				 ngtcp2_path_storage *path, uint8_t *data,
				 uint64_t now)
{
	for (;;) {
		ngtcp2_vec vectors[8];
		ngtcp2_ssize taken = -1, size;
		ssize_t count;
		int64_t stream;
		bool last;
		uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE;

		if (!take_next(connection, &stream, &last, vectors, &count))
			return NGTCP2_ERR_CALLBACK_FAILURE;
		if (last)
			flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
		size = ngtcp2_conn_writev_stream(
			connection->quic, &path->path, NULL, data, DATAGRAM_MAX,
			&taken, flags, stream, vectors, (size_t)count, now);
		if (size >= 0) {
			if (taken >= 0 &&
			    connection->app->sent(connection->user, stream,
						  (size_t)taken) < 0)
				return NGTCP2_ERR_CALLBACK_FAILURE;
			return size;
		}
		if (after_write_error(connection, size, stream, taken) < 0)
			return size;
	}
}

void connection_write(struct connection *connection)
{
	static struct burst burst; /* one loop, one thread */
	uint8_t data[DATAGRAM_MAX];
	ngtcp2_path_storage path;
	uint64_t now = connection_now();
	size_t quantum;
	ngtcp2_ssize size = 0;

	if (connection->over)
		return;
	quantum = ngtcp2_conn_get_send_quantum(connection->quic);
	while (quantum > 0) {
		ngtcp2_path_storage_zero(&path);
		size = write_packet(connection, &path, data, now);
		if (size <= 0)
			break;
		append(connection, &burst, &path, data, (size_t)size);
		quantum -= (size_t)size < quantum ? (size_t)size : quantum;
	}
	flush(connection, &burst);
	if (size < 0) {
		connection_give_up(connection, (int)size);
		return;
	}
	ngtcp2_conn_update_pkt_tx_time(connection->quic, now);
	connection_set_timer(connection);
}
