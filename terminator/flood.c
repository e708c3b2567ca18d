/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/flood.h"

#include <nghttp3/nghttp3.h>

#include "terminator/conn.h"
#include "terminator/ngtcp2_more.h"
#include "terminator/quic.h"

enum {
	OCTETS_A_FRAME = 512, /* that get on, for each frame of no use */
	FRAMES_A_REQUEST = 16,
	SMALL_DATAGRAM = 512,
};

/* ngtcp2 does not tell its decrypt callback which connection it is for. */
static struct frame_tally *reading;

int flood_open(uint8_t *to, const ngtcp2_crypto_aead *aead,
	       const ngtcp2_crypto_aead_ctx *key, const uint8_t *text,
	       size_t text_size, const uint8_t *nonce, size_t nonce_size,
	       const uint8_t *header, size_t header_size)
{
	int rv = ngtcp2_crypto_decrypt_cb(to, aead, key, text, text_size, nonce,
					  nonce_size, header, header_size);

	if (!rv && reading)
		frame_tally_add(reading, to, text_size - aead->max_overhead);
	return rv;
}

void flood_spend(struct conn *conn, enum qs_terminator_counter kind,
		 uint32_t cost)
{
	struct flood *flood = &conn->flood;
	struct frame_budget *budget =
		kind == QS_COUNTER_flood_resets ? &flood->resets : &flood->work;

	if (!cost || flood->over ||
	    frame_budget_spend(budget, cost, uv_hrtime()))
		return;
	flood->over = true;
	conn->quic->stats->counter[kind]++;
	conn_mark(conn);
}

void flood_progress(struct conn *conn, uint64_t octets)
{
	struct flood *flood = &conn->flood;

	flood->progress = true;
	flood->octets += octets;
	frame_budget_earn(&flood->work, flood->octets / OCTETS_A_FRAME);
	flood->octets %= OCTETS_A_FRAME;
}

void flood_request_done(struct conn *conn)
{
	frame_budget_earn(&conn->flood.work, FRAMES_A_REQUEST);
	frame_budget_earn(&conn->flood.resets, 1);
}

/* Large datagrams may fill a gap in what was received, or cost the client as
 * much as us. */
static bool is_of_no_use(const struct flood *flood, size_t size)
{
	return !flood->progress &&
	       (!flood->tally.stream_octets || size < SMALL_DATAGRAM);
}

int flood_read(struct conn *conn, const ngtcp2_path *path,
	       const struct udp_datagram *datagram, uint64_t now_ns)
{
	ngtcp2_pkt_info info = {.ecn = datagram->ecn};
	struct flood *flood = &conn->flood;
	/* Any packet that is taken moves it. */
	ngtcp2_tstamp expiry = ngtcp2_conn_get_idle_expiry(conn->ngtcp2);
	uint32_t packet;
	int rv;

	flood->tally = (struct frame_tally){0};
	flood->progress = false;
	reading = &flood->tally;
	rv = ngtcp2_conn_read_pkt(conn->ngtcp2, path, &info, datagram->data,
				  datagram->size, now_ns);
	reading = NULL;
	if (rv || ngtcp2_conn_get_idle_expiry(conn->ngtcp2) == expiry)
		return rv;
	packet = is_of_no_use(flood, datagram->size);
	/* Its name is that of the greater part: not by chance, as when the
	 * packet itself is what is too much. */
	flood_spend(conn,
		    flood->tally.costly > packet ? QS_COUNTER_flood_frames
						 : QS_COUNTER_flood_packets,
		    flood->tally.costly + packet);
	return 0;
}

void flood_close(struct conn *conn)
{
	conn_set_reason(conn, QS_CLOSE_flood);
	ngtcp2_ccerr_set_application_error(&conn->error,
					   NGHTTP3_H3_EXCESSIVE_LOAD, NULL, 0);
	conn_close(conn);
}
