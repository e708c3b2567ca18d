/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes self-signed certificates, with GnuTLS, which libmicrohttpd brings. No
 * files here.
 */
#ifndef QS_LOADER_SELF_SIGNED_H
#define QS_LOADER_SELF_SIGNED_H

#include <stddef.h>
#include <time.h>

/* As long as a browser of today takes one at all. */
enum { SELF_SIGNED_DAYS = 825 };

/*
 * self_signed_make: a new ECDSA key of P-256 and a certificate for these hosts
 * and addresses (at least one), both in PEM, the certificate first; it holds
 * from an hour before `now` on. Returns text to be freed by self_signed_free(),
 * or NULL with what failed in *ret_error.
 */
char *self_signed_make(const char *const *names, size_t count, time_t now,
		       const char **ret_error);

/* self_signed_free: wipes and frees it. */
void self_signed_free(char *text);

#endif
