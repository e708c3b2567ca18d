// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links against every library of the prefix and asks for what a wrong wolfSSL
 * build lacks without a word: ALPN on the server's side, AES-ECB for QUIC
 * header protection, assembly.
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/quic.h>
#include <wolfssl/openssl/evp.h>

#include <llhttp.h>
#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_wolfssl.h>

#include <stdio.h>

#ifndef OPENSSL_ALL
#error "wolfSSL without OPENSSL_ALL: the server would never send ALPN"
#endif
#ifndef WOLFSSL_AESNI
#error "wolfSSL without AES-NI"
#endif
#ifndef WOLFSSL_SP_X86_64_ASM
#error "wolfSSL without single-precision assembly"
#endif
#ifndef WOLFSSL_EARLY_DATA
#error "wolfSSL without early data"
#endif
#ifndef HAVE_SESSION_TICKET
#error "wolfSSL without session tickets"
#endif

static int choose_h3(WOLFSSL *ssl, const unsigned char **out,
		     unsigned char *outlen, const unsigned char *in,
		     unsigned int inlen, void *arg)
{
	(void)ssl;
	(void)arg;
	*out = in;
	*outlen = inlen ? in[0] : 0;
	return SSL_TLSEXT_ERR_OK;
}

static int check_tls(void)
{
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfTLSv1_3_server_method());

	if (!ctx)
		return -1;
	wolfSSL_CTX_set_alpn_select_cb(ctx, choose_h3, NULL);
	if (ngtcp2_crypto_wolfssl_configure_server_context(ctx))
		return -1;
	wolfSSL_CTX_free(ctx);
	return wolfSSL_EVP_aes_128_ecb() && wolfSSL_EVP_aes_256_ecb() ? 0 : -1;
}

int main(void)
{
	llhttp_settings_t settings;
	llhttp_t parser;

	llhttp_settings_init(&settings);
	llhttp_init(&parser, HTTP_RESPONSE, &settings);
	if (check_tls()) {
		fprintf(stderr, "wolfSSL: QUIC server context unusable\n");
		return 1;
	}
	printf("ngtcp2 %s, nghttp3 %s, wolfSSL %s\n",
	       ngtcp2_version(0)->version_str, nghttp3_version(0)->version_str,
	       wolfSSL_lib_version());
	return 0;
}
