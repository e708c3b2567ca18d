/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/openssl/x509v3.h>
#include <wolfssl/ssl.h>

#include "terminator/certificates.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminator/host_names.h"

static char message[8400];

static int use_chain(WOLFSSL_CTX *context, const struct tls_pair *pair)
{
	return pair->pem ? wolfSSL_CTX_use_certificate_chain_buffer(
				   context, (const unsigned char *)pair->pem,
				   (long)pair->pem_size)
			 : wolfSSL_CTX_use_certificate_chain_file(
				   context, pair->certificate);
}

static int use_key(WOLFSSL_CTX *context, const struct tls_pair *pair)
{
	return pair->pem
		       ? wolfSSL_CTX_use_PrivateKey_buffer(
				 context, (const unsigned char *)pair->pem,
				 (long)pair->pem_size, WOLFSSL_FILETYPE_PEM)
		       : wolfSSL_CTX_use_PrivateKey_file(context,
							 pair->private_key,
							 WOLFSSL_FILETYPE_PEM);
}

static const char *load_context(WOLFSSL_CTX *context,
				const struct tls_pair *pair)
{
	if (use_chain(context, pair) != WOLFSSL_SUCCESS) {
		snprintf(message, sizeof(message),
			 "%s: no PEM certificate chain can be read from it",
			 pair->certificate);
		return message;
	}
	if (use_key(context, pair) != WOLFSSL_SUCCESS) {
		snprintf(message, sizeof(message),
			 "%s: no PEM private key can be read from it",
			 pair->private_key);
		return message;
	}
	if (wolfSSL_CTX_check_private_key(context) != WOLFSSL_SUCCESS) {
		snprintf(message, sizeof(message),
			 "%s: is not the key of the certificate in %s",
			 pair->private_key, pair->certificate);
		return message;
	}
	return NULL;
}

static bool add_name(struct certificate *certificate, const char *name,
		     size_t size)
{
	char **names = realloc(certificate->names,
			       (certificate->name_count + 1) * sizeof(*names));

	if (!names)
		return false;
	certificate->names = names;
	names[certificate->name_count] = strndup(name, size);
	if (!names[certificate->name_count])
		return false;
	certificate->name_count++;
	return true;
}

static bool add_general_name(struct certificate *certificate,
			     const WOLFSSL_GENERAL_NAME *general)
{
	const WOLFSSL_ASN1_STRING *value = general->d.ia5;
	char text[INET6_ADDRSTRLEN];

	if (general->type == GEN_DNS)
		return add_name(certificate, value->data, value->length);
	if (general->type != GEN_IPADD ||
	    (value->length != 4 && value->length != 16))
		return true;
	inet_ntop(value->length == 4 ? AF_INET : AF_INET6, value->data, text,
		  sizeof(text));
	return add_name(certificate, text, sizeof(text));
}

/* Those of the extension; the subject's common name only without it. */
static bool add_own_names(struct certificate *certificate, WOLFSSL_X509 *x509)
{
	WOLF_STACK_OF(WOLFSSL_GENERAL_NAME) *names = wolfSSL_X509_get_ext_d2i(
		x509, NID_subject_alt_name, NULL, NULL);
	const char *common;
	bool good = true;

	if (!names) {
		common = wolfSSL_X509_get_subjectCN(x509);
		return !common || add_name(certificate, common, HOST_NAME_SIZE);
	}
	for (int i = 0; i < wolfSSL_sk_GENERAL_NAME_num(names) && good; i++)
		good = add_general_name(
			certificate, wolfSSL_sk_GENERAL_NAME_value(names, i));
	wolfSSL_sk_GENERAL_NAME_pop_free(names, wolfSSL_GENERAL_NAME_free);
	return good;
}

static bool find_key(struct certificate *certificate, WOLFSSL_X509 *x509)
{
	WOLFSSL_EVP_PKEY *key = wolfSSL_X509_get_pubkey(x509);

	if (!key)
		return false;
	if (wolfSSL_EVP_PKEY_base_id(key) == EVP_PKEY_EC)
		certificate->ecdsa_bits = (unsigned)wolfSSL_EVP_PKEY_bits(key);
	wolfSSL_EVP_PKEY_free(key);
	return true;
}

