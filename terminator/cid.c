/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hmac.h>

#include "terminator/cid.h"

#include <assert.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "terminator/random.h"

static int fill_config(struct qs_cid_config *config,
		       const struct qs_control_cid_config *from)
{
	const uint8_t *key = from->key;

	memset(config, 0, sizeof(*config));
	if (from->encoding == QS_ENCODING_NONE)
		return 0;
	if (from->encoding == QS_ENCODING_PLAINTEXT)
		key = NULL;
	return qs_cid_config_init(config, from->server_id_length,
				  from->nonce_length, key, from->flags);
}

int identity_take_configs(struct identity *identity,
			  const struct qs_control_cid_config *configs,
			  uint8_t config_id)
{
	struct qs_cid_config filled[QS_CID_CONFIGS];
	int err = 0, i;

	for (i = 0; i < QS_CID_CONFIGS; i++)
		err |= fill_config(&filled[i], &configs[i]);
	if (config_id >= QS_CONFIG_ID_NONE || !filled[config_id].encoding)
		err = -EINVAL;
	if (!err) {
		memcpy(identity->configs, filled, sizeof(filled));
		identity->config_id = config_id;
	}
	explicit_bzero(filled, sizeof(filled));
	return err ? -EINVAL : 0;
}

int identity_from_welcome(struct identity *identity,
			  const struct qs_welcome *welcome)
{
	identity->slot = welcome->slot;
	identity->instance = welcome->instance;
	identity->secrets = welcome->secrets;
	return identity_take_configs(identity, welcome->configs,
				     welcome->config_id);
}

void identity_random(struct identity *identity)
{
	uint8_t key[16];
	int err;

	memset(identity, 0, sizeof(*identity));
	random_bytes(&identity->slot, sizeof(identity->slot));
	random_bytes(&identity->instance, sizeof(identity->instance));
	random_bytes(&identity->secrets, sizeof(identity->secrets));
	random_bytes(key, sizeof(key));
	err = qs_cid_config_init(&identity->configs[0], QS_ASSIGNED_ID_SIZE, 12,
				 key,
				 QS_CONFIG_ASSIGNED | QS_CONFIG_SELF_LENGTH);
	assert(!err);
	(void)err;
}

size_t cid_length(const struct identity *identity, uint8_t first)
{
	const struct qs_cid_config *config =
		&identity->configs[qs_cid_config_id(first)];

	if (!config->encoding)
		config = &identity->configs[identity->config_id];
	return qs_cid_length(config);
}

void cid_new(const struct identity *identity, uint8_t config_id,
	     ngtcp2_cid *cid)
{
	const struct qs_cid_config *config = &identity->configs[config_id];
	uint8_t server_id[16], nonce[QS_NONCE_MAX], random;

	qs_assigned_id_write(server_id, identity->slot, identity->instance);
	random_bytes(nonce, config->nonce_length);
	random_bytes(&random, 1);
	cid->datalen = qs_cid_encode(config, config_id, server_id, nonce,
				     random, cid->data);
}

/* The server ID of a CID of one of our configurations; false if it is none. */
static bool read_server_id(const struct identity *identity, const uint8_t *data,
			   size_t size, uint8_t server_id[16])
{
	const struct qs_cid_config *config;
	struct qs_cid_parts parts;

	if (!size)
		return false;
	config = &identity->configs[qs_cid_config_id(data[0])];
	if (!config->encoding || qs_cid_decode(config, data, size, &parts))
		return false;
	memcpy(server_id, parts.server_id, 16);
	return true;
}

enum cid_owner cid_owner(const struct identity *identity, const uint8_t *data,
			 size_t size)
{
	const struct qs_terminator *terminator;
	uint8_t server_id[16];
	uint16_t slot, instance;

	if (!read_server_id(identity, data, size, server_id) ||
	    !qs_assigned_id_read(server_id, &slot, &instance))
		return CID_UNKNOWN;
	if (slot == identity->slot && instance == identity->instance)
		return CID_OURS;
	if (!identity->terminators || slot >= QS_MAX_TERMINATORS)
		return CID_UNKNOWN;
	terminator = &identity->terminators[slot];
	if (terminator->state == QS_TERMINATOR_FREE)
		return CID_UNKNOWN;
	if (terminator->state == QS_TERMINATOR_DEAD ||
	    terminator->instance != instance)
		return CID_DEAD;
	return CID_OTHER;
}

/* HMAC-SHA256 of what tells the key's use, by the shared secret. */
static void derive_reset_key(const struct identity *identity, uint8_t config_id,
			     const uint8_t server_id[16], uint8_t key[32])
{
	static const uint8_t label[] = "quicsteer stateless reset";
	Hmac hmac;
	int err = wc_HmacInit(&hmac, NULL, INVALID_DEVID);

	err |= wc_HmacSetKey(&hmac, WC_SHA256, identity->secrets.reset,
			     sizeof(identity->secrets.reset));
	err |= wc_HmacUpdate(&hmac, label, sizeof(label));
	err |= wc_HmacUpdate(&hmac, &config_id, 1);
	err |= wc_HmacUpdate(&hmac, server_id, 16);
	err |= wc_HmacFinal(&hmac, key);
	wc_HmacFree(&hmac);
	/* Only a wolfSSL without SHA-256 fails here. */
	if (err)
		abort();
}

void cid_reset_token(const struct identity *identity, const ngtcp2_cid *cid,
		     uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN])
{
	uint8_t server_id[16], key[32];
	bool known =
		read_server_id(identity, cid->data, cid->datalen, server_id);

	assert(known);
	(void)known;
	derive_reset_key(identity, (uint8_t)qs_cid_config_id(cid->data[0]),
			 server_id, key);
	if (ngtcp2_crypto_generate_stateless_reset_token(token, key,
							 sizeof(key), cid))
		abort();
}
