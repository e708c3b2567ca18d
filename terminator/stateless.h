/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers to datagrams of no connection: Version Negotiation, Retry, stateless
 * reset. None keeps state; each is at most as large as what caused it, but for
 * Version Negotiation's and Retry's fixed parts.
 */
#ifndef TERMINATOR_STATELESS_H
#define TERMINATOR_STATELESS_H

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stdint.h>

#include "terminator/quic.h"
#include "terminator/udp.h"

/* send_version_negotiation answers an unknown version (RFC 9000, 6.1). */
void send_version_negotiation(struct quic *quic,
			      const ngtcp2_version_cid *version_cid,
			      const struct udp_datagram *cause);

/* send_retry asks the client to prove its address (RFC 9000, 8.1.2). The token
 * holds at every terminator with the same secret. */
void send_retry(struct quic *quic, const ngtcp2_pkt_hd *header,
		const struct udp_datagram *cause);

/* send_stateless_reset answers a short header packet of a connection that is
 * gone (RFC 9000, 10.3), if the rate and the packet's size allow. The CID is
 * the packet's DCID: ours, or a dead terminator's. */
void send_stateless_reset(struct quic *quic, const ngtcp2_cid *cid,
			  const struct udp_datagram *cause);

/* send_invalid_token closes an attempt whose Retry token does not hold
 * (RFC 9000, 8.1.3). */
void send_invalid_token(struct quic *quic, const ngtcp2_pkt_hd *header,
			const struct udp_datagram *cause);

/* send_refusal closes an attempt to connect that we refuse. */
void send_refusal(struct quic *quic, const ngtcp2_pkt_hd *header,
		  const struct udp_datagram *cause);

enum token_verdict {
	TOKEN_NONE,    /* absent, or a NEW_TOKEN token that does not hold */
	TOKEN_RETRY,   /* `*original_dcid` is set */
	TOKEN_REGULAR, /* from NEW_TOKEN */
	TOKEN_INVALID, /* a Retry token that does not hold */
};

/* check_token verifies the address token of an Initial. */
enum token_verdict check_token(struct quic *quic, const ngtcp2_pkt_hd *header,
			       const struct udp_datagram *datagram,
			       ngtcp2_cid *original_dcid);

/* make_address_token writes a token for NEW_TOKEN and returns its size, or 0.
 * `token` holds NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN octets. */
size_t make_address_token(struct quic *quic, const union udp_address *remote,
			  uint8_t *token);

#endif
