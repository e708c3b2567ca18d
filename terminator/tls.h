/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS by wolfSSL: 1.3 for QUIC (RFC 9001); 1.3 and 1.2 for TCP.
 */
#ifndef TERMINATOR_TLS_H
#define TERMINATOR_TLS_H

#include <ngtcp2/ngtcp2_crypto.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terminator/ticket_keys.h"

struct WOLFSSL;
struct tls;	    /* certificate, key and settings that sessions share */
struct tls_session; /* WOLFSSL */

/* tls_new loads a PEM certificate chain and its key. On failure returns NULL
 * and points `*error` to a message that names the file. */
struct tls *tls_new(const char *certificate_file, const char *key_file,
		    const char **error);

/* How session tickets are made. */
struct tls_tickets {
	uint32_t rotation_ms; /* of their key; also how long they live */
	bool early_data;      /* 0-RTT is taken */
	/* What a ticket of QUIC lets a client of 0-RTT count on: with other
	 * promises, tickets are others, too. */
	uint64_t promises[8];
};

/* tls_set_tickets seals session tickets with keys derived from this secret from
 * now on, so that any terminator with the same resumes. To be called before the
 * first session. */
void tls_set_tickets(struct tls *tls, const uint8_t secret[TICKET_SECRET_SIZE],
		     const struct tls_tickets *tickets);

/* tls_free ends our use of it; sessions that were made of it go on. */
void tls_free(struct tls *tls);

/* tls_session_new makes the session of one server connection, bound to
 * `reference`. Returns NULL when memory is short. */
struct tls_session *tls_session_new(struct tls *tls,
				    ngtcp2_crypto_conn_ref *reference);

/* tls_session_is_resumed tells, after the handshake, whether a ticket of ours
 * was used. */
bool tls_session_is_resumed(struct tls_session *session);

/* tls_stream_session_new makes the session of a connection over TCP, for
 * stream_tls.c. Returns NULL when memory is short. */
struct WOLFSSL *tls_stream_session_new(struct tls *tls);
void tls_stream_session_free(struct WOLFSSL *session);

enum { TLS_RANDOM_SIZE = 32 };

/* tls_session_client_random gives the random octets of the ClientHello. */
void tls_session_client_random(struct tls_session *session,
			       uint8_t random[TLS_RANDOM_SIZE]);

/* tls_session_reference gives what tls_session_new got. */
ngtcp2_crypto_conn_ref *tls_session_reference(struct tls_session *session);

void tls_session_free(struct tls_session *session);

#endif
