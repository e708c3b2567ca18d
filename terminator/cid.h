/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A terminator's identity: the connection IDs that it issues, whose CID a
 * given one is, and the stateless reset tokens that go with them.
 */
#ifndef TERMINATOR_CID_H
#define TERMINATOR_CID_H

#include <ngtcp2/ngtcp2.h>
#include <stdint.h>

#include "quicsteer/cid.h"
#include "quicsteer/control.h"

struct identity {
	uint16_t slot;
	uint16_t instance;
	uint8_t config_id; /* of new connections' CIDs */
	uint8_t leave;	   /* bit by config ID: its connections are to end */
	struct qs_cid_config configs[QS_CID_CONFIGS];
	struct qs_secrets secrets;
	/* The map `terminators`, by slot; NULL without a loader. */
	const struct qs_terminator *terminators;
};

enum cid_owner {
	CID_UNKNOWN, /* not a CID that a terminator of ours issued */
	CID_OURS,
	CID_OTHER, /* another live terminator's */
	CID_DEAD,  /* of a terminator that is gone */
};

/* identity_from_welcome takes over what the loader gave. Returns 0 or -EINVAL
 * if a configuration is not legal. */
int identity_from_welcome(struct identity *identity,
			  const struct qs_welcome *welcome);

/* identity_take_configs takes over other configurations, of which `config_id`
 * is that of new connections. Returns 0, or -EINVAL if one is not legal; then
 * nothing has changed. */
int identity_take_configs(struct identity *identity,
			  const struct qs_control_cid_config *configs,
			  uint8_t config_id);

/* identity_random makes an identity of its own, with random secrets, for a
 * terminator without a loader. */
void identity_random(struct identity *identity);

/* cid_length returns the length in octets of the CIDs that we issue with the
 * configuration that `first`, octet 0 of a CID, names; of those of new
 * connections if it names none. */
size_t cid_length(const struct identity *identity, uint8_t first);

/* cid_new makes a CID with our server ID and a random nonce by a configuration
 * that is in use. */
void cid_new(const struct identity *identity, uint8_t config_id,
	     ngtcp2_cid *cid);

/* cid_owner tells whose CID begins at `data`, of which `size` octets are
 * there (more than the CID's length does no harm). */
enum cid_owner cid_owner(const struct identity *identity, const uint8_t *data,
			 size_t size);

/*
 * cid_reset_token makes the stateless reset token of a CID of ours or of a
 * dead terminator's. The key is derived from the shared secret, the config ID
 * and the server ID, so that no terminator can be made to give away the token
 * of another's connection (RFC 9000, 21.11).
 */
void cid_reset_token(const struct identity *identity, const ngtcp2_cid *cid,
		     uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN]);

#endif
