/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The certificates that a server shows, and which of them a client gets: by the
 * name that it asks for (SNI), and of several for one name (ECDSA and RSA side
 * by side) the first that it can check, ECDSA before RSA.
 */
#ifndef TERMINATOR_CERTIFICATES_H
#define TERMINATOR_CERTIFICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terminator/tls.h"

struct WOLFSSL_CTX;

struct certificate {
	struct WOLFSSL_CTX *quic; /* one context for each transport */
	struct WOLFSSL_CTX *stream;
	unsigned ecdsa_bits; /* of its key; 0: RSA */
	char **names;	     /* of hosts that it is for */
	size_t name_count;
};

/* certificate_load gives its two contexts chain and key, and finds its names.
 * Returns NULL, or what is wrong, with the file's name. */
const char *certificate_load(struct certificate *certificate,
			     const struct tls_pair *pair);

/* certificate_free frees all but itself; contexts that are in use go on. */
void certificate_free(struct certificate *certificate);

/* certificate_covers tells whether it is for that host. */
bool certificate_covers(const struct certificate *certificate,
			const char *host);

/* What a client can check: signature schemes (RFC 8446, 4.2.3), as they came;
 * `any_curve`: an ECDSA scheme does not say the curve (TLS 1.2). */
struct certificate_client {
	const uint8_t *schemes;
	size_t size; /* octets; two a scheme */
	bool any_curve;
	bool no_ecdsa; /* no cipher suite that it offers has it */
};

/* certificates_choose finds the one for a host (NULL: no name came). The names
 * of the first are the default. Never NULL. */
const struct certificate *
certificates_choose(const struct certificate *certificates, size_t count,
		    const char *host, const struct certificate_client *client);

#endif
