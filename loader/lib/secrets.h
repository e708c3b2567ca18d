/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The secrets of a deployment, kept in one file that only its owner may read:
 *
 *   quicsteer-secrets 1
 *   reset HEX      32 octets, stateless reset tokens
 *   token HEX      32 octets, Retry and NEW_TOKEN tokens
 *   ticket HEX     80 octets, TLS session tickets
 *   hash HEX       16 octets, key of the new-connection hash
 *   cid HEX        16 octets, AES key of CID configuration 0
 */
#ifndef QS_LOADER_LIB_SECRETS_H
#define QS_LOADER_LIB_SECRETS_H

#include "quicsteer/control.h"

struct qs_state_secrets {
	struct qs_secrets shared; /* what the terminators get */
	__u8 hash_key[16];
	__u8 cid_key[16];
};

/*
 * qs_secrets_load: reads the file at `path`. Returns 0, -ENOENT (there is no
 * such file), -EACCES (others than its owner may read or write it, or it is
 * not a regular file of this user or root), -EBADMSG (its content is not as
 * above) or another -errno.
 */
int qs_secrets_load(const char *path, struct qs_state_secrets *ret_secrets);

/*
 * qs_secrets_create: draws new secrets from getrandom(2) and writes them to
 * `path`, mode 0600, whole or not at all. Returns 0, -EEXIST or another
 * -errno.
 */
int qs_secrets_create(const char *path, struct qs_state_secrets *ret_secrets);

#endif
