/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a connection's packets leave: in bursts of as many as congestion control
 * allows, each burst one system call.
 */
#include "terminator/conn.h"

#include <assert.h>
#include <errno.h>
#include <nghttp3/nghttp3.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "terminator/h3.h"
#include "terminator/icmp_check.h"
#include "terminator/quic.h"

/*
 * Packets for one sendmsg: one path, one ECN mark, and all of one size but a
 * smaller last one, as UDP_SEGMENT wants it. They lie in quic->buffer.
 */
struct burst {
	ngtcp2_path_storage path;
	uint8_t ecn;
	size_t size, segment;
};

bool conn_keep(struct conn *conn, const ngtcp2_path *path, uint8_t ecn,
	       const uint8_t *data, size_t size, size_t segment)
{
	conn->kept = malloc(size);
	if (!conn->kept)
		return false;
	memcpy(conn->kept, data, size);
	conn->kept_size = size;
	conn->kept_segment = segment;
	conn->kept_ecn = ecn;
	memcpy(&conn->kept_local, path->local.addr, path->local.addrlen);
	memcpy(&conn->kept_remote, path->remote.addr, path->remote.addrlen);
	return true;
}

int conn_send_kept(struct conn *conn, size_t *sent)
{
	return sockets_send(&conn->quic->sockets, &conn->kept_local,
			    &conn->kept_remote, conn->kept_ecn, conn->kept,
			    conn->kept_size, conn->kept_segment, sent);
}

static int keep_unsent(struct conn *conn, const struct burst *burst,
		       size_t sent)
{
	if (!conn_keep(conn, &burst->path.path, burst->ecn,
		       conn->quic->buffer + sent, burst->size - sent,
		       burst->segment))
		return 0; /* lost, as the network may lose it */
	if (!conn->is_blocked) {
		conn->is_blocked = true;
		LL_PREPEND2(conn->quic->blocked, conn, next_blocked);
	}
	return -EAGAIN;
}

size_t conn_most_payload(const struct conn *conn)
{
	size_t most =
		ngtcp2_conn_get_path_max_tx_udp_payload_size(conn->ngtcp2);

	return conn->most_payload && conn->most_payload < most
		       ? conn->most_payload
		       : most;
}

/* The interface's MTU is smaller than it was. How small, nobody tells; probes,
 * which are larger than what is known to fit, are no sign of it. */
static void lower_payload(struct conn *conn, size_t segment)
{
	if (segment <= conn_most_payload(conn))
		conn->most_payload = ICMP_MIN_PAYLOAD;
}

static int send_burst(struct conn *conn, struct burst *burst)
{
	size_t sent;
	int err;

	if (!burst->size)
		return 0;
	err = sockets_send(
		&conn->quic->sockets,
		(const union udp_address *)burst->path.path.local.addr,
		(const union udp_address *)burst->path.path.remote.addr,
		burst->ecn, conn->quic->buffer, burst->size, burst->segment,
		&sent);
	/* Counted when it was made; what is kept is not counted again. */
	conn->bytes_sent += burst->size;
	if (err == -EMSGSIZE) {
		lower_payload(conn, burst->segment);
		err = 0;
	}
	if (err)
		err = keep_unsent(conn, burst, sent);
	burst->size = 0;
	return err;
}

/* Tells what HTTP/3 wants to send; 0 streams before its keys are there. */
static nghttp3_ssize next_data(struct conn *conn, int64_t *stream_id, int *fin,
			       nghttp3_vec *vectors, size_t count)
{
	nghttp3_ssize n;

	*stream_id = -1;
	*fin = 0;
	if (!conn->h3 || !ngtcp2_conn_get_max_data_left(conn->ngtcp2))
		return 0;
	n = h3_next_data(conn->h3, stream_id, fin, vectors, count);
	if (n < 0)
		ngtcp2_ccerr_set_application_error(
			&conn->error,
			nghttp3_err_infer_quic_app_error_code((int)n), NULL, 0);
	return n;
}

/* Tells HTTP/3 what of its data went into a packet. */
static int note_sent(struct conn *conn, int64_t stream_id,
		     const nghttp3_vec *vectors, size_t count, int fin,
		     size_t taken)
{
	int rv = h3_sent(conn->h3, stream_id, taken);

	if (!rv && fin && taken == nghttp3_vec_len(vectors, count))
		h3_ended(conn->h3, stream_id);
	return rv;
}

/*
 * Writes one packet to `to`, filled from as many streams as fit. Returns its
 * size, 0 when there is nothing to send now, or an error of ngtcp2.
 */
