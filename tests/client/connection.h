/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One QUIC client connection on ngtcp2 and wolfSSL: handshake, timers, sending
 * and its paths. What it carries is its application's (struct connection_app):
 * http.h for HTTP/3, or none.
 *
 * A connection has up to CONNECTION_PATHS local addresses that ngtcp2 knows.
 * Behind each is a socket, and the socket can be changed without telling ngtcp2
 * (connection_rebind): to the server that looks like a NAT's rebinding.
 */
#ifndef TESTS_CLIENT_CONNECTION_H
#define TESTS_CLIENT_CONNECTION_H

#include "tests/client/tls.h"
#include "tests/client/udp.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

enum {
	CONNECTION_PATHS = 3,
	CONNECTION_TOKEN_MAX = 512,
	CONNECTION_REASON_SIZE = 128,
};

struct connection;

/* What a connection tells its application; `app` is the application's own.
 * Members may be NULL. Those that return int return 0, or -1 to close the
 * connection (after connection_fail). */
struct connection_app {
	int (*ready)(void *app);     /* the handshake is complete */
	int (*confirmed)(void *app); /* RFC 9001, 4.1.2: may migrate now */
	/* A sending key of this level is there; before the client's flight. */
	int (*sending_key)(void *app, ngtcp2_encryption_level level);
	int (*stream_data)(void *app, int64_t stream, const uint8_t *data,
			   size_t size, bool end);
	int (*stream_acked)(void *app, int64_t stream, uint64_t size);
	int (*stream_closed)(void *app, int64_t stream, bool with_code,
			     uint64_t code);
	int (*stream_reset)(void *app, int64_t stream);
	int (*stream_unblocked)(void *app, int64_t stream);
	int (*streams_available)(void *app); /* more may be opened */
	/* Octets to send: fills `vectors` and `ret_stream` (-1: none) and
	 * `ret_end`. Returns the count of vectors, or -1. */
	ssize_t (*next)(void *app, int64_t *ret_stream, bool *ret_end,
			ngtcp2_vec *vectors, size_t count);
	int (*sent)(void *app, int64_t stream, size_t size);
	int (*blocked)(void *app, int64_t stream);
	int (*shut)(void *app, int64_t stream); /* peer stopped reading */
	/* The connection is over; `failed` is NULL, or what broke it. Called
	 * once, from the loop. The application may now free it. */
	void (*ended)(void *app, const char *failed);
};

struct connection_options {
	uv_loop_t *loop;
	WOLFSSL_CTX *tls;
	const char *server_name;
	const char *alpn; /* NULL: h3, which the server then must select */
	struct udp_address remote;
	bool big_hello;		/* a ClientHello of two datagrams */
	uint32_t version;	/* of QUIC; 0 means 1 */
	size_t cid_length;	/* of our own CIDs, 0 or 5 to 20 */
	uint64_t stream_window; /* octets a stream may have under way */
	uint64_t window;	/* octets all streams may have under way */
	uint64_t idle_timeout_ms;
	uint64_t handshake_timeout_ms;
	uint64_t keepalive_ms; /* 0: none */
	const uint8_t *token;  /* of an earlier connection; copied */
	size_t token_size;
	WOLFSSL_SESSION *ticket; /* resume this session, or NULL */
};

struct connection_path {
	struct udp_address local; /* as ngtcp2 knows it */
	struct udp_endpoint *endpoint;
};

struct connection {
	uint32_t number; /* the first four octets of our CIDs */
	const struct connection_app *app;
	void *user;
	ngtcp2_conn *quic;
	WOLFSSL *tls;
	struct tls_reference reference;
	struct udp_address remote;
	struct connection_path paths[CONNECTION_PATHS];
	size_t path_count;
	size_t cid_length;
	uv_loop_t *loop;
	uv_timer_t timer;
	bool over; /* nothing is sent or received any more */
	bool stateless_reset;
	bool closed_by_peer;	 /* its application did */
	uint64_t close_code;	 /* ... with this code */
	bool retried;		 /* the server answered with Retry */
	bool negotiated_version; /* it answered with Version Negotiation */
	bool reused;		 /* the TLS session was resumed */
	bool handshake_completed;
	char failed[CONNECTION_REASON_SIZE]; /* empty: nothing failed */
	uint8_t token[CONNECTION_TOKEN_MAX]; /* of the last NEW_TOKEN */
	size_t token_size;
	uint64_t datagrams_sent, datagrams_received;
	uint64_t sends_refused; /* datagrams that the kernel did not take */
	uint64_t started_ns, handshake_ns, ended_ns;
};

/* connection_start begins a connection from `endpoint`, whose hold it takes
 * over. `app` and `user` must outlive it. Returns 0, -ENOMEM or -EINVAL (the
 * options do not fit); the endpoint is then released. */
int connection_start(struct connection *connection, uint32_t number,
		     const struct connection_options *options,
		     struct udp_endpoint *endpoint,
		     const struct connection_app *app, void *user);

/* connection_receive feeds one datagram that came on `endpoint` (which must be
 * one of the connection's). */
void connection_receive(struct connection *connection,
			struct udp_endpoint *endpoint, const uint8_t *data,
			size_t size);

/* connection_uses tells whether the endpoint is one of the connection's. */
bool connection_uses(const struct connection *connection,
		     const struct udp_endpoint *endpoint);

/* connection_write sends what there is to send. Call it after the application
 * has got something new. */
void connection_write(struct connection *connection);

/* connection_rebind puts the socket `endpoint` (its hold is taken over) in
 * place of that of the current path, without telling ngtcp2. */
void connection_rebind(struct connection *connection,
		       struct udp_endpoint *endpoint);

/* connection_migrate moves to `endpoint`'s local address (its hold is taken
 * over): active migration (RFC 9000, 9.2). Returns 0, or ngtcp2's error. */
int connection_migrate(struct connection *connection,
		       struct udp_endpoint *endpoint);

/* connection_fail notes why the connection fails; the first reason stays. */
void connection_fail(struct connection *connection, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* connection_close sends CONNECTION_CLOSE with an application error code and
 * ends the connection. */
void connection_close(struct connection *connection, uint64_t code);

/* connection_abandon ends the connection without a word to the peer. */
void connection_abandon(struct connection *connection);

/* connection_free releases everything. The connection must be over. `closed` is
 * called from the loop when the memory may go. */
void connection_free(struct connection *connection, uv_close_cb closed);

/* connection_now is the clock of all timestamps: CLOCK_MONOTONIC, ns. */
uint64_t connection_now(void);

#endif
