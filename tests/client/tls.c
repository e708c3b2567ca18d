/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/tls.h"

#include <ngtcp2/ngtcp2_crypto_wolfssl.h>
#include <string.h>

enum { UNKNOWN_PROTOCOLS = 6, UNKNOWN_SIZE = 200 };

/* Returns 1: the reference to `session` is ours from now on. */
static int keep_ticket(WOLFSSL *tls, WOLFSSL_SESSION *session)
{
	struct tls_reference *reference = wolfSSL_get_app_data(tls);

	if (reference->session)
		wolfSSL_SESSION_free(reference->session);
	reference->session = session;
	return 1;
}

WOLFSSL_CTX *tls_context_new(const char *ca_file)
{
	WOLFSSL_CTX *context = wolfSSL_CTX_new(wolfTLSv1_3_client_method());

	if (!context)
		return NULL;
	if (ngtcp2_crypto_wolfssl_configure_client_context(context) != 0)
		goto fail;
	wolfSSL_CTX_set_verify(
		context, ca_file ? WOLFSSL_VERIFY_PEER : WOLFSSL_VERIFY_NONE,
		NULL);
	if (ca_file && wolfSSL_CTX_load_verify_locations(
			       context, ca_file, NULL) != WOLFSSL_SUCCESS)
		goto fail;
	wolfSSL_CTX_set_session_cache_mode(context, WOLFSSL_SESS_CACHE_CLIENT);
	wolfSSL_CTX_sess_set_new_cb(context, keep_ticket);
	return context;
fail:
	wolfSSL_CTX_free(context);
	return NULL;
}

/* Writes the list of RFC 7301, and returns its size. */
static size_t write_protocols(unsigned char *protocols, const char *alpn,
			      bool big_hello)
{
	size_t size = strlen(alpn);

	*protocols++ = (unsigned char)size;
	memcpy(protocols, alpn, size);
	protocols += size++;
	for (int i = 0; i < UNKNOWN_PROTOCOLS && big_hello; i++) {
		*protocols++ = UNKNOWN_SIZE;
		memset(protocols, 'a' + i, UNKNOWN_SIZE);
		protocols += UNKNOWN_SIZE;
		size += 1 + UNKNOWN_SIZE;
	}
	return size;
}

WOLFSSL *tls_session_new(WOLFSSL_CTX *context, const char *server_name,
			 const char *alpn, bool big_hello,
			 struct tls_reference *reference,
			 WOLFSSL_SESSION *ticket)
{
	unsigned char protocols[2048];
	size_t size;
	WOLFSSL *tls = wolfSSL_new(context);

	if (!tls)
		return NULL;
	wolfSSL_set_app_data(tls, reference);
	wolfSSL_set_connect_state(tls);
	size = write_protocols(protocols, alpn, big_hello);
	wolfSSL_set_alpn_protos(tls, protocols, (unsigned int)size);
	if (wolfSSL_UseSNI(tls, WOLFSSL_SNI_HOST_NAME, server_name,
			   (unsigned short)strlen(server_name)) !=
	    WOLFSSL_SUCCESS)
		goto fail;
	if (wolfSSL_check_domain_name(tls, server_name) != WOLFSSL_SUCCESS)
		goto fail;
	if (ticket && wolfSSL_set_session(tls, ticket) != WOLFSSL_SUCCESS)
		goto fail;
	return tls;
fail:
	wolfSSL_free(tls);
	return NULL;
}

bool tls_alpn_is_h3(WOLFSSL *tls)
{
	const unsigned char *name = NULL;
	unsigned int size = 0;

	wolfSSL_get0_alpn_selected(tls, &name, &size);
	return size == 2 && memcmp(name, "h3", 2) == 0;
}
