/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an affinity cookie says: which backend the session is bound to, and
 * since when, signed so that nobody but the terminators of the cluster can make
 * one. It names the backend by a tag that tells nothing of its address.
 *
 * 39 characters, base64url (RFC 4648, 5) of: version (1 octet), seconds since
 * 1970 (4, network order), tag (8, likewise), and the first 16 octets of
 * HMAC-SHA256 over these and the pool's name.
 */
#ifndef TERMINATOR_AFFINITY_TOKEN_H
#define TERMINATOR_AFFINITY_TOKEN_H

#include <stddef.h>
#include <stdint.h>

enum {
	AFFINITY_TOKEN_LENGTH = 39,
	AFFINITY_TOKEN_SIZE = AFFINITY_TOKEN_LENGTH + 1,
	AFFINITY_CLOCK_SKEW_S = 300, /* between hosts of a cluster */
};

/* Derived from a secret that all terminators share. */
struct affinity_keys {
	uint8_t sign[32];
	uint64_t tag[2];
};

/* affinity_keys_derive makes the keys (HKDF-SHA256, RFC 5869). Aborts only if
 * the TLS library has no SHA-256. */
void affinity_keys_derive(struct affinity_keys *keys, const void *secret,
			  size_t size);

/* affinity_tag gives the tag of a backend by its identity (backends.h). */
uint64_t affinity_tag(const struct affinity_keys *keys, uint64_t identity);

/* affinity_token_write makes the text of a token, NUL terminated. */
void affinity_token_write(char text[AFFINITY_TOKEN_SIZE],
			  const struct affinity_keys *keys, const char *pool,
			  uint64_t tag, uint64_t now_s);

/*
 * affinity_token_read takes one apart; *ret_age_s is how many seconds ago it
 * was made. Returns 0, -EINVAL (it is none of this version), -EACCES (it was
 * not signed with these keys for this pool, or is from the future) or -ETIME
 * (it is older than max_age_s, unless that is 0).
 */
int affinity_token_read(const struct affinity_keys *keys, const char *pool,
			const char *text, size_t size, uint64_t now_s,
			uint32_t max_age_s, uint64_t *ret_tag,
			uint32_t *ret_age_s);

#endif
