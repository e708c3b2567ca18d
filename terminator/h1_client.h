/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One TCP connection to a backend, which works for one exchange at a time. For
 * the upstream's own files.
 *
 * Sending keeps one batch on its way: the header section first, then pieces of
 * the body straight from the exchange's FIFO. What the socket does not take at
 * once is left to uv_write. Receiving stops while the exchange's response FIFO
 * is full.
 */
#ifndef TERMINATOR_H1_CLIENT_H
#define TERMINATOR_H1_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "terminator/backend_tls.h"
#include "terminator/h1_response.h"
#include "terminator/pool.h"

enum {
	H1_BATCH_BODY_VECTORS = 16,
	/* Head, chunk size, body, CRLF, last chunk. */
	H1_BATCH_VECTORS = H1_BATCH_BODY_VECTORS + 4,
};

/* What is being written. */
struct h1_batch {
	uv_buf_t vectors[H1_BATCH_VECTORS];
	unsigned first; /* vector that is not written whole */
	unsigned count;
	size_t body_size;    /* octets of the request body in it */
	bool last;	     /* the request ends with it */
	char chunk_size[24]; /* in hexadecimal, with CRLF */
};

enum h1_client_state {
	H1_CLIENT_CONNECTING,
	H1_CLIENT_ACTIVE, /* works for `exchange` */
	H1_CLIENT_IDLE,	  /* in the pool */
	H1_CLIENT_CLOSING,
};

struct h1_client {
	struct h1_client *prev; /* in the backend's idle list */
	struct h1_client *next;
	struct upstream *upstream;
	struct backend *backend;
	struct exchange *exchange; /* while connecting or active */
	enum h1_client_state state;
	unsigned handles; /* of `tcp` and `timer`, not yet closed */

	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_connect_t connect;
	uv_write_t write;
	uv_shutdown_t shutdown;
	uint64_t progress; /* loop time of the last one, ms */

	struct tls_link *tls;			   /* NULL: in clear */
	const struct backend_tls *how;		   /* what `tls` is of; NULL */
	struct text sealed;			   /* `batch`, encrypted */
	uint8_t proxy_header[PROXY_PROTOCOL_SIZE]; /* sent at its begin */
	size_t proxy_size;			   /* 0: none */

	uint64_t sent_ns; /* uv_hrtime when the request was sent whole */
	bool reused;	  /* the exchange is not its first */

	/* Sending. */
	struct h1_batch batch;
	bool in_send;	/* h1_client_send is running */
	bool writing;	/* the rest of `batch` is with uv_write */
	bool head_sent; /* put into a batch; so the next ones */
	bool holding;	/* the body waits for 100, or for 101 */
	bool body_begun;
	bool request_sent; /* all of it is written */
	bool cannot_send;  /* the backend takes no more */

	/* Receiving. */
	struct h1_response response;
	char websocket_accept[WEBSOCKET_ACCEPT_SIZE];
	bool reading;
	bool response_begun; /* an octet of it came */
	bool head_received;
	bool more; /* the exchange got octets that the front was not told */
};

/* h1_client_open connects to the backend for the exchange. Returns 0 or -errno
 * (then the exchange was not touched). */
int h1_client_open(struct upstream *upstream, struct backend *backend,
		   struct exchange *exchange);

/* h1_client_begin sends the exchange's request on an idle connection, which the
 * caller has taken out of the pool. */
void h1_client_begin(struct h1_client *client, struct exchange *exchange);

/* h1_client_fits tells whether an idle connection is as the exchange needs it:
 * of its client, and with TLS as it is configured now. */
bool h1_client_fits(const struct h1_client *client,
		    const struct exchange *exchange);

/* h1_client_is_stale tells of an idle connection whether the backend has closed
 * it, or sent something. */
bool h1_client_is_stale(const struct h1_client *client);

/* h1_client_send goes on sending: there is more of the request, or its end. */
void h1_client_send(struct h1_client *client);

/* h1_client_resume reads again if the response FIFO is at most half full. */
void h1_client_resume(struct h1_client *client);

/* h1_client_close closes the connection and parts it from its exchange, whose
 * request may be freed at once. */
void h1_client_close(struct h1_client *client);

#endif
