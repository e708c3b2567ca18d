/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include "terminator/tls.h"

#include <ngtcp2/ngtcp2_crypto_wolfssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What wolfSSL's callback for tickets gets. */
struct sealer {
	struct ticket_keys keys;
	struct tls *tls;
};

struct tls {
	unsigned references;  /* tls_new's and one of each session */
	WOLFSSL_CTX *context; /* of QUIC */
	WOLFSSL_CTX *stream;  /* of TCP */
	struct sealer quic_sealer, stream_sealer;
	bool early_data;
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

/* wolfSSL's call for each ticket; `ticket` is encrypted in place. */
static int seal_or_open(WOLFSSL *ssl,
			unsigned char name[WOLFSSL_TICKET_NAME_SZ],
			unsigned char nonce[WOLFSSL_TICKET_IV_SZ],
			unsigned char tag[WOLFSSL_TICKET_MAC_SZ], int seal,
			unsigned char *ticket, int size, int *out_size,
			void *user)
{
	struct ticket_keys *keys = &((struct sealer *)user)->keys;
	uint64_t now_s = (uint64_t)time(NULL);

	(void)ssl;
	*out_size = size;
	if (seal)
		return ticket_keys_seal(keys, now_s, name, nonce, tag, ticket,
					(size_t)size)
			       ? WOLFSSL_TICKET_RET_REJECT
			       : WOLFSSL_TICKET_RET_OK;
	return ticket_keys_open(keys, now_s, name, nonce, tag, ticket,
				(size_t)size)
		       ? WOLFSSL_TICKET_RET_REJECT
		       : WOLFSSL_TICKET_RET_OK;
}

_Static_assert(WOLFSSL_TICKET_NAME_SZ == TICKET_NAME_SIZE &&
		       WOLFSSL_TICKET_IV_SZ >= TICKET_NONCE_SIZE &&
		       WOLFSSL_TICKET_MAC_SZ >= TICKET_TAG_SIZE,
	       "another wolfSSL has another form of tickets");

static void set_lifetime(WOLFSSL_CTX *context, uint32_t seconds)
{
	wolfSSL_CTX_set_timeout(context, seconds);
	wolfSSL_CTX_set_TicketHint(context, (int)seconds);
}

void tls_set_tickets(struct tls *tls, const uint8_t secret[TICKET_SECRET_SIZE],
		     const struct tls_tickets *tickets)
{
	/* A ticket of one transport is not one of the other. */
	static const char stream[] = "TCP";
	uint32_t lifetime_s = tickets->rotation_ms / 1000;

	ticket_keys_init(&tls->quic_sealer.keys, secret, tickets->promises,
			 sizeof(tickets->promises), lifetime_s);
	ticket_keys_init(&tls->stream_sealer.keys, secret, stream,
			 sizeof(stream), lifetime_s);
	set_lifetime(tls->context, lifetime_s);
	set_lifetime(tls->stream, lifetime_s);
	tls->early_data = tickets->early_data;
	wolfSSL_CTX_set_max_early_data(tls->context,
				       tickets->early_data ? UINT32_MAX : 0);
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
	wolfSSL_CTX_set_session_cache_mode(tls->context,
					   WOLFSSL_SESS_CACHE_OFF);
	wolfSSL_CTX_set_session_cache_mode(tls->stream, WOLFSSL_SESS_CACHE_OFF);
	wolfSSL_CTX_set_TicketEncCb(tls->context, seal_or_open);
	wolfSSL_CTX_set_TicketEncCtx(tls->context, &tls->quic_sealer);
	wolfSSL_CTX_set_TicketEncCb(tls->stream, seal_or_open);
	wolfSSL_CTX_set_TicketEncCtx(tls->stream, &tls->stream_sealer);
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
	tls->references = 1;
	tls->quic_sealer.tls = tls->stream_sealer.tls = tls;
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

static void release(struct tls *tls)
{
	if (--tls->references)
		return;
	ticket_keys_wipe(&tls->quic_sealer.keys);
	ticket_keys_wipe(&tls->stream_sealer.keys);
	wolfSSL_CTX_free(tls->context);
	wolfSSL_CTX_free(tls->stream);
	wolfSSL_Cleanup();
	free(tls);
}

void tls_free(struct tls *tls)
{
	release(tls);
}

static WOLFSSL *session_new(struct tls *tls, WOLFSSL_CTX *context)
{
	WOLFSSL *ssl = wolfSSL_new(context);

	if (ssl)
		tls->references++;
	return ssl;
}

static void session_free(WOLFSSL *ssl)
{
	struct sealer *sealer =
		wolfSSL_CTX_get_TicketEncCtx(wolfSSL_get_SSL_CTX(ssl));

	wolfSSL_free(ssl);
	release(sealer->tls);
}

struct WOLFSSL *tls_stream_session_new(struct tls *tls)
{
	return session_new(tls, tls->stream);
}

void tls_stream_session_free(struct WOLFSSL *session)
{
	session_free(session);
}

struct tls_session *tls_session_new(struct tls *tls,
				    ngtcp2_crypto_conn_ref *reference)
{
	WOLFSSL *ssl = session_new(tls, tls->context);

	if (!ssl)
		return NULL;
	wolfSSL_set_app_data(ssl, reference);
	wolfSSL_set_accept_state(ssl);
	if (tls->early_data)
		wolfSSL_set_quic_early_data_enabled(ssl, 1);
	return (struct tls_session *)ssl;
}

bool tls_session_is_resumed(struct tls_session *session)
{
	return wolfSSL_session_reused((WOLFSSL *)session);
}

void tls_session_client_random(struct tls_session *session,
			       uint8_t random[TLS_RANDOM_SIZE])
{
	memset(random, 0, TLS_RANDOM_SIZE);
	wolfSSL_get_client_random((WOLFSSL *)session, random, TLS_RANDOM_SIZE);
}

ngtcp2_crypto_conn_ref *tls_session_reference(struct tls_session *session)
{
	return wolfSSL_get_app_data((WOLFSSL *)session);
}

void tls_session_free(struct tls_session *session)
{
	session_free((WOLFSSL *)session);
}
