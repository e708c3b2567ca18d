/* SPDX-License-Identifier: GPL-2.0-only */
/* When certificates end, with GnuTLS, which libmicrohttpd brings. */
#ifndef QS_LOADER_CERTIFICATE_EXPIRY_H
#define QS_LOADER_CERTIFICATE_EXPIRY_H

#include <time.h>

/*
 * certificate_expiry: when the first certificate of a PEM file ceases to hold.
 * Returns 0, or -1 with what is wrong in *ret_error.
 */
int certificate_expiry(const char *path, time_t *ret_time,
		       const char **ret_error);

#endif
