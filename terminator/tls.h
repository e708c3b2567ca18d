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

struct WOLFSSL;
struct tls;	    /* certificate, key and settings that sessions share */
struct tls_session; /* WOLFSSL */

/* tls_new loads a PEM certificate chain and its key. On failure returns NULL
 * and points `*error` to a message that names the file. */
struct tls *tls_new(const char *certificate_file, const char *key_file,
		    const char **error);

/* The octets of ticket keys: a name of 16 and two keys of 32. */
enum { TLS_TICKET_KEYS_SIZE = 80 };

/* tls_set_ticket_keys seals session tickets with these keys from now on, so
 * that any terminator with the same resumes. */
void tls_set_ticket_keys(struct tls *tls,
			 const uint8_t keys[TLS_TICKET_KEYS_SIZE]);

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

void tls_session_free(struct tls_session *session);

#endif
