/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS by wolfSSL: 1.3 for QUIC (RFC 9001); 1.3 and 1.2 for TCP.
 */
#ifndef TERMINATOR_TLS_H
#define TERMINATOR_TLS_H

#include <linux/types.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terminator/ticket_keys.h"

struct WOLFSSL;
struct tls;	    /* certificates, keys and settings that sessions share */
struct tls_session; /* WOLFSSL */
struct tls_scope;   /* which hosts a session is for */

/* A certificate and what it is for. */
struct tls_pair {
	const char *certificate; /* PEM file with the chain */
	const char *private_key; /* PEM file */
	const char *pem; /* both, in the place of the files; NULL: these */
	size_t pem_size;
	char *const *names; /* of hosts */
	size_t name_count;  /* 0: those in the certificate */
};

/* tls_new loads certificates and keys, at least one; the first is for clients
 * that ask for no name or for one that none has. On failure returns NULL and
 * points `*error` to a message that names the file. */
struct tls *tls_new(const struct tls_pair *pairs, size_t count,
		    const char **error);

/* How session tickets are made. */
struct tls_tickets {
	uint32_t rotation_ms; /* of their key; also how long they live */
	bool early_data;      /* 0-RTT is taken */
	/* What a ticket of QUIC lets a client of 0-RTT count on: with other
	 * promises, tickets are others, too. */
	uint64_t promises[8];
};

/* tls_set_tickets seals session tickets with keys derived from these secrets
 * from now on, so that any terminator with the same resumes. To be called
 * before the first session, and again when they change. */
void tls_set_tickets(
	struct tls *tls,
	const uint8_t secrets[QS_TICKET_SECRETS][TICKET_SECRET_SIZE],
	const struct tls_tickets *tickets);

/* tls_set_key_log has the secrets of sessions that begin from now on added to
 * the file (key_log.h); NULL ends that. `failures` counts what cannot be
 * written and must outlive all sessions. */
void tls_set_key_log(struct tls *tls, const char *file, __u64 *failures);

/* tls_free ends our use of it; sessions that were made of it go on. */
void tls_free(struct tls *tls);

/* tls_session_new makes the session of one server connection, bound to
 * `reference`. Returns NULL when memory is short. */
struct tls_session *tls_session_new(struct tls *tls,
				    ngtcp2_crypto_conn_ref *reference);

/* tls_session_is_resumed tells, after the handshake, whether a ticket of ours
 * was used. */
bool tls_session_is_resumed(struct tls_session *session);

/* tls_session_scope gives the session's; a reference makes it outlive that. */
struct tls_scope *tls_session_scope(struct tls_session *session);
struct tls_scope *tls_scope_ref(struct tls_scope *scope);

/* tls_scope_covers tells whether requests for that authority belong on the
 * connection (RFC 9110, 15.5.20): its host is the one that the client asked for
 * (SNI) or one that the certificate is for. Without SNI an address always is.
 */
bool tls_scope_covers(const struct tls_scope *scope, const char *authority,
		      size_t size);

/* tls_scope_free lets go of a reference; NULL is allowed. */
void tls_scope_free(struct tls_scope *scope);

/* tls_stream_session_new makes the session of a connection over TCP, for
 * stream_tls.c. Returns NULL when memory is short. */
struct WOLFSSL *tls_stream_session_new(struct tls *tls);

/* tls_stream_session_done is to be told that its handshake is complete. */
void tls_stream_session_done(struct WOLFSSL *ssl);

/* tls_session_has_protocol tells whether one was agreed on by ALPN: wolfSSL
 * does not mind a client that does not ask for any, RFC 9001, 8.1 does. */
bool tls_session_has_protocol(const struct tls_session *session);

/* tls_session_has_parameters tells whether the client sent the extension that
 * has QUIC's transport parameters. */
bool tls_session_has_parameters(const struct tls_session *session);

void tls_session_free(struct tls_session *session);

#endif
