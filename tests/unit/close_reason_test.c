/* SPDX-License-Identifier: GPL-2.0-only */
/* The reason that a connection's end is counted by. */
#include <criterion/criterion.h>

#include "terminator/close_reason.h"

static const ngtcp2_ccerr nothing;

static void expect(int rv, enum qs_close_reason wanted)
{
	enum qs_close_reason reason = close_reason(rv, &nothing, &nothing);

	cr_expect_eq(reason, wanted, "error %d: %d", rv, reason);
}

Test(close_reason, errors_of_ngtcp2)
{
	expect(NGTCP2_ERR_IDLE_CLOSE, QS_CLOSE_idle);
	expect(NGTCP2_ERR_HANDSHAKE_TIMEOUT, QS_CLOSE_handshake_timeout);
	expect(NGTCP2_ERR_CRYPTO, QS_CLOSE_crypto_error);
	expect(NGTCP2_ERR_REQUIRED_TRANSPORT_PARAM, QS_CLOSE_crypto_error);
	expect(NGTCP2_ERR_PROTO, QS_CLOSE_transport_error);
	expect(NGTCP2_ERR_FLOW_CONTROL, QS_CLOSE_transport_error);
	expect(NGTCP2_ERR_CRYPTO_BUFFER_EXCEEDED, QS_CLOSE_flood);
	expect(NGTCP2_ERR_CONNECTION_ID_LIMIT, QS_CLOSE_flood);
	expect(NGTCP2_ERR_DROP_CONN, QS_CLOSE_transport_error);
	expect(NGTCP2_ERR_NOMEM, QS_CLOSE_internal);
	expect(NGTCP2_ERR_INTERNAL, QS_CLOSE_internal);
	expect(NGTCP2_ERR_CALLBACK_FAILURE, QS_CLOSE_internal);
}

Test(close_reason, closed_by_the_client)
{
	const struct {
		ngtcp2_ccerr_type type;
		uint64_t code;
		enum qs_close_reason wanted;
	} rows[] = {
		{NGTCP2_CCERR_TYPE_TRANSPORT, 0, QS_CLOSE_peer_done},
		{NGTCP2_CCERR_TYPE_APPLICATION, 0x100, QS_CLOSE_peer_done},
		{NGTCP2_CCERR_TYPE_APPLICATION, 0, QS_CLOSE_peer_done},
		/* The same number among transport errors is a TLS alert. */
		{NGTCP2_CCERR_TYPE_TRANSPORT, 0x100, QS_CLOSE_peer_error},
		{NGTCP2_CCERR_TYPE_APPLICATION, 0x10c, QS_CLOSE_peer_error},
		{NGTCP2_CCERR_TYPE_TRANSPORT, 0xa, QS_CLOSE_peer_error},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ngtcp2_ccerr peers = {.type = rows[i].type,
				      .error_code = rows[i].code};

		cr_expect_eq(
			close_reason(NGTCP2_ERR_DRAINING, &nothing, &peers),
			rows[i].wanted, "row %zu", i);
	}
}

Test(close_reason, callbacks_of_ours)
{
	ngtcp2_ccerr ours = {.type = NGTCP2_CCERR_TYPE_APPLICATION,
			     .error_code = 0x105};

	cr_expect_eq(close_reason(NGTCP2_ERR_CALLBACK_FAILURE, &ours, &nothing),
		     QS_CLOSE_application_error);
	ours.error_code = 0x102;
	cr_expect_eq(close_reason(NGTCP2_ERR_CALLBACK_FAILURE, &ours, &nothing),
		     QS_CLOSE_internal);
}