static ngtcp2_ssize write_packet(struct conn *conn, ngtcp2_path *path,
				 ngtcp2_pkt_info *info, uint8_t *to,
				 size_t room, ngtcp2_tstamp now)
{
	nghttp3_vec vectors[16];
	ngtcp2_ssize size, taken;
	int64_t stream_id;
	int fin;

	for (;;) {
		nghttp3_ssize n =
			next_data(conn, &stream_id, &fin, vectors, 16);

		if (n < 0)
			return NGTCP2_ERR_CALLBACK_FAILURE;
		size = ngtcp2_conn_writev_stream(
			conn->ngtcp2, path, info, to, room, &taken,
			NGTCP2_WRITE_STREAM_FLAG_MORE |
				(fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0),
			stream_id, (const ngtcp2_vec *)vectors, (size_t)n, now);
		if (size == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
			h3_blocked(conn->h3, stream_id);
			continue;
		}
		if (size == NGTCP2_ERR_STREAM_SHUT_WR ||
		    size == NGTCP2_ERR_STREAM_NOT_FOUND) {
			h3_shut(conn->h3, stream_id);
			continue;
		}
		if (taken >= 0 && note_sent(conn, stream_id, vectors, (size_t)n,
					    fin, (size_t)taken))
			return NGTCP2_ERR_CALLBACK_FAILURE;
		if (size != NGTCP2_ERR_WRITE_MORE)
			return size;
	}
}

static bool fits_burst(const struct burst *burst, const ngtcp2_path *path,
		       const ngtcp2_pkt_info *info, size_t size)
{
	return !burst->size ||
	       (size <= burst->segment && info->ecn == burst->ecn &&
		ngtcp2_path_eq(&burst->path.path, path));
}

static void add_to_burst(struct burst *burst, const ngtcp2_path *path,
			 const ngtcp2_pkt_info *info, size_t size)
{
	if (!burst->size) {
		ngtcp2_path_copy(&burst->path.path, path);
		burst->ecn = info->ecn;
		burst->segment = size;
	}
	burst->size += size;
}

static bool burst_is_full(const struct burst *burst, size_t last, size_t room)
{
	return last < burst->segment || burst->size + room > UDP_SEND_SIZE ||
	       burst->size / burst->segment >= UDP_SEND_SEGMENTS;
}

/*
 * Writes packets until there is nothing to send, the congestion controller's
 * quantum is used up, or the socket is full. Returns 0, -EAGAIN when the socket
 * is full, or an error of ngtcp2 (all of them below -200).
 */
static int write_packets(struct conn *conn, ngtcp2_tstamp now)
{
	uint8_t *buffer = conn->quic->buffer;
	size_t quantum = ngtcp2_conn_get_send_quantum(conn->ngtcp2);
	size_t room = ngtcp2_conn_get_max_tx_udp_payload_size(conn->ngtcp2);
	size_t written = 0;
	struct burst burst = {.size = 0};
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;
	int err;

	if (conn->most_payload && conn->most_payload < room)
		room = conn->most_payload;
	ngtcp2_path_storage_zero(&burst.path);
	ngtcp2_path_storage_zero(&path);
	while (written < quantum) {
		ngtcp2_ssize size =
			write_packet(conn, &path.path, &info,
				     buffer + burst.size, room, now);

		if (size < 0)
			return (int)size;
		if (!size)
			break;
		written += (size_t)size;
		if (!fits_burst(&burst, &path.path, &info, (size_t)size)) {
			uint8_t *packet = buffer + burst.size;

			err = send_burst(conn, &burst);
			memmove(buffer, packet, (size_t)size);
			if (err)
				return err;
		}
		add_to_burst(&burst, &path.path, &info, (size_t)size);
		if (burst_is_full(&burst, (size_t)size, room) &&
		    (err = send_burst(conn, &burst)))
			return err;
	}
	return send_burst(conn, &burst);
}

static void set_timer(struct conn *conn, ngtcp2_tstamp now)
{
	ngtcp2_tstamp expiry = ngtcp2_conn_get_expiry(conn->ngtcp2);
	uint64_t ms;

	if (expiry == UINT64_MAX) {
		uv_timer_stop(&conn->timer);
		return;
	}
	ms = expiry <= now ? 0
			   : (expiry - now + NGTCP2_MILLISECONDS - 1) /
				     NGTCP2_MILLISECONDS;
	/* uv_timer_start counts from the loop's cached time. */
	ms += now / NGTCP2_MILLISECONDS - uv_now(conn->quic->loop);
	uv_timer_start(&conn->timer, conn_on_timer, ms, 0);
}

void conn_write(struct conn *conn)
{
	ngtcp2_tstamp now = uv_hrtime();
	int err;

	if (conn->state == CONN_ACTIVE && conn->flood.over)
		flood_close(conn);
	if (conn->state != CONN_ACTIVE || conn->is_blocked)
		return;
	if (conn->handshake_done)
		conn_end_tls(conn);
	paths_file(conn);
	err = write_packets(conn, now);
	if (err && err != -EAGAIN) {
		conn_fail(conn, err);
		return;
	}
	ngtcp2_conn_update_pkt_tx_time(conn->ngtcp2, now);
	conn_count_losses(conn);
	if (goaway_is_done(conn, now)) {
		conn_close_well(conn, QS_CLOSE_drained);
		return;
	}
	set_timer(conn, now);
}

void conn_unblock(struct conn *conn)
{
	size_t sent;
	int err;

	assert(conn->kept);
	err = conn_send_kept(conn, &sent);
	if (err == -EAGAIN) {
		memmove(conn->kept, conn->kept + sent, conn->kept_size - sent);
		conn->kept_size -= sent;
		return;
	}
	free(conn->kept);
	conn->kept = NULL;
	conn->is_blocked = false;
	LL_DELETE2(conn->quic->blocked, conn, next_blocked);
	conn_mark(conn);
}
