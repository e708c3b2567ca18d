/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/certificate_expiry.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

static int read_expiry(const gnutls_datum_t *pem, time_t *ret_time)
{
	gnutls_x509_crt_t certificate;
	int error = gnutls_x509_crt_init(&certificate);

	if (error)
		return error;
	error = gnutls_x509_crt_import(certificate, pem, GNUTLS_X509_FMT_PEM);
	if (!error) {
		*ret_time = gnutls_x509_crt_get_expiration_time(certificate);
		if (*ret_time == (time_t)-1)
			error = GNUTLS_E_ASN1_GENERIC_ERROR;
	}
	gnutls_x509_crt_deinit(certificate);
	return error;
}

int certificate_expiry(const char *path, time_t *ret_time,
		       const char **ret_error)
{
	gnutls_datum_t pem;
	int error = gnutls_load_file(path, &pem);

	if (!error) {
		error = read_expiry(&pem, ret_time);
		/* A private key may be in the same file. */
		explicit_bzero(pem.data, pem.size);
		gnutls_free(pem.data);
	}
	if (!error)
		return 0;
	*ret_error = gnutls_strerror(error);
	return -1;
}
