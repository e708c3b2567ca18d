/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/connection_private.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <string.h>

static int result(int value)
{
	return value < 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_handshake_completed(ngtcp2_conn *quic, void *user)
{
	struct connection *connection = user;

	(void)quic;
	connection->handshake_completed = true;
	connection->handshake_ns = connection_now();
	connection->reused = wolfSSL_session_reused(connection->tls) == 1;
	if (!tls_alpn_is_h3(connection->tls)) {
		connection_fail(connection, "ALPN is not h3");
		return NGTCP2_ERR_CALLBACK_FAILURE;
	}
	if (!connection->app->ready)
		return 0;
	return result(connection->app->ready(connection->user));
}

static int on_handshake_confirmed(ngtcp2_conn *quic, void *user)
{
	struct connection *connection = user;

	(void)quic;
	if (!connection->app->confirmed)
		return 0;
	return result(connection->app->confirmed(connection->user));
}

static int on_sending_key(ngtcp2_conn *quic, ngtcp2_encryption_level level,
			  void *user)
{
	struct connection *connection = user;

	(void)quic;
	if (!connection->app->sending_key)
		return 0;
	return result(connection->app->sending_key(connection->user, level));
}

static int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t stream,
			  uint64_t offset, const uint8_t *data, size_t size,
			  void *user, void *stream_user)
{
	struct connection *connection = user;

	(void)quic;
	(void)offset;
	(void)stream_user;
	if (!connection->app->stream_data)
		return 0;
	return result(connection->app->stream_data(
		connection->user, stream, data, size,
		flags & NGTCP2_STREAM_DATA_FLAG_FIN));
}

static int on_acked(ngtcp2_conn *quic, int64_t stream, uint64_t offset,
		    uint64_t size, void *user, void *stream_user)
{
	struct connection *connection = user;

	(void)quic;
	(void)offset;
	(void)stream_user;
	if (!connection->app->stream_acked)
		return 0;
	return result(
		connection->app->stream_acked(connection->user, stream, size));
}

static int on_stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t stream,
			   uint64_t code, void *user, void *stream_user)
{
	struct connection *connection = user;

	(void)quic;
	(void)stream_user;
	if (!connection->app->stream_closed)
		return 0;
	return result(connection->app->stream_closed(
		connection->user, stream,
		flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET, code));
}

static int on_stream_reset(ngtcp2_conn *quic, int64_t stream,
			   uint64_t final_size, uint64_t code, void *user,
			   void *stream_user)
{
	struct connection *connection = user;

	(void)quic;
	(void)final_size;
	(void)code;
	(void)stream_user;
	if (!connection->app->stream_reset)
		return 0;
	return result(connection->app->stream_reset(connection->user, stream));
}

static int on_stop_sending(ngtcp2_conn *quic, int64_t stream, uint64_t code,
			   void *user, void *stream_user)
{
	return on_stream_reset(quic, stream, 0, code, user, stream_user);
}

static int on_stream_window(ngtcp2_conn *quic, int64_t stream, uint64_t limit,
			    void *user, void *stream_user)
{
	struct connection *connection = user;

	(void)quic;
	(void)limit;
	(void)stream_user;
	if (!connection->app->stream_unblocked)
		return 0;
	return result(
		connection->app->stream_unblocked(connection->user, stream));
}

static int on_streams_available(ngtcp2_conn *quic, uint64_t limit, void *user)
{
	struct connection *connection = user;

	(void)quic;
	(void)limit;
	/* Also called with the transport parameters, before `ready`. */
	if (!connection->app->streams_available ||
	    !connection->handshake_completed)
		return 0;
	return result(connection->app->streams_available(connection->user));
}

static int on_stateless_reset(ngtcp2_conn *quic,
			      const ngtcp2_pkt_stateless_reset *reset,
			      void *user)
{
	struct connection *connection = user;

	(void)quic;
	(void)reset;
	connection->stateless_reset = true;
	return 0;
}

static int on_retry(ngtcp2_conn *quic, const ngtcp2_pkt_hd *header, void *user)
{
	struct connection *connection = user;

	connection->retried = true;
	return ngtcp2_crypto_recv_retry_cb(quic, header, user);
}

static int on_version_negotiation(ngtcp2_conn *quic,
				  const ngtcp2_pkt_hd *header,
				  const uint32_t *versions, size_t count,
				  void *user)
{
	struct connection *connection = user;

	(void)quic;
	(void)header;
	(void)versions;
	(void)count;
	connection->negotiated_version = true;
	return 0;
}

static int on_new_token(ngtcp2_conn *quic, const uint8_t *token, size_t size,
			void *user)
{
	struct connection *connection = user;

	(void)quic;
	if (size > sizeof(connection->token))
		return 0;
	memcpy(connection->token, token, size);
	connection->token_size = size;
	return 0;
}

static void on_random(uint8_t *data, size_t size, const ngtcp2_rand_ctx *rand)
{
	(void)rand;
	random_octets(data, size);
}

static int on_new_cid(ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token,
		      size_t size, void *user)
{
	(void)quic;
	(void)size;
	connection_make_cid(user, cid);
	random_octets(token, NGTCP2_STATELESS_RESET_TOKENLEN);
	return 0;
}

const ngtcp2_callbacks *connection_callbacks(void)
{
	static const ngtcp2_callbacks callbacks = {
		.client_initial = ngtcp2_crypto_client_initial_cb,
		.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
		.encrypt = ngtcp2_crypto_encrypt_cb,
		.decrypt = ngtcp2_crypto_decrypt_cb,
		.hp_mask = ngtcp2_crypto_hp_mask_cb,
		.update_key = ngtcp2_crypto_update_key_cb,
		.delete_crypto_aead_ctx =
			ngtcp2_crypto_delete_crypto_aead_ctx_cb,
		.delete_crypto_cipher_ctx =
			ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
		.get_path_challenge_data =
			ngtcp2_crypto_get_path_challenge_data_cb,
		.version_negotiation = ngtcp2_crypto_version_negotiation_cb,
		.recv_version_negotiation = on_version_negotiation,
		.recv_retry = on_retry,
		.recv_new_token = on_new_token,
		.recv_stateless_reset = on_stateless_reset,
		.handshake_completed = on_handshake_completed,
		.handshake_confirmed = on_handshake_confirmed,
		.recv_tx_key = on_sending_key,
		.recv_stream_data = on_stream_data,
		.acked_stream_data_offset = on_acked,
		.stream_close = on_stream_close,
		.stream_reset = on_stream_reset,
		.stream_stop_sending = on_stop_sending,
		.extend_max_stream_data = on_stream_window,
		.extend_max_local_streams_bidi = on_streams_available,
		.rand = on_random,
		.get_new_connection_id = on_new_cid,
	};

	return &callbacks;
}
