/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/self_signed.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

enum { SERIAL_SIZE = 16, CLOCK_DIFFERENCE_S = 3600, DAY_S = 86400 };

/* Errors of GnuTLS are negative. */
static int add_name(gnutls_x509_crt_t certificate, const char *name)
{
	unsigned char address[16];
	unsigned int size = 0;

	if (inet_pton(AF_INET, name, address) == 1)
		size = 4;
	else if (inet_pton(AF_INET6, name, address) == 1)
		size = 16;
	if (size)
		return gnutls_x509_crt_set_subject_alt_name(
			certificate, GNUTLS_SAN_IPADDRESS, address, size,
			GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(
		certificate, GNUTLS_SAN_DNSNAME, name, strlen(name),
		GNUTLS_FSAN_APPEND);
}

static int set_serial(gnutls_x509_crt_t certificate)
{
	unsigned char serial[SERIAL_SIZE];
	int error = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] &= 0x7f; /* positive, and in no more octets */
	serial[0] |= 0x40;
	return error < 0 ? error
			 : gnutls_x509_crt_set_serial(certificate, serial,
						      sizeof(serial));
}

/* What is the same for all names. */
static int fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
		time_t now)
{
	static const char common[] = "quicsteer self-signed";
	unsigned char id[20];
	size_t id_size = sizeof(id);
	int error = gnutls_x509_crt_set_version(certificate, 3);

	if (!error)
		error = set_serial(certificate);
	if (!error)
		error = gnutls_x509_crt_set_activation_time(
			certificate, now - CLOCK_DIFFERENCE_S);
	if (!error)
		error = gnutls_x509_crt_set_expiration_time(
			certificate, now + (time_t)SELF_SIGNED_DAYS * DAY_S -
					     CLOCK_DIFFERENCE_S);
	if (!error)
		error = gnutls_x509_crt_set_dn_by_oid(
			certificate, GNUTLS_OID_X520_COMMON_NAME, 0, common,
			sizeof(common) - 1);
	if (!error)
		error = gnutls_x509_crt_set_key(certificate, key);
	if (!error)
		error = gnutls_x509_crt_set_basic_constraints(certificate, 0,
							      -1);
	if (!error)
		error = gnutls_x509_crt_set_key_usage(
			certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (!error)
		error = gnutls_x509_crt_set_key_purpose_oid(
			certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (!error)
		error = gnutls_x509_privkey_get_key_id(key, 0, id, &id_size);
	if (!error)
		error = gnutls_x509_crt_set_subject_key_id(certificate, id,
							   id_size);
	return error;
}

static int export(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
		  char **ret_text)
{
	gnutls_datum_t first = {}, second = {};
	int error = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM,
					    &first);

	if (!error)
		error = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM,
						    &second);
	if (!error) {
		*ret_text = calloc(1, first.size + second.size + 1);
		error = *ret_text ? 0 : GNUTLS_E_MEMORY_ERROR;
	}
	if (!error) {
		memcpy(*ret_text, first.data, first.size);
		memcpy(*ret_text + first.size, second.data, second.size);
	}
	if (second.data)
		explicit_bzero(second.data, second.size);
	gnutls_free(first.data);
	gnutls_free(second.data);
	return error;
}

char *self_signed_make(const char *const *names, size_t count, time_t now,
		       const char **ret_error)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t certificate = NULL;
	char *text = NULL;
	int error = gnutls_x509_privkey_init(&key);

	if (!error)
		error = gnutls_x509_crt_init(&certificate);
	if (!error)
		error = gnutls_x509_privkey_generate(
			key, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (!error)
		error = fill(certificate, key, now);
	for (size_t i = 0; i < count && !error; i++)
		error = add_name(certificate, names[i]);
	if (!error)
		error = gnutls_x509_crt_sign2(certificate, certificate, key,
					      GNUTLS_DIG_SHA256, 0);
	if (!error)
		error = export(certificate, key, &text);
	if (error)
		*ret_error = gnutls_strerror(error);
	if (certificate)
		gnutls_x509_crt_deinit(certificate);
	if (key)
		gnutls_x509_privkey_deinit(key);
	return text;
}

void self_signed_free(char *text)
{
	if (!text)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}
