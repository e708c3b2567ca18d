/* SPDX-License-Identifier: GPL-2.0-only */
/* What of a request says where it goes, by hash_key or affinity. Pure. */
#ifndef TERMINATOR_REQUEST_KEY_H
#define TERMINATOR_REQUEST_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terminator/exchange.h"

enum { REQUEST_KEY_NAME_SIZE = 64 }; /* with its final NUL */

struct request_key {
	enum request_key_kind {
		REQUEST_KEY_CLIENT_IP,
		REQUEST_KEY_PATH, /* without the query */
		REQUEST_KEY_URI,  /* authority, path and query */
		REQUEST_KEY_HEADER,
		REQUEST_KEY_COOKIE,
	} kind;
	char name[REQUEST_KEY_NAME_SIZE]; /* of header (lower case) or cookie */
};

/* request_key_parse reads "client-ip", "path", "uri", "header:NAME" or
 * "cookie:NAME". Returns 0, or -EINVAL and changes nothing. */
int request_key_parse(struct request_key *key, const char *text);

/* request_key_hash gives the hash of what the key is of in this request, the
 * same in every process on every host. Returns false if it has no such field
 * or cookie. */
bool request_key_hash(const struct request_key *key,
		      const struct exchange_request *request,
		      uint64_t *ret_hash);

/* request_hash is the hash that it uses, of any octets. */
uint64_t request_hash(const void *data, size_t size);

#endif
