/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/hmac.h>

#include "terminator/tls.h"

#include <assert.h>
#include <ngtcp2/ngtcp2_crypto_wolfssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
	WOLFSSL_CTX *context; /* of QUIC */
	WOLFSSL_CTX *stream;  /* of TCP */
};

/* Whether the client offers the protocol, whose length is its first octet. */
static bool offers(const unsigned char *protocol, const unsigned char **out,
		   unsigned char *out_size, const unsigned char *in,
		   unsigned int in_size)
{
	unsigned int size = protocol[0] + 1U, at;

	for (at = 0; at < in_size; at += in[at] + 1U) {
		if (in_size - at < size || memcmp(in + at, protocol, size))
			continue;
		*out = in + at + 1;
		*out_size = protocol[0];
		return true;
	}
	return false;
}

/* RFC 9001, 8.1: without a common protocol the handshake must fail. */
static int select_h3(WOLFSSL *ssl, const unsigned char **out,
		     unsigned char *out_size, const unsigned char *in,
		     unsigned int in_size, void *arg)
{
	static const unsigned char h3[] = "\2h3";

	(void)ssl;
	(void)arg;
	return offers(h3, out, out_size, in, in_size)
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* In the order of our liking (RFC 7301, 3.2). */
static int select_stream(WOLFSSL *ssl, const unsigned char **out,
			 unsigned char *out_size, const unsigned char *in,
			 unsigned int in_size, void *arg)
{
	static const unsigned char h2[] = "\2h2", h1[] = "\10http/1.1",
				   h1_0[] = "\10http/1.0";

	(void)ssl;
	(void)arg;
	return offers(h2, out, out_size, in, in_size) ||
			       offers(h1, out, out_size, in, in_size) ||
			       offers(h1_0, out, out_size, in, in_size)
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/*
 * wolfSSL's form of ticket keys: name, two keys, and the time until which each
 * is used, in seconds. A time far off keeps wolfSSL from making keys of its
 * own, which no other terminator would know.
 */
static void set_keys(WOLFSSL_CTX *context,
		     const uint8_t keys[TLS_TICKET_KEYS_SIZE])
{
	static const uint8_t far_off[] = {0x7f, 0xff, 0xff, 0xff};
	uint8_t form[TLS_TICKET_KEYS_SIZE + 2 * sizeof(far_off)];
	uint8_t *times = form + TLS_TICKET_KEYS_SIZE;
	int rv;

	_Static_assert(sizeof(form) == WOLFSSL_TICKET_KEYS_SZ,
		       "another wolfSSL has another form");
	memcpy(form, keys, TLS_TICKET_KEYS_SIZE);
	form[WOLFSSL_TICKET_NAME_SZ - 1] &= 0xfe; /* holds the key's index */
	memcpy(times, far_off, sizeof(far_off));
	memcpy(times + sizeof(far_off), far_off, sizeof(far_off));
	rv = wolfSSL_CTX_set_tlsext_ticket_keys(context, form, sizeof(form));
	assert(rv == WOLFSSL_SUCCESS);
	(void)rv;
	explicit_bzero(form, sizeof(form));
}

void tls_set_ticket_keys(struct tls *tls,
			 const uint8_t keys[TLS_TICKET_KEYS_SIZE])
{
	/* A ticket of one transport is not one of the other. */
	static const char label[] = "quicsteer tickets of TCP";
	uint8_t derived[TLS_TICKET_KEYS_SIZE];
	int rv = wc_HKDF(WC_SHA256, keys, TLS_TICKET_KEYS_SIZE, NULL, 0,
			 (const uint8_t *)label, sizeof(label) - 1, derived,
			 sizeof(derived));

	assert(!rv);
	(void)rv;
	set_keys(tls->context, keys);
	set_keys(tls->stream, derived);
	explicit_bzero(derived, sizeof(derived));
}

/* Certificate and key. Returns what is wrong, or NULL. */
static const char *load(WOLFSSL_CTX *context, const char *certificate_file,
			const char *key_file)
{
	static char message[512];

	if (wolfSSL_CTX_use_certificate_chain_file(context, certificate_file) !=
	    WOLFSSL_SUCCESS) {
		snprintf(message, sizeof(message),
			 "%s: no PEM certificate chain can be read from it",
			 certificate_file);
		return message;
	}
	if (wolfSSL_CTX_use_PrivateKey_file(context, key_file,
					    WOLFSSL_FILETYPE_PEM) !=
	    WOLFSSL_SUCCESS) {
		snprintf(message, sizeof(message),
			 "%s: no PEM private key can be read from it",
			 key_file);
		return message;
	}
	if (wolfSSL_CTX_check_private_key(context) != WOLFSSL_SUCCESS) {
		snprintf(message, sizeof(message),
			 "%s: is not the key of the certificate in %s",
			 key_file, certificate_file);
		return message;
	}
	return NULL;
}

static const char *configure(struct tls *tls, const char *certificate_file,
			     const char *key_file)
{
	const char *error;

	if (ngtcp2_crypto_wolfssl_configure_server_context(tls->context))
		return "wolfSSL was built without QUIC";
	error = load(tls->context, certificate_file, key_file);
	if (!error)
		error = load(tls->stream, certificate_file, key_file);
	if (error)
		return error;
	wolfSSL_CTX_set_alpn_select_cb(tls->context, select_h3, NULL);
	wolfSSL_CTX_set_alpn_select_cb(tls->stream, select_stream, NULL);
	/* RFC 8996 */
	if (wolfSSL_CTX_SetMinVersion(tls->stream, WOLFSSL_TLSV1_2) !=
	    WOLFSSL_SUCCESS)
		return "wolfSSL was built without TLS 1.2";
	/* Tickets hold all that is to be remembered. */
	wolfSSL_CTX_set_session_cache_mode(tls->stream, WOLFSSL_SESS_CACHE_OFF);
	wolfSSL_CTX_set_mode(tls->stream,
			     WOLFSSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return NULL;
}

struct tls *tls_new(const char *certificate_file, const char *key_file,
		    const char **error)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	*error = "out of memory";
	if (!tls)
		return NULL;
	wolfSSL_Init();
	tls->context = wolfSSL_CTX_new(wolfTLSv1_3_server_method());
	tls->stream = wolfSSL_CTX_new(wolfSSLv23_server_method());
	/* One random generator for all sessions. */
	if (tls->context && tls->stream &&
	    wolfSSL_CTX_new_rng(tls->context) == WOLFSSL_SUCCESS &&
	    wolfSSL_CTX_new_rng(tls->stream) == WOLFSSL_SUCCESS)
		*error = configure(tls, certificate_file, key_file);
	if (*error) {
		tls_free(tls);
		return NULL;
	}
	return tls;
}

void tls_free(struct tls *tls)
{
	wolfSSL_CTX_free(tls->context);
	wolfSSL_CTX_free(tls->stream);
	wolfSSL_Cleanup();
	free(tls);
}

struct WOLFSSL *tls_stream_session_new(struct tls *tls)
{
	return wolfSSL_new(tls->stream);
}

struct tls_session *tls_session_new(struct tls *tls,
				    ngtcp2_crypto_conn_ref *reference)
{
	WOLFSSL *ssl = wolfSSL_new(tls->context);

	if (!ssl)
		return NULL;
	wolfSSL_set_app_data(ssl, reference);
	wolfSSL_set_accept_state(ssl);
	return (struct tls_session *)ssl;
}

bool tls_session_is_resumed(struct tls_session *session)
{
	return wolfSSL_session_reused((WOLFSSL *)session);
}

void tls_session_free(struct tls_session *session)
{
	wolfSSL_free((WOLFSSL *)session);
}
