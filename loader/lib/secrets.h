/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The secrets of a deployment, kept in one file that only its owner may read:
 *
 *   quicsteer-secrets 3
 *   reset HEX      32 octets, stateless reset tokens
 *   token HEX      32 octets, Retry and NEW_TOKEN tokens
 *   ticket HEX     80 octets, TLS session tickets
 *   hash HEX       16 octets, key of the new-connection hash
 *   ticket-previous HEX, ticket-next HEX
 *                  80 octets each: before and after that of "ticket"
 *   ticket-since SECONDS
 *                  since 1970; when it became that of "ticket"
 *   current ID     the CID configuration of new connections
 *   config ID SERVER_ID_LENGTH NONCE_LENGTH FLAGS KEY CREATED RETIRED
 *                  each that is live: octets, octets, QS_CONFIG_*, 16 octets
 *                  in hex or "plaintext", seconds since 1970, 0: current
 *   end
 *
 * Version 2 had one secret for tickets, and no line between the hash and the
 * current configuration. Version 1 had one configuration: "cid HEX", the key of
 * configuration 0, in place of what follows the hash.
 */
#ifndef QS_LOADER_LIB_SECRETS_H
#define QS_LOADER_LIB_SECRETS_H

#include "quicsteer/control.h"

enum {
	/* The first configuration: server ID and nonce fill one AES block. */
	QS_FIRST_SERVER_ID_LENGTH = 4,
	QS_FIRST_NONCE_LENGTH = 12,
};

/* A CID configuration and its life in seconds of CLOCK_REALTIME. */
struct qs_state_config {
	struct qs_control_cid_config config; /* no encoding: the ID is free */
	__u64 created_s;
	__u64 retired_s; /* since when new connections get another; 0: not */
};

struct qs_state_secrets {
	struct qs_secrets shared; /* what the terminators get */
	__u64 ticket_since_s;	  /* of the current ticket secret */
	__u8 hash_key[16];
	__u32 current; /* ID of the configuration of new connections */
	__u8 listed;   /* bits by ID: those of loader.cid_configs, which no
			  configuration of the loader's may take. Not kept */
	struct qs_state_config configs[QS_CID_CONFIGS]; /* by ID; 7 is free */
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

/*
 * qs_secrets_replace: writes `secrets` to `path` in place of what is there: a
 * reader, also after a crash, finds the one or the other. 0 or -errno.
 */
int qs_secrets_replace(const char *path,
		       const struct qs_state_secrets *secrets);

/* qs_secrets_rotate_ticket: the next ticket secret becomes the current one, and
 * there is a new next one. Returns 0, or -EIO: then nothing has changed. */
int qs_secrets_rotate_ticket(struct qs_state_secrets *secrets, __u64 now_s);

/*
 * qs_state_config_fill: a configuration from its lengths and key (NULL:
 * plaintext). Returns 0, or -EINVAL if the lengths are not legal.
 */
int qs_state_config_fill(struct qs_control_cid_config *config,
			 __u32 server_id_length, __u32 nonce_length,
			 const __u8 *key, __u8 flags);

#endif