const char *certificate_load(struct certificate *certificate,
			     const struct tls_pair *pair)
{
	const char *error = load_context(certificate->quic, pair);
	WOLFSSL_X509 *x509;
	bool good = true;

	if (!error)
		error = load_context(certificate->stream, pair);
	if (error)
		return error;
	x509 = wolfSSL_CTX_get0_certificate(certificate->quic);
	if (!x509 || !find_key(certificate, x509)) {
		snprintf(message, sizeof(message),
			 "%s: its public key cannot be read",
			 pair->certificate);
		return message;
	}
	for (size_t i = 0; i < pair->name_count && good; i++)
		good = add_name(certificate, pair->names[i], HOST_NAME_SIZE);
	if (good && !pair->name_count)
		good = add_own_names(certificate, x509);
	return good ? NULL : "out of memory";
}

void certificate_free(struct certificate *certificate)
{
	wolfSSL_CTX_free(certificate->quic);
	wolfSSL_CTX_free(certificate->stream);
	for (size_t i = 0; i < certificate->name_count; i++)
		free(certificate->names[i]);
	free(certificate->names);
}

static enum host_match match(const struct certificate *certificate,
			     const char *host)
{
	enum host_match best = HOST_DIFFERS;

	for (size_t i = 0; i < certificate->name_count; i++) {
		enum host_match found =
			host_name_match(certificate->names[i], host);

		if (found > best)
			best = found;
	}
	return best;
}

bool certificate_covers(const struct certificate *certificate, const char *host)
{
	return match(certificate, host) != HOST_DIFFERS;
}

/* RFC 8446, 4.2.3: ECDSA with SHA-256, 384 and 512, each with its curve. */
static bool takes_ecdsa(const struct certificate_client *client,
			unsigned scheme, unsigned bits)
{
	unsigned wanted = bits == 256 ? 0x0403 : bits == 384 ? 0x0503 : 0x0603;

	if (client->no_ecdsa)
		return false;
	return scheme == wanted ||
	       (client->any_curve && (scheme & 0xff) == 0x03 &&
		scheme >= 0x0403);
}

/* PSS; PKCS #1 only in TLS 1.2. */
static bool takes_rsa(const struct certificate_client *client, unsigned scheme)
{
	return (scheme >= 0x0804 && scheme <= 0x0806) ||
	       (client->any_curve && (scheme & 0xff) == 0x01 &&
		scheme >= 0x0401 && scheme <= 0x0601);
}

static bool can_check(const struct certificate_client *client,
		      const struct certificate *certificate)
{
	for (size_t i = 0; i + 1 < client->size; i += 2) {
		unsigned scheme = (unsigned)client->schemes[i] << 8 |
				  client->schemes[i + 1];

		if (certificate->ecdsa_bits
			    ? takes_ecdsa(client, scheme,
					  certificate->ecdsa_bits)
			    : takes_rsa(client, scheme))
			return true;
	}
	return false;
}

/* Of the names first, then of the keys. */
static unsigned rank(const struct certificate *certificate, const char *host,
		     const struct certificate_client *client)
{
	unsigned found = match(certificate, host);

	if (!found)
		return 0;
	if (!can_check(client, certificate))
		return 1;
	return found * 4 + (certificate->ecdsa_bits ? 1 : 0);
}

static const struct certificate *find(const struct certificate *certificates,
				      size_t count, const char *host,
				      const struct certificate_client *client)
{
	const struct certificate *best = NULL;
	unsigned best_rank = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned found = rank(&certificates[i], host, client);

		if (found <= best_rank)
			continue;
		best = &certificates[i];
		best_rank = found;
	}
	return best;
}

const struct certificate *
certificates_choose(const struct certificate *certificates, size_t count,
		    const char *host, const struct certificate_client *client)
{
	const struct certificate *best = NULL;

	if (host)
		best = find(certificates, count, host, client);
	if (!best && certificates->name_count)
		best = find(certificates, count, certificates->names[0],
			    client);
	return best ? best : certificates;
}
