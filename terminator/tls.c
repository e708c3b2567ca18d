/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "terminator/tls.h"

#include <assert.h>
#include <ngtcp2/ngtcp2_crypto_wolfssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
	WOLFSSL_CTX *context;
};

static const unsigned char h3_protocol[] = {2, 'h', '3'};

/* RFC 9001, 8.1: without a common protocol the handshake must fail. */
static int select_h3(WOLFSSL *ssl, const unsigned char **out,
		     unsigned char *out_size, const unsigned char *in,
		     unsigned int in_size, void *arg)
{
	unsigned int at;

	(void)ssl;
	(void)arg;
	for (at = 0; at < in_size; at += in[at] + 1U) {
		if (in_size - at < sizeof(h3_protocol) ||
		    memcmp(in + at, h3_protocol, sizeof(h3_protocol)))
			continue;
		*out = in + at + 1;
		*out_size = sizeof(h3_protocol) - 1;
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/*
 * wolfSSL's form of ticket keys: name, two keys, and the time until which each
 * is used, in seconds. A time far off keeps wolfSSL from making keys of its
 * own, which no other terminator would know.
 */
void tls_set_ticket_keys(struct tls *tls,
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
	rv = wolfSSL_CTX_set_tlsext_ticket_keys(tls->context, form,
						sizeof(form));
	assert(rv == WOLFSSL_SUCCESS);
	(void)rv;
	explicit_bzero(form, sizeof(form));
}

static const char *configure(WOLFSSL_CTX *context, const char *certificate_file,
			     const char *key_file)
{
	static char message[512];

	if (ngtcp2_crypto_wolfssl_configure_server_context(context))
		return "wolfSSL was built without QUIC";
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
	wolfSSL_CTX_set_alpn_select_cb(context, select_h3, NULL);
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
	/* One random generator for all sessions. */
	if (tls->context &&
	    wolfSSL_CTX_new_rng(tls->context) == WOLFSSL_SUCCESS)
		*error = configure(tls->context, certificate_file, key_file);
	if (*error) {
		tls_free(tls);
		return NULL;
	}
	return tls;
}

void tls_free(struct tls *tls)
{
	wolfSSL_CTX_free(tls->context);
	wolfSSL_Cleanup();
	free(tls);
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
