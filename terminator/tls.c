/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include "terminator/tls.h"

#include <ngtcp2/ngtcp2_crypto_wolfssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "terminator/certificates.h"
#include "terminator/host_names.h"
#include "terminator/key_log.h"

/* Of a session's user data; 0 is ngtcp2's. */
enum { SCOPE_INDEX = 1 };

struct tls {
	unsigned references; /* sessions, and who made it */
	struct certificate *certificates;
	size_t count;
	/* Of all certificates: a ticket is for the host, not for its key. */
	struct ticket_keys keys, stream_keys;
	bool early_data;
	struct key_log key_log;
};

struct tls_scope {
	unsigned references; /* the session, and who asked for one */
	struct tls *tls;
	bool is_stream;
	const struct certificate *certificate; /* NULL: not chosen */
	char *name;			       /* NULL: none came */
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
	struct ticket_keys *keys = user;
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

void tls_set_tickets(
	struct tls *tls,
	const uint8_t secrets[QS_TICKET_SECRETS][TICKET_SECRET_SIZE],
	const struct tls_tickets *tickets)
{
	/* A ticket of one transport is not one of the other. */
	static const char stream[] = "TCP";
	uint32_t lifetime_s = tickets->rotation_ms / 1000;

	ticket_keys_init(&tls->keys, secrets, tickets->promises,
			 sizeof(tickets->promises), lifetime_s);
	ticket_keys_init(&tls->stream_keys, secrets, stream, sizeof(stream),
			 lifetime_s);
	tls->early_data = tickets->early_data;
	for (size_t i = 0; i < tls->count; i++) {
		const struct certificate *certificate = &tls->certificates[i];

		set_lifetime(certificate->quic, lifetime_s);
		set_lifetime(certificate->stream, lifetime_s);
		wolfSSL_CTX_set_max_early_data(
			certificate->quic, tls->early_data ? UINT32_MAX : 0);
	}
}

void tls_set_key_log(struct tls *tls, const char *file, __u64 *failures)
{
	free(tls->key_log.file);
	tls->key_log.file = file ? strdup(file) : NULL;
	tls->key_log.failures = failures;
	/* It is asked for, and there is none. */
	if (file && !tls->key_log.file)
		(*failures)++;
}

/* The name that the client asks for; it is not told whether we know it. */
static int on_name(WOLFSSL *ssl, int *alert, void *arg)
{
	struct tls_scope *scope = wolfSSL_get_ex_data(ssl, SCOPE_INDEX);
	const char *name = wolfSSL_get_servername(ssl, WOLFSSL_SNI_HOST_NAME);
	char host[HOST_NAME_SIZE];

	(void)alert;
	(void)arg;
	if (name && !scope->name && host_name_of(host, name, strlen(name)))
		scope->name = strdup(host);
	return 0;
}

/* Of TLS 1.2, where suites say how the server is known. */
static bool offers_ecdsa(const uint8_t *suites, size_t size)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		if (wolfSSL_get_ciphersuite_info(suites[i], suites[i + 1])
			    .eccAuth)
			return true;
	return false;
}

/* The ClientHello is read; nothing depends on a certificate yet. */
static int on_certificate(WOLFSSL *ssl, void *arg)
{
	struct tls_scope *scope = wolfSSL_get_ex_data(ssl, SCOPE_INDEX);
	struct certificate_client client = {0};
	const byte *schemes, *suites;
	word16 size, suites_size;

	(void)arg;
	if (wolfSSL_get_client_suites_sigalgs(ssl, &suites, &suites_size,
					      &schemes,
					      &size) == WOLFSSL_SUCCESS) {
		client.any_curve = wolfSSL_version(ssl) != TLS1_3_VERSION;
		client.no_ecdsa =
			client.any_curve && !offers_ecdsa(suites, suites_size);
		client.schemes = schemes;
		client.size = size;
	}
	scope->certificate =
		certificates_choose(scope->tls->certificates, scope->tls->count,
				    scope->name, &client);
	return wolfSSL_set_SSL_CTX(ssl, scope->is_stream
						? scope->certificate->stream
						: scope->certificate->quic)
		       ? 1
		       : 0;
}

