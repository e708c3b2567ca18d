/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One QUIC connection: ngtcp2 with its TLS session, timer and packets out, and
 * HTTP/3 on top.
 *
 * A connection is written only from the loop's prepare phase, its timer, or the
 * socket becoming writable; whatever else happens only marks it (conn_mark), so
 * that ngtcp2 is never written to from inside its own callbacks.
 */
#ifndef TERMINATOR_CONN_H
#define TERMINATOR_CONN_H

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "quicsteer/counters.h"
#include "quicsteer/hash.h"
#include "terminator/flood.h"
#include "terminator/goaway.h"
#include "terminator/tls.h"
#include "terminator/tls_filter.h"
#include "terminator/udp.h"

struct quic;
struct cid_entry;
struct client;
struct h3;

enum conn_state {
	CONN_ACTIVE,
	CONN_CLOSING,  /* our CONNECTION_CLOSE is repeated (RFC 9000, 10.2.1) */
	CONN_DRAINING, /* nothing is sent (10.2.2) */
	CONN_GONE,     /* handles are closing */
};

struct conn {
	struct quic *quic;
	ngtcp2_conn *ngtcp2;
	ngtcp2_crypto_conn_ref reference; /* how crypto callbacks find us */
	struct cid_entry *cids;		  /* what it is registered by */
	struct tls_scope *tls_scope;
	struct tls_session *tls; /* until the handshake is complete */
	struct tls_filter filter;
	struct client *client; /* as limits.h counts it; or NULL */
	uint64_t requests;     /* begun so far */
	struct flood flood;
	struct h3 *h3; /* NULL until 1-RTT keys can send */
	uv_timer_t timer;
	ngtcp2_ccerr error; /* why we close */
	enum conn_state state;
	bool has_reason; /* `reason` is known */
	enum qs_close_reason reason;
	uint8_t config_id; /* of all its CIDs */
	bool handshake_done;
	bool early_data;       /* 0-RTT data was taken */
	bool early_packets;    /* the client sent some */
	uint64_t began_ns;     /* CLOCK_MONOTONIC, as are the next two */
	uint64_t handshake_ns; /* when the handshake was complete */
	uint64_t goaway_ns;    /* when `goaway` changed */
	enum goaway_state goaway;
	uint64_t bytes_received; /* UDP payload */
	uint64_t bytes_sent;	 /* likewise */
	uint64_t packets_lost;	 /* those that are counted */
	int qlog_fd;		 /* debug_files.h; -1: none */
	bool marked;		 /* in quic->dirty */
	bool is_blocked;	 /* in quic->blocked */
	struct qs_tuple path;	 /* see paths_file */
	bool on_path;		 /* in quic->paths */
	size_t most_payload;	 /* of the path's datagrams; 0: ngtcp2's */
	/* CONNECTION_CLOSE while closing; else packets that the socket did
	 * not take yet. */
	uint8_t *kept;
	size_t kept_size;
	size_t kept_segment;
	union udp_address kept_local, kept_remote;
	uint8_t kept_ecn;
	uint64_t close_packets; /* received while closing */
	uint64_t close_repeat;	/* repeat at this many */
	struct conn *prev, *next;
	struct conn *next_dirty;
	struct conn *next_blocked;
	struct conn *prev_on_path, *next_on_path;
};

/* What is known of a new connection beside its first packet. */
struct conn_origin {
	const ngtcp2_pkt_hd *header; /* of its Initial */
	const ngtcp2_cid *original_dcid;
	const ngtcp2_cid *retry_scid; /* after a Retry of ours, else NULL */
	const uint8_t *token;	      /* one that held, else NULL */
	size_t token_size;
	ngtcp2_token_type token_type;
};

/* conn_new makes a connection for the Initial in `datagram` (which must then
 * be given to conn_read) and registers its CIDs. Returns NULL on lack of memory
 * or a failure of TLS. */
struct conn *conn_new(struct quic *quic, const struct conn_origin *origin,
		      const struct udp_datagram *datagram);

/* conn_promises tells what transport parameters and settings a client that
 * comes back with 0-RTT counts on (RFC 9000, 7.4.1; RFC 9114, 7.2.4.2). */
void conn_promises(const struct quic *quic, uint64_t promises[8]);

/* conn_read takes in a datagram of this connection. */
void conn_read(struct conn *conn, const struct udp_datagram *datagram);

/* conn_mark has the connection written before the loop sleeps again. */
void conn_mark(struct conn *conn);

/* conn_write sends what can be sent now and sets the timer. */
void conn_write(struct conn *conn);

/* conn_most_payload tells how many octets a datagram of the current path may
 * have at most, unless it probes for more. */
size_t conn_most_payload(const struct conn *conn);

/* conn_count_losses counts the packets declared lost since it last did. */
void conn_count_losses(struct conn *conn);

/* conn_fail ends the connection after ngtcp2 returned the error `rv`: with a
 * CONNECTION_CLOSE, in silence, or not at all, as the error demands. */
void conn_fail(struct conn *conn, int rv);

/* conn_end_tls frees the TLS session of a connection whose handshake is
 * complete: the keys are ngtcp2's, which also makes those of later phases, and
 * the client has nothing to say in TLS any more (tls_filter.h). Not to be
 * called from ngtcp2's callbacks. */
void conn_end_tls(struct conn *conn);

/* conn_on_timer is the callback of conn->timer. */
void conn_on_timer(uv_timer_t *timer);

/* conn_keep copies packets to be sent later, or again, on `path`: `size` octets
 * in datagrams of `segment` each. Nothing may be kept already. Returns false
 * when memory is short. */
bool conn_keep(struct conn *conn, const ngtcp2_path *path, uint8_t ecn,
	       const uint8_t *data, size_t size, size_t segment);

/* conn_send_kept sends what is kept, which stays; see udp_send. */
int conn_send_kept(struct conn *conn, size_t *sent);

/* conn_unblock goes on when the socket is writable again. */
void conn_unblock(struct conn *conn);

/* conn_set_reason tells why the connection ends, to be counted then. The first
 * reason holds. */
void conn_set_reason(struct conn *conn, enum qs_close_reason reason);

/* conn_close ends the connection with what conn->error says and enters the
 * closing period. */
void conn_close(struct conn *conn);

/* conn_close_well does so with H3_NO_ERROR, for `reason`. */
void conn_close_well(struct conn *conn, enum qs_close_reason reason);

/* conn_free ends the connection with no packet and frees it; its memory is
 * released when the loop has closed its handles. */
void conn_free(struct conn *conn);

#endif
