/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/conn_callbacks.h"

#include <errno.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdlib.h>

#include "quicsteer/measure.h"
#include "terminator/conn.h"
#include "terminator/flood.h"
#include "terminator/h3.h"
#include "terminator/limits.h"
#include "terminator/quic.h"
#include "terminator/random.h"
#include "terminator/stateless.h"

/* RFC 8446, 6.2 */
#define ALERT_UNEXPECTED_MESSAGE 10
#define ALERT_HANDSHAKE_FAILURE 40
#define ALERT_NO_PROTOCOL 120

/* Passes an error of nghttp3 up: the connection closes with its code. */
static int h3_result(struct conn *conn, int rv)
{
	if (!rv)
		return 0;
	ngtcp2_ccerr_set_application_error(&conn->error, h3_error_code(rv),
					   NULL, 0);
	return NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_crypto_data(ngtcp2_conn *ngtcp2, ngtcp2_encryption_level level,
			  uint64_t offset, const uint8_t *data, size_t size,
			  void *user)
{
	struct conn *conn = user;
	enum tls_filter_level filter_level =
		level == NGTCP2_ENCRYPTION_LEVEL_INITIAL ? TLS_FILTER_INITIAL
		: level == NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE
			? TLS_FILTER_HANDSHAKE
			: TLS_FILTER_APPLICATION;
	int rv;

	if (!conn->tls ||
	    !tls_filter_allows(&conn->filter, filter_level, data, size)) {
		conn->quic->stats->counters.tls_messages_refused++;
		ngtcp2_conn_set_tls_alert(ngtcp2, ALERT_UNEXPECTED_MESSAGE);
		return NGTCP2_ERR_CRYPTO;
	}
	flood_progress(conn, 0);
	rv = ngtcp2_crypto_recv_crypto_data_cb(ngtcp2, level, offset, data,
					       size, user);
	/* wolfSSL has no alert for some of its errors (RFC 9001, 4.8). */
	if (rv && !ngtcp2_conn_get_tls_alert(ngtcp2))
		ngtcp2_conn_set_tls_alert(ngtcp2, ALERT_HANDSHAKE_FAILURE);
	return rv;
}

static void count_handshake(struct conn *conn)
{
	struct qs_terminator_stats *stats = conn->quic->stats;
	ngtcp2_conn_info info;

	conn->handshake_done = true;
	conn->handshake_ns = uv_hrtime();
	conn->quic->handshakes_open--;
	stats->counters.handshakes_completed++;
	qs_histogram_add(&stats->histogram[QS_HISTOGRAM_handshake],
			 (conn->handshake_ns - conn->began_ns) /
				 NGTCP2_MICROSECONDS);
	ngtcp2_conn_get_conn_info(conn->ngtcp2, &info);
	qs_histogram_add(&stats->histogram[QS_HISTOGRAM_rtt],
			 info.smoothed_rtt / NGTCP2_MICROSECONDS);
	if (ngtcp2_conn_get_negotiated_version(conn->ngtcp2) ==
	    NGTCP2_PROTO_VER_V2)
		stats->counters.connections_v2++;
	else
		stats->counters.connections_v1++;
	if (tls_session_is_resumed(conn->tls))
		stats->counters.sessions_resumed++;
	if (conn->early_packets && !conn->early_data)
		stats->counters.early_data_rejected++;
}

static int on_handshake_completed(ngtcp2_conn *ngtcp2, void *user)
{
	struct conn *conn = user;
	const ngtcp2_path *path = ngtcp2_conn_get_path(ngtcp2);
	uint8_t token[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN];
	size_t size;

	count_handshake(conn);
	if (!tls_session_has_protocol(conn->tls)) {
		conn_set_reason(conn, QS_CLOSE_crypto_error);
		ngtcp2_ccerr_set_tls_alert(&conn->error, ALERT_NO_PROTOCOL,
					   NULL, 0);
		return NGTCP2_ERR_CALLBACK_FAILURE;
	}
	/* Only now has the client proven its address. */
	if (!limits_add_connection(conn->quic->limits,
				   (const struct sockaddr *)path->remote.addr,
				   &conn->client)) {
		conn_set_reason(conn, QS_CLOSE_limited);
		ngtcp2_ccerr_set_transport_error(
			&conn->error, NGTCP2_CONNECTION_REFUSED, NULL, 0);
		return NGTCP2_ERR_CALLBACK_FAILURE;
	}
	size = make_address_token(conn->quic,
				  (const union udp_address *)path->remote.addr,
				  token);
	/* Without a token the client's next visit may meet a Retry. */
	if (size)
		ngtcp2_conn_submit_new_token(ngtcp2, token, size);
	if (conn->h3)
		h3_confirmed(conn->h3);
	return 0;
}

static int on_tx_key(ngtcp2_conn *ngtcp2, ngtcp2_encryption_level level,
		     void *user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	if (level != NGTCP2_ENCRYPTION_LEVEL_1RTT ||
	    !tls_session_has_protocol(conn->tls))
		return 0;
	conn->h3 = h3_new(conn);
	return conn->h3 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_stream_open(ngtcp2_conn *ngtcp2, int64_t stream_id, void *user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	if (!conn->h3 || !ngtcp2_is_bidi_stream(stream_id))
		return 0;
	conn->requests++;
	return h3_stream_opened(conn->h3, stream_id)
		       ? NGTCP2_ERR_CALLBACK_FAILURE
		       : 0;
}

static int on_stream_data(ngtcp2_conn *ngtcp2, uint32_t flags,
			  int64_t stream_id, uint64_t offset,
			  const uint8_t *data, size_t size, void *user,
			  void *stream_user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	if (flags & NGTCP2_STREAM_DATA_FLAG_0RTT && !conn->early_data) {
		conn->early_data = true;
		conn->quic->stats->counters.early_data_accepted++;
	}
	flood_progress(conn, size);
	if (!conn->h3)
		return 0;
	if (!offset && size)
		h3_begins(conn->h3, stream_id, data, size);
	return h3_result(conn,
			 h3_receive(conn->h3, stream_id, stream_user, data,
				    size, flags & NGTCP2_STREAM_DATA_FLAG_FIN));
}

static int on_acked(ngtcp2_conn *ngtcp2, int64_t stream_id, uint64_t offset,
		    uint64_t size, void *user, void *stream_user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	(void)offset;
	flood_progress(conn, size);
	if (!conn->h3)
		return 0;
	return h3_result(conn,
			 h3_acked(conn->h3, stream_id, stream_user, size));
}

static int on_stream_close(ngtcp2_conn *ngtcp2, uint32_t flags,
			   int64_t stream_id, uint64_t error_code, void *user,
			   void *stream_user)
{
	struct conn *conn = user;

	if (ngtcp2_conn_is_local_stream(ngtcp2, stream_id))
		; /* the client's to allow more of */
	else if (!ngtcp2_is_bidi_stream(stream_id))
		ngtcp2_conn_extend_max_streams_uni(ngtcp2, 1);
	else
		ngtcp2_conn_extend_max_streams_bidi(ngtcp2, 1);
	if (!(flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET))
		error_code = NGHTTP3_H3_NO_ERROR;
	if (!conn->h3)
		return 0;
	return h3_result(conn, h3_stream_closed(conn->h3, stream_id,
						stream_user, error_code));
}

static int on_stream_reset(ngtcp2_conn *ngtcp2, int64_t stream_id,
			   uint64_t final_size, uint64_t error_code, void *user,
			   void *stream_user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	(void)final_size;
	(void)error_code;
	if (!conn->h3)
		return 0;
	return h3_result(conn, h3_cancelled(conn->h3, stream_id, stream_user));
}

/* It is we who stop reading here; the client's STOP_SENDING has no callback. */
static int on_stop_reading(ngtcp2_conn *ngtcp2, int64_t stream_id,
			   uint64_t error_code, void *user, void *stream_user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	(void)error_code;
	(void)stream_user;
	if (!conn->h3)
		return 0;
	return h3_result(conn, h3_stop_reading(conn->h3, stream_id));
}

static int on_more_stream_window(ngtcp2_conn *ngtcp2, int64_t stream_id,
				 uint64_t max_data, void *user,
				 void *stream_user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	(void)max_data;
	if (!conn->h3)
		return 0;
	return h3_result(conn, h3_unblocked(conn->h3, stream_id, stream_user));
}

static int on_new_cid(ngtcp2_conn *ngtcp2, ngtcp2_cid *cid, uint8_t *token,
		      size_t cid_size, void *user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	/* ngtcp2 wants one length for all CIDs of a connection, and cannot
	 * retire those that it has issued: no other configuration for it. */
	cid_new(conn->quic->identity, conn->config_id, cid);
	if (cid->datalen != cid_size || quic_register(conn->quic, conn, cid))
		return NGTCP2_ERR_CALLBACK_FAILURE;
	cid_reset_token(conn->quic->identity, cid, token);
	return 0;
}

static int on_cid_retired(ngtcp2_conn *ngtcp2, const ngtcp2_cid *cid,
			  void *user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	quic_unregister(conn->quic, conn, cid);
	return 0;
}

static int on_path_validation(ngtcp2_conn *ngtcp2, uint32_t flags,
			      const ngtcp2_path *path,
			      const ngtcp2_path *old_path,
			      ngtcp2_path_validation_result result, void *user)
{
	struct conn *conn = user;

	(void)ngtcp2;
	(void)flags;
	(void)path;
	(void)old_path;
	if (result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS)
		conn->quic->stats->counters.paths_validated++;
	else
		conn->quic->stats->counters.paths_failed++;
	return 0;
}

static int on_stateless_reset(ngtcp2_conn *ngtcp2,
			      const ngtcp2_pkt_stateless_reset *reset,
			      void *user)
{
	(void)ngtcp2;
	(void)reset;
	conn_set_reason(user, QS_CLOSE_stateless_reset);
	return 0;
}

static void on_random(uint8_t *to, size_t size, const ngtcp2_rand_ctx *context)
{
	(void)context;
	random_bytes(to, size);
}

static const ngtcp2_callbacks callbacks = {
	.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
	.recv_crypto_data = on_crypto_data,
	.handshake_completed = on_handshake_completed,
	.encrypt = ngtcp2_crypto_encrypt_cb,
	.decrypt = flood_open,
	.hp_mask = ngtcp2_crypto_hp_mask_cb,
	.recv_stream_data = on_stream_data,
	.acked_stream_data_offset = on_acked,
	.stream_open = on_stream_open,
	.stream_close = on_stream_close,
	.rand = on_random,
	.get_new_connection_id = on_new_cid,
	.remove_connection_id = on_cid_retired,
	.update_key = ngtcp2_crypto_update_key_cb,
	.path_validation = on_path_validation,
	.stream_reset = on_stream_reset,
	.extend_max_stream_data = on_more_stream_window,
	.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
	.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
	.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
	.stream_stop_sending = on_stop_reading,
	.version_negotiation = ngtcp2_crypto_version_negotiation_cb,
	.recv_tx_key = on_tx_key,
	.recv_stateless_reset = on_stateless_reset,
};

const ngtcp2_callbacks *conn_callbacks(void)
{
	return &callbacks;
}