static const char *configure(struct tls *tls, struct certificate *certificate,
			     const struct tls_pair *pair)
{
	WOLFSSL_CTX *quic = certificate->quic, *stream = certificate->stream;
	const char *error;

	if (ngtcp2_crypto_wolfssl_configure_server_context(quic))
		return "wolfSSL was built without QUIC";
	error = certificate_load(certificate, pair);
	if (error)
		return error;
	wolfSSL_CTX_set_alpn_select_cb(quic, select_h3, NULL);
	wolfSSL_CTX_set_alpn_select_cb(stream, select_stream, NULL);
	wolfSSL_CTX_set_servername_callback(quic, on_name);
	wolfSSL_CTX_set_servername_callback(stream, on_name);
	wolfSSL_CTX_set_cert_cb(quic, on_certificate, NULL);
	wolfSSL_CTX_set_cert_cb(stream, on_certificate, NULL);
	/* RFC 8996 */
	if (wolfSSL_CTX_SetMinVersion(stream, WOLFSSL_TLSV1_2) !=
	    WOLFSSL_SUCCESS)
		return "wolfSSL was built without TLS 1.2";
	/* Tickets hold all that is to be remembered. */
	wolfSSL_CTX_set_session_cache_mode(quic, WOLFSSL_SESS_CACHE_OFF);
	wolfSSL_CTX_set_session_cache_mode(stream, WOLFSSL_SESS_CACHE_OFF);
	wolfSSL_CTX_set_TicketEncCb(quic, seal_or_open);
	wolfSSL_CTX_set_TicketEncCtx(quic, &tls->keys);
	wolfSSL_CTX_set_TicketEncCb(stream, seal_or_open);
	wolfSSL_CTX_set_TicketEncCtx(stream, &tls->stream_keys);
	wolfSSL_CTX_set_mode(stream, WOLFSSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return NULL;
}

static const char *add_certificate(struct tls *tls, const struct tls_pair *pair)
{
	struct certificate *certificate = &tls->certificates[tls->count++];

	certificate->quic = wolfSSL_CTX_new(wolfTLSv1_3_server_method());
	certificate->stream = wolfSSL_CTX_new(wolfSSLv23_server_method());
	/* One random generator for all sessions. */
	if (!certificate->quic || !certificate->stream ||
	    wolfSSL_CTX_new_rng(certificate->quic) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_new_rng(certificate->stream) != WOLFSSL_SUCCESS)
		return "out of memory";
	return configure(tls, certificate, pair);
}

struct tls *tls_new(const struct tls_pair *pairs, size_t count,
		    const char **error)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	*error = "out of memory";
	if (!tls)
		return NULL;
	wolfSSL_Init();
	tls->references = 1;
	tls->certificates = calloc(count, sizeof(*tls->certificates));
	if (tls->certificates)
		*error = NULL;
	for (size_t i = 0; i < count && !*error; i++)
		*error = add_certificate(tls, &pairs[i]);
	if (*error) {
		tls_free(tls);
		return NULL;
	}
	return tls;
}

/* Sessions that changed to another context than their first still draw from
 * the random generator of that one. */
void tls_free(struct tls *tls)
{
	if (--tls->references)
		return;
	for (size_t i = 0; i < tls->count; i++)
		certificate_free(&tls->certificates[i]);
	free(tls->certificates);
	ticket_keys_wipe(&tls->keys);
	ticket_keys_wipe(&tls->stream_keys);
	free(tls->key_log.file);
	wolfSSL_Cleanup();
	free(tls);
}

static WOLFSSL *new_session(struct tls *tls, bool is_stream)
{
	const struct certificate *first = tls->certificates;
	struct tls_scope *scope = calloc(1, sizeof(*scope));
	WOLFSSL *ssl;

	if (!scope)
		return NULL;
	ssl = wolfSSL_new(is_stream ? first->stream : first->quic);
	if (!ssl) {
		free(scope);
		return NULL;
	}
	scope->references = 1;
	scope->tls = tls;
	scope->is_stream = is_stream;
	tls->references++;
	wolfSSL_set_ex_data(ssl, SCOPE_INDEX, scope);
	if (tls->key_log.file)
		key_log_watch(ssl, &tls->key_log);
	return ssl;
}

struct WOLFSSL *tls_stream_session_new(struct tls *tls)
{
	return new_session(tls, true);
}

void tls_stream_session_done(struct WOLFSSL *ssl)
{
	struct tls_scope *scope = wolfSSL_get_ex_data(ssl, SCOPE_INDEX);

	key_log_done(ssl, &scope->tls->key_log);
}

struct tls_session *tls_session_new(struct tls *tls,
				    ngtcp2_crypto_conn_ref *reference)
{
	WOLFSSL *ssl = new_session(tls, false);

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

bool tls_session_has_protocol(const struct tls_session *session)
{
	const unsigned char *name = NULL;
	unsigned int size = 0;

	wolfSSL_get0_alpn_selected((const WOLFSSL *)session, &name, &size);
	return size > 0;
}

bool tls_session_has_parameters(const struct tls_session *session)
{
	const uint8_t *parameters = NULL;
	size_t size = 0;

	wolfSSL_get_peer_quic_transport_params((const WOLFSSL *)session,
					       &parameters, &size);
	return size > 0;
}

struct tls_scope *tls_session_scope(struct tls_session *session)
{
	return wolfSSL_get_ex_data((WOLFSSL *)session, SCOPE_INDEX);
}

struct tls_scope *tls_scope_ref(struct tls_scope *scope)
{
	scope->references++;
	return scope;
}

static bool is_asked_for(const struct tls_scope *scope, const char *host)
{
	return scope->name ? !strcasecmp(host, scope->name)
			   : host_name_is_address(host);
}

bool tls_scope_covers(const struct tls_scope *scope, const char *authority,
		      size_t size)
{
	static const struct certificate_client nothing;
	const struct certificate *certificate = scope->certificate;
	char host[HOST_NAME_SIZE];

	if (!host_name_of(host, authority, size))
		return false;
	if (is_asked_for(scope, host))
		return true;
	/* Some resumed sessions need no certificate. */
	if (!certificate)
		certificate = certificates_choose(scope->tls->certificates,
						  scope->tls->count,
						  scope->name, &nothing);
	return certificate_covers(certificate, host);
}

void tls_scope_free(struct tls_scope *scope)
{
	if (!scope || --scope->references)
		return;
	tls_free(scope->tls);
	free(scope->name);
	free(scope);
}

void tls_session_free(struct tls_session *session)
{
	struct tls_scope *scope = tls_session_scope(session);

	wolfSSL_free((WOLFSSL *)session);
	tls_scope_free(scope);
}
