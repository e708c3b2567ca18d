/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/ticket_keys.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/hmac.h>

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "terminator/random.h"

static void derive(const struct ticket_keys *keys,
		   const struct ticket_source *source, uint64_t period,
		   struct ticket_key *key)
{
	static const char label[] = "quicsteer session tickets";
	uint8_t info[sizeof(label) + sizeof(period)];
	uint8_t derived[TICKET_NAME_SIZE + TICKET_KEY_SIZE];
	uint64_t big = htobe64(period);
	int rv;

	memcpy(info, label, sizeof(label));
	memcpy(info + sizeof(label), &big, sizeof(big));
	rv = wc_HKDF(WC_SHA256, source->secret, sizeof(source->secret),
		     keys->binding, (word32)keys->binding_size, info,
		     sizeof(info), derived, sizeof(derived));
	assert(!rv);
	(void)rv;
	key->is_derived = true;
	key->period = period;
	memcpy(key->name, derived, sizeof(key->name));
	memcpy(key->key, derived + sizeof(key->name), sizeof(key->key));
	explicit_bzero(derived, sizeof(derived));
}

static const struct ticket_key *
key_of(struct ticket_keys *keys, enum qs_ticket_secret secret, uint64_t period)
{
	struct ticket_source *source = &keys->sources[secret];
	struct ticket_key *key = &source->kept[period % TICKET_KEYS_KEPT];

	if (!key->is_derived || key->period != period)
		derive(keys, source, period, key);
	return key;
}

void ticket_keys_init(
	struct ticket_keys *keys,
	const uint8_t secrets[QS_TICKET_SECRETS][TICKET_SECRET_SIZE],
	const void *binding, size_t binding_size, uint64_t rotation_s)
{
	assert(rotation_s && binding_size <= sizeof(keys->binding));
	memset(keys, 0, sizeof(*keys));
	for (int i = 0; i < QS_TICKET_SECRETS; i++)
		memcpy(keys->sources[i].secret, secrets[i],
		       sizeof(keys->sources[i].secret));
	memcpy(keys->binding, binding, binding_size);
	keys->binding_size = binding_size;
	keys->rotation_s = rotation_s;
}

int ticket_keys_seal(struct ticket_keys *keys, uint64_t now_s,
		     uint8_t name[TICKET_NAME_SIZE],
		     uint8_t nonce[TICKET_NONCE_SIZE],
		     uint8_t tag[TICKET_TAG_SIZE], uint8_t *data, size_t size)
{
	const struct ticket_key *key =
		key_of(keys, QS_TICKET_CURRENT, now_s / keys->rotation_s);

	memcpy(name, key->name, TICKET_NAME_SIZE);
	random_bytes(nonce, TICKET_NONCE_SIZE);
	return wc_ChaCha20Poly1305_Encrypt(key->key, nonce, name,
					   TICKET_NAME_SIZE, data, (word32)size,
					   data, tag)
		       ? -EIO
		       : 0;
}

/* Whose name stands in a ticket; NULL: nobody's. */
static const struct ticket_key *find(struct ticket_keys *keys, uint64_t now_s,
				     const uint8_t name[TICKET_NAME_SIZE])
{
	uint64_t now = now_s / keys->rotation_s;

	for (int i = 0; i < QS_TICKET_SECRETS; i++)
		for (uint64_t period = now ? now - 1 : 0; period <= now + 1;
		     period++) {
			const struct ticket_key *key = key_of(keys, i, period);

			if (!memcmp(key->name, name, TICKET_NAME_SIZE))
				return key;
		}
	return NULL;
}

int ticket_keys_open(struct ticket_keys *keys, uint64_t now_s,
		     const uint8_t name[TICKET_NAME_SIZE],
		     const uint8_t nonce[TICKET_NONCE_SIZE],
		     const uint8_t tag[TICKET_TAG_SIZE], uint8_t *data,
		     size_t size)
{
	const struct ticket_key *key = find(keys, now_s, name);

	if (!key)
		return -ENOKEY;
	return wc_ChaCha20Poly1305_Decrypt(key->key, nonce, name,
					   TICKET_NAME_SIZE, data, (word32)size,
					   tag, data)
		       ? -ENOKEY
		       : 0;
}

void ticket_keys_wipe(struct ticket_keys *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}
