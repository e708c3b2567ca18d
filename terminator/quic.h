/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The QUIC endpoint of a terminator: finds the connection of each datagram,
 * accepts new ones, and answers what belongs to none (stateless.h).
 */
#ifndef TERMINATOR_QUIC_H
#define TERMINATOR_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>
#include <uv.h>

#include "loader/lib/config.h"
#include "terminator/cid.h"
#include "terminator/paths.h"
#include "terminator/router.h"
#include "terminator/tls.h"
#include "terminator/sockets.h"

struct conn;
struct limits;
struct listing;

enum retry_policy {
	RETRY_NEVER,
	RETRY_AUTO, /* when more handshakes are open than the threshold */
	RETRY_ALWAYS,
};

struct quic_options {
	enum retry_policy retry;
	size_t retry_threshold;	  /* handshakes open at once */
	uint64_t idle_timeout_ns; /* transport parameter max_idle_timeout */
	uint64_t handshake_timeout_ns;
	uint64_t drain_timeout_ns; /* of those that are to leave */
	struct qs_config_quic more;
};

/* Which connection a CID belongs to. */
struct cid_entry {
	ngtcp2_cid cid;
	struct conn *conn;
	struct cid_entry *prev, *next; /* the connection's others (utlist) */
	UT_hash_handle hh;
};

/* Stateless resets are limited, so that spoofed packets cannot make us a
 * source of traffic (RFC 9000, 10.3). */
struct reset_bucket {
	double tokens;
	uint64_t filled_ns;
};

struct quic {
	uv_loop_t *loop;
	struct sockets sockets;
	uv_prepare_t before_sleep; /* writes what the events of a turn caused */
	struct quic_options options;
	struct identity *identity;
	struct tls *tls;
	struct router *router;
	struct limits *limits;
	struct qs_terminator_stats *stats;
	struct cid_entry *cids; /* uthash */
	struct conn *conns;	/* utlist */
	struct paths paths;	/* those that are active */
	struct conn *dirty;	/* to be written before the loop sleeps */
	struct conn *blocked;	/* waiting for their socket */
	size_t handshakes_open;
	bool draining;		  /* connections get a GOAWAY; see goaway.h */
	struct listing *listings; /* under way; see listing.h */
	struct reset_bucket resets;
	uint8_t buffer[UDP_SEND_SIZE]; /* where packets are written */
};

/* quic_start begins to serve on the sockets that `fds` has by port_index, -1
 * where there is none (taken over on success). Everything that `quic` points to
 * must be set before and outlive it. Returns 0 or -errno. */
int quic_start(struct quic *quic, uv_loop_t *loop, const int fds[QS_MAX_PORTS]);

/* quic_apply_options has quic->tls make session tickets and log keys as options
 * and limits are now, and warns of what is for debugging only; to be called
 * whenever one of these has changed. */
void quic_apply_options(struct quic *quic);

/* quic_step ends what clients do not read; to be called every second or so. */
void quic_step(struct quic *quic);

/* quic_apply_tls does the first of these alone; to be called when the secrets
 * of the identity have changed, or quic->tls has. */
void quic_apply_tls(struct quic *quic);

/* quic_close_all closes all connections with H3_NO_ERROR, for `reason`. */
void quic_close_all(struct quic *quic, enum qs_close_reason reason);

/* quic_close does so and stops. The loop must then run until it has no handles
 * left. */
void quic_close(struct quic *quic, enum qs_close_reason reason);

/* quic_register makes datagrams to `cid` reach `conn`. Returns 0, -ENOMEM, or
 * -EEXIST if the CID is taken. */
int quic_register(struct quic *quic, struct conn *conn, const ngtcp2_cid *cid);

/* quic_find returns the connection that has that CID, or NULL. */
struct conn *quic_find(struct quic *quic, const uint8_t *cid, size_t size);

/* quic_unregister undoes quic_register; CIDs that are not this connection's are
 * ignored. */
void quic_unregister(struct quic *quic, struct conn *conn,
		     const ngtcp2_cid *cid);

/* quic_unregister_all does so with all CIDs of a connection. */
void quic_unregister_all(struct quic *quic, struct conn *conn);

#endif
