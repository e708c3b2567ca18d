/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test clients' TLS 1.3 by wolfSSL, for QUIC, with ALPN h3.
 */
#ifndef TESTS_CLIENT_TLS_H
#define TESTS_CLIENT_TLS_H

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdbool.h>

/* What the TLS stack needs of its connection. It is the wolfSSL session's
 * application data, as ngtcp2's crypto helper asks. */
struct tls_reference {
	ngtcp2_crypto_conn_ref reference; /* first: the helper casts to it */
	WOLFSSL_SESSION *session; /* newest ticket; owned, may be NULL */
};

/* tls_context_new makes a client context. `ca_file` (PEM) is what the server's
 * certificate must chain to; NULL accepts any certificate. Returns NULL when
 * the file is unreadable or memory is short. */
WOLFSSL_CTX *tls_context_new(const char *ca_file);

/* tls_session_new makes a session for `server_name` that offers the one
 * protocol `alpn` and resumes `ticket` (NULL: a full handshake). A `big_hello`
 * offers others, too, that nobody knows, and takes two datagrams. `reference`
 * must outlive it. NULL = no memory. */
WOLFSSL *tls_session_new(WOLFSSL_CTX *context, const char *server_name,
			 const char *alpn, bool big_hello,
			 struct tls_reference *reference,
			 WOLFSSL_SESSION *ticket);

/* tls_alpn_is_h3 tells whether the server selected the protocol "h3". */
bool tls_alpn_is_h3(WOLFSSL *tls);

#endif
