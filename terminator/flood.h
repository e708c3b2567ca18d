/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ends connections whose client makes us work for nothing: the work that a
 * QUIC connection costs is weighed against what gets on (RFC 9000, 21.9;
 * RFC 9114, 10.5). Such a connection is closed with H3_EXCESSIVE_LOAD and
 * counted by the flood_ counter that it ran over.
 */
#ifndef TERMINATOR_FLOOD_H
#define TERMINATOR_FLOOD_H

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stdint.h>

#include "quicsteer/counters.h"
#include "terminator/frame_budget.h"
#include "terminator/frame_tally.h"

struct conn;
struct udp_datagram;

/* Of one connection. All zeros to begin with. */
struct flood {
	struct frame_budget work;
	struct frame_budget resets;
	struct frame_tally tally; /* of the datagram that is being read */
	uint64_t octets;	  /* got on, and are not turned into work yet */
	bool progress;		  /* the datagram that is being read brings */
	bool over;		  /* the connection is to be closed */
};

/* flood_read is ngtcp2_conn_read_pkt for a connection's datagram, and charges
 * the client for what it was. Packets that ngtcp2 drops, as it cannot decrypt
 * them or has read them before, are not the client's, and cost nothing. */
int flood_read(struct conn *conn, const ngtcp2_path *path,
	       const struct udp_datagram *datagram, uint64_t now_ns);

/* flood_open is ngtcp2_crypto_decrypt_cb, and sees what the datagram being read
 * contains. */
int flood_open(uint8_t *to, const ngtcp2_crypto_aead *aead,
	       const ngtcp2_crypto_aead_ctx *key, const uint8_t *text,
	       size_t text_size, const uint8_t *nonce, size_t nonce_size,
	       const uint8_t *header, size_t header_size);

/* flood_progress tells that so many octets came, or arrived at the client:
 * work may be done for them. */
void flood_progress(struct conn *conn, uint64_t octets);

/* flood_request_done tells that a request came to its end. */
void flood_request_done(struct conn *conn);

/* flood_spend charges for work of that kind: a counter flood_*. When there is
 * too much of it, conn_write will close the connection. */
void flood_spend(struct conn *conn, enum qs_terminator_counter kind,
		 uint32_t cost);

/* flood_close closes a connection that is over. */
void flood_close(struct conn *conn);

#endif
