/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keys that seal session tickets (RFC 8446, 4.6.1; RFC 5077, 4). They are
 * derived from the loader's secrets and from the time, so all terminators have
 * the same ones without a word to each other, and a key seals for one period
 * only. It still opens in the next period, and already in the one before, for
 * hosts whose clock is behind. Pure but for random nonces: the caller knows the
 * time.
 */
#ifndef TERMINATOR_TICKET_KEYS_H
#define TERMINATOR_TICKET_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quicsteer/control.h"

enum {
	TICKET_SECRET_SIZE = 80,
	TICKET_NAME_SIZE = 16,
	TICKET_KEY_SIZE = 32,
	TICKET_NONCE_SIZE = 12,
	TICKET_TAG_SIZE = 16,
	TICKET_KEYS_KEPT = 4,
	TICKET_BINDING_MAX = 96,
};

struct ticket_key {
	bool is_derived;
	uint64_t period;
	uint8_t name[TICKET_NAME_SIZE]; /* tells, in a ticket, which key */
	uint8_t key[TICKET_KEY_SIZE];
};

/* A secret with the keys that were derived from it. */
struct ticket_source {
	uint8_t secret[TICKET_SECRET_SIZE];
	struct ticket_key kept[TICKET_KEYS_KEPT]; /* by period */
};

struct ticket_keys {
	struct ticket_source sources[QS_TICKET_SECRETS];
	uint8_t binding[TICKET_BINDING_MAX];
	size_t binding_size;
	uint64_t rotation_s;
};

/* ticket_keys_init takes the secrets and the length of a period (at least 1 s).
 * Tickets that were sealed under another `binding` (at most TICKET_BINDING_MAX
 * octets) are not ours: it holds what a ticket promises to its client. */
void ticket_keys_init(
	struct ticket_keys *keys,
	const uint8_t secrets[QS_TICKET_SECRETS][TICKET_SECRET_SIZE],
	const void *binding, size_t binding_size, uint64_t rotation_s);

/* ticket_keys_seal encrypts `data` in place with the key of the current secret
 * and the time `now_s`
 * (seconds since 1970). Returns 0 or -EIO. */
int ticket_keys_seal(struct ticket_keys *keys, uint64_t now_s,
		     uint8_t name[TICKET_NAME_SIZE],
		     uint8_t nonce[TICKET_NONCE_SIZE],
		     uint8_t tag[TICKET_TAG_SIZE], uint8_t *data, size_t size);

/* ticket_keys_open decrypts it in place. Returns 0, or -ENOKEY if none of the
 * keys of that time, of all secrets, seals so, or it was changed on its way. */
int ticket_keys_open(struct ticket_keys *keys, uint64_t now_s,
		     const uint8_t name[TICKET_NAME_SIZE],
		     const uint8_t nonce[TICKET_NONCE_SIZE],
		     const uint8_t tag[TICKET_TAG_SIZE], uint8_t *data,
		     size_t size);

/* ticket_keys_wipe forgets all of it. */
void ticket_keys_wipe(struct ticket_keys *keys);

#endif
