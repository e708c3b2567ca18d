/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/close_reason.h"

#include <nghttp3/nghttp3.h>

/* HTTP/3 has two codes for an end without error: some clients send 0. */
static enum qs_close_reason by_peer(const ngtcp2_ccerr *peers)
{
	if (!peers->error_code)
		return QS_CLOSE_peer_done;
	if (peers->type == NGTCP2_CCERR_TYPE_APPLICATION &&
	    peers->error_code == NGHTTP3_H3_NO_ERROR)
		return QS_CLOSE_peer_done;
	return QS_CLOSE_peer_error;
}

/* A callback of ours failed. */
static enum qs_close_reason by_callback(const ngtcp2_ccerr *ours)
{
	if (ours->type == NGTCP2_CCERR_TYPE_APPLICATION &&
	    ours->error_code == NGHTTP3_H3_EXCESSIVE_LOAD)
		return QS_CLOSE_flood;
	if (ours->type != NGTCP2_CCERR_TYPE_APPLICATION || !ours->error_code ||
	    ours->error_code == NGHTTP3_H3_INTERNAL_ERROR)
		return QS_CLOSE_internal;
	return QS_CLOSE_application_error;
}

enum qs_close_reason close_reason(int rv, const ngtcp2_ccerr *ours,
				  const ngtcp2_ccerr *peers)
{
	switch (rv) {
	case NGTCP2_ERR_DRAINING:
		return by_peer(peers);
	case NGTCP2_ERR_IDLE_CLOSE:
		return QS_CLOSE_idle;
	case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
		return QS_CLOSE_handshake_timeout;
	case NGTCP2_ERR_CRYPTO:
	case NGTCP2_ERR_REQUIRED_TRANSPORT_PARAM:
		return QS_CLOSE_crypto_error;
	case NGTCP2_ERR_CALLBACK_FAILURE:
		return by_callback(ours);
	case NGTCP2_ERR_CRYPTO_BUFFER_EXCEEDED:
	case NGTCP2_ERR_CONNECTION_ID_LIMIT:
		return QS_CLOSE_flood;
	case NGTCP2_ERR_NOMEM:
	case NGTCP2_ERR_INTERNAL:
		return QS_CLOSE_internal;
	default:
		return QS_CLOSE_transport_error;
	}
}
