/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection IDs of draft-ietf-quic-load-balancers-21: section numbers
 * below are its own.
 *
 *   octet 0    config ID (3 bits), length or random (5 bits)
 *   octet 1..  server ID and nonce: in plaintext, or encrypted together
 *
 * One codec for the BPF programs, which only want the server ID, and for
 * userspace, which encodes and wants the nonce too. Server ID and nonce
 * together are the "body": 5 to 19 octets, kept as three big-endian numbers
 * of 8 octets, left aligned. In this form the four-pass encoding splits, joins
 * and masks without a loop, and the verifier has no index to follow.
 */
#ifndef QUICSTEER_CID_H
#define QUICSTEER_CID_H

#include "quicsteer/abi.h"
#include "quicsteer/aes.h"

#ifndef __bpf__
#include <errno.h>
#include <string.h>
#endif

enum {
	QS_SERVER_ID_MIN = 1,
	QS_NONCE_MIN = 4,
	QS_NONCE_MAX = 18,
	QS_BODY_MIN = 5,
	QS_BODY_MAX = 19,
	QS_BODY_SINGLE_PASS = 16, /* one AES block */
	QS_CONFIG_ID_NONE = 7,	  /* 0b111: the server has no configuration */
};

/* The body of a CID, or a half of one: 24 octets, zeros behind its end. */
struct qs_body {
	__u64 word[3];
};

/* The config ID that octet 0 of a CID names, 0 to 7. */
QS_INLINE unsigned int qs_cid_config_id(__u8 first)
{
	return first >> 5;
}

/* The octets of server ID and nonce in a configuration. */
QS_INLINE unsigned int qs_body_length(const struct qs_cid_config *config)
{
	return config->server_id_length + config->nonce_length;
}

/* The octets of a CID in a configuration, without a server's own behind it. */
QS_INLINE unsigned int qs_cid_length(const struct qs_cid_config *config)
{
	return 1 + qs_body_length(config);
}

/* Keeps the first `octets` (0 to 15) of a body and clears the others. */
QS_INLINE void qs_body_truncate(struct qs_body *body, unsigned int octets)
{
	if (octets < 8) {
		body->word[0] &= ~(~0ULL >> 8 * octets);
		body->word[1] = 0;
	} else {
		body->word[1] &= ~(~0ULL >> 8 * (octets - 8));
	}
	body->word[2] = 0;
}

/* Moves a body `octets` (2 to 9) towards its start. */
QS_INLINE void qs_body_shift_left(struct qs_body *body, unsigned int octets)
{
	__u64 *word = body->word;

	if (octets >= 8) {
		word[0] = word[1];
		word[1] = word[2];
		word[2] = 0;
		octets -= 8;
	}
	if (octets) {
		unsigned int left = 8 * octets, right = 64 - left;

		word[0] = word[0] << left | word[1] >> right;
		word[1] = word[1] << left | word[2] >> right;
		word[2] <<= left;
	}
}

/* Moves a body `octets` (2 to 9) towards its end. */
QS_INLINE void qs_body_shift_right(struct qs_body *body, unsigned int octets)
{
	__u64 *word = body->word;

	if (octets >= 8) {
		word[2] = word[1];
		word[1] = word[0];
		word[0] = 0;
		octets -= 8;
	}
	if (octets) {
		unsigned int right = 8 * octets, left = 64 - right;

		word[2] = word[2] >> right | word[1] << left;
		word[1] = word[1] >> right | word[0] << left;
		word[0] >>= right;
	}
}

/* Encrypts a body of 16 octets (section 5.4.1). */
QS_INLINE void qs_single_pass_encode(const __u32 *schedule,
				     struct qs_body *body)
{
	__u32 block[4] = {body->word[0] >> 32, body->word[0],
			  body->word[1] >> 32, body->word[1]};

	qs_aes_encrypt(schedule, block, 4);
	body->word[0] = (__u64)block[0] << 32 | block[1];
	body->word[1] = (__u64)block[2] << 32 | block[3];
	body->word[2] = 0;
}

/* Decrypts a body of 16 octets, of which the first `wanted` have to be right:
 * for a server ID of 4 the last round is a quarter. */
QS_INLINE void qs_single_pass_decode(const __u32 *schedule,
				     struct qs_body *body, unsigned int wanted)
{
	__u32 block[4] = {body->word[0] >> 32, body->word[0],
			  body->word[1] >> 32, body->word[1]};

	qs_aes_decrypt(schedule, block, wanted > 4 ? 4 : 1);
	body->word[0] = (__u64)block[0] << 32 | block[1];
	body->word[1] = (__u64)block[2] << 32 | block[3];
	body->word[2] = 0;
}

/*
 * The four-pass encoding (section 5.4.2): a Feistel network whose halves are
 * as many nibbles as the body has octets. A half fills whole octets; where
 * that leaves a nibble over, the left half ends and the right half begins with
 * a zero nibble.
 */
struct qs_halves {
	__u64 left[2], right[2];
	__u64 left_mask[2],
		right_mask[2]; /* ones where the half's nibbles are */
};

/* Ones in the first `nibbles` (1 to 31) of 16 octets. */
QS_INLINE void qs_nibble_mask(__u64 mask[2], unsigned int nibbles)
{
	if (nibbles <= 16) {
		mask[0] = ~0ULL << (64 - 4 * nibbles);
		mask[1] = 0;
	} else {
		mask[0] = ~0ULL;
		mask[1] = ~0ULL << (128 - 4 * nibbles);
	}
}

QS_INLINE void qs_split(const struct qs_body *body, unsigned int length,
			struct qs_halves *halves)
{
	struct qs_body right = *body;
	unsigned int odd = length & 1;

	qs_nibble_mask(halves->left_mask, length);
	qs_nibble_mask(halves->right_mask, length + odd);
	halves->right_mask[0] &= ~0ULL >> 4 * odd;

	qs_body_shift_left(&right, length / 2);
	halves->left[0] = body->word[0] & halves->left_mask[0];
	halves->left[1] = body->word[1] & halves->left_mask[1];
	halves->right[0] = right.word[0] & halves->right_mask[0];
	halves->right[1] = right.word[1] & halves->right_mask[1];
}

QS_INLINE void qs_join(const struct qs_halves *halves, unsigned int length,
		       struct qs_body *body)
{
	struct qs_body right = {{halves->right[0], halves->right[1], 0}};

	qs_body_shift_right(&right, length / 2);
	body->word[0] = halves->left[0] | right.word[0];
	body->word[1] = halves->left[1] | right.word[1];
	body->word[2] = right.word[2];
}

/*
 * One of the passes 1 to 4: a half, expanded and encrypted, is added to the
 * other one. The right half changes in the odd passes. No function of its own
 * in BPF: see select_by_cid().
 */
QS_INLINE void qs_pass(const struct qs_cid_config *config,
		       struct qs_halves *halves, unsigned int pass)
{
	__u64 *to = pass & 1 ? halves->right : halves->left;
	const __u64 *from = pass & 1 ? halves->left : halves->right;
	const __u64 *mask = pass & 1 ? halves->right_mask : halves->left_mask;
	__u32 block[4] = {from[0] >> 32, from[0], from[1] >> 32,
			  qs_body_length(config) << 8 | pass};

	/* A half has up to 10 octets. */
	qs_aes_encrypt(config->encrypt_schedule, block,
		       qs_body_length(config) > 16 ? 3 : 2);
	to[0] ^= ((__u64)block[0] << 32 | block[1]) & mask[0];
	to[1] ^= (__u64)block[2] << 32 & mask[1];
}

/*
 * Undoes the four passes. The nonce is wanted in userspace only: without it
 * the last pass is left out where the server ID lies within the left half, and
 * the body then holds garbage behind the server ID.
 */
QS_INLINE void qs_four_pass_decode(const struct qs_cid_config *config,
				   struct qs_body *body, int want_nonce)
{
	unsigned int length = qs_body_length(config);
	struct qs_halves halves;

	qs_split(body, length, &halves);
	qs_pass(config, &halves, 4);
	qs_pass(config, &halves, 3);
	qs_pass(config, &halves, 2);
	if (want_nonce || config->server_id_length > config->nonce_length)
		qs_pass(config, &halves, 1);
	qs_join(&halves, length, body);
}

/* Decrypts a body in place by the configuration's encoding. */
QS_INLINE void qs_body_decode(const struct qs_cid_config *config,
			      struct qs_body *body, int want_nonce)
{
	if (config->encoding == QS_ENCODING_SINGLE_PASS)
		qs_single_pass_decode(config->decrypt_schedule, body,
				      want_nonce ? QS_BODY_SINGLE_PASS
						 : config->server_id_length);
	else if (config->encoding == QS_ENCODING_FOUR_PASS)
		qs_four_pass_decode(config, body, want_nonce);
}

/*
 * The server ID of a CID whose body is in `body`, which this changes. The
 * server ID comes out as 16 octets, zeros behind its length. The configuration
 * must be in use and the CID at least qs_cid_length() octets; what the body
 * holds behind them does not matter.
 */
QS_INLINE void qs_body_server_id(const struct qs_cid_config *config,
				 struct qs_body *body, __u8 server_id[16])
{
	qs_body_decode(config, body, 0);
	qs_body_truncate(body, config->server_id_length);
	qs_store_be64(server_id, body->word[0]);
	qs_store_be64(server_id + 8, body->word[1]);
}

/*
 * Reads a server ID (16 octets, zeros behind its length) of the form that the
 * loader assigns. Returns 1, or 0 if it is not of that form.
 */
QS_INLINE int qs_assigned_id_read(const __u8 server_id[16], __u16 *slot,
				  __u16 *instance)
{
	__u64 high = qs_load_be64(server_id);

	*slot = high >> 48;
	*instance = high >> 32;
	return ((high & 0xffffffff) | qs_load_be64(server_id + 8)) == 0;
}

#ifndef __bpf__

/* Writes the server ID that slot and instance make: 16 octets. */
QS_INLINE void qs_assigned_id_write(__u8 server_id[16], __u16 slot,
				    __u16 instance)
{
	qs_store_be64(server_id, (__u64)slot << 48 | (__u64)instance << 32);
	qs_store_be64(server_id + 8, 0);
}

/* Server ID and nonce of a CID, each zero behind its length. */
struct qs_cid_parts {
	__u8 server_id[16];
	__u8 nonce[24];
};

enum qs_cid_config_error {
	QS_CID_CONFIG_OK = 0,
	QS_CID_CONFIG_SERVER_ID_LENGTH, /* not 1 to 15 octets */
	QS_CID_CONFIG_NONCE_LENGTH,	/* not 4 to 18 octets */
	QS_CID_CONFIG_SUM,		/* both together over 19 octets */
	QS_CID_CONFIG_ENCODING,		/* does not fit the lengths */
	QS_CID_CONFIG_ASSIGNED,		/* server ID under 4 octets */
};

/* Why two lengths are no legal pair (section 3), or QS_CID_CONFIG_OK. */
QS_INLINE enum qs_cid_config_error
qs_cid_lengths_check(unsigned int server_id_length, unsigned int nonce_length)
{
	if (server_id_length < QS_SERVER_ID_MIN ||
	    server_id_length > QS_SERVER_ID_MAX)
		return QS_CID_CONFIG_SERVER_ID_LENGTH;
	if (nonce_length < QS_NONCE_MIN || nonce_length > QS_NONCE_MAX)
		return QS_CID_CONFIG_NONCE_LENGTH;
	if (server_id_length + nonce_length > QS_BODY_MAX)
		return QS_CID_CONFIG_SUM;
	return QS_CID_CONFIG_OK;
}

/* Why a configuration cannot be used, or QS_CID_CONFIG_OK. */
QS_INLINE enum qs_cid_config_error
qs_cid_config_check(const struct qs_cid_config *config)
{
	int single = qs_body_length(config) == QS_BODY_SINGLE_PASS;
	enum qs_cid_config_error error = qs_cid_lengths_check(
		config->server_id_length, config->nonce_length);

	if (error)
		return error;
	if (config->encoding != QS_ENCODING_PLAINTEXT &&
	    config->encoding !=
		    (single ? QS_ENCODING_SINGLE_PASS : QS_ENCODING_FOUR_PASS))
		return QS_CID_CONFIG_ENCODING;
	if ((config->flags & QS_CONFIG_ASSIGNED) &&
	    config->server_id_length < QS_ASSIGNED_ID_SIZE)
		return QS_CID_CONFIG_ASSIGNED;
	return QS_CID_CONFIG_OK;
}

/*
 * Fills a configuration from its lengths, its key of 16 octets (NULL:
 * plaintext) and its QS_CONFIG_* flags. Returns 0, or -EINVAL and leaves the
 * configuration not in use; qs_cid_config_check() has said why if the lengths
 * are at fault.
 */
QS_INLINE int qs_cid_config_init(struct qs_cid_config *config,
				 unsigned int server_id_length,
				 unsigned int nonce_length, const __u8 *key,
				 __u8 flags)
{
	memset(config, 0, sizeof(*config));
	if (qs_cid_lengths_check(server_id_length, nonce_length))
		return -EINVAL;
	config->server_id_length = server_id_length;
	config->nonce_length = nonce_length;
	config->flags = flags;
	config->encoding = QS_ENCODING_PLAINTEXT;
	if (key) {
		config->encoding = qs_body_length(config) == QS_BODY_SINGLE_PASS
					   ? QS_ENCODING_SINGLE_PASS
					   : QS_ENCODING_FOUR_PASS;
		memcpy(config->key, key, sizeof(config->key));
		qs_aes_expand(key, config->encrypt_schedule);
		qs_aes_expand_decrypt(key, config->decrypt_schedule);
	}
	if (qs_cid_config_check(config)) {
		memset(config, 0, sizeof(*config));
		return -EINVAL;
	}
	return 0;
}

QS_INLINE void qs_body_load(struct qs_body *body, const __u8 octets[24])
{
	int i;

	for (i = 0; i < 3; i++)
		body->word[i] = qs_load_be64(octets + 8 * i);
}

QS_INLINE void qs_body_store(const struct qs_body *body, __u8 octets[24])
{
	int i;

	for (i = 0; i < 3; i++)
		qs_store_be64(octets + 8 * i, body->word[i]);
}

/*
 * Decodes a CID of `length` octets by a valid configuration; its config ID is
 * the caller's to compare. Octets behind qs_cid_length() are a server's own
 * and are ignored. Returns 0, or -EMSGSIZE if the CID is too short.
 */
QS_INLINE int qs_cid_decode(const struct qs_cid_config *config, const __u8 *cid,
			    size_t length, struct qs_cid_parts *parts)
{
	__u8 octets[24] = {0};
	struct qs_body body;

	if (length < qs_cid_length(config))
		return -EMSGSIZE;
	memcpy(octets, cid + 1, qs_body_length(config));
	qs_body_load(&body, octets);
	qs_body_decode(config, &body, 1);
	qs_body_store(&body, octets);

	memset(parts, 0, sizeof(*parts));
	memcpy(parts->server_id, octets, config->server_id_length);
	memcpy(parts->nonce, octets + config->server_id_length,
	       config->nonce_length);
	return 0;
}

/* Does the four passes (section 5.4.2). */
QS_INLINE void qs_four_pass_encode(const struct qs_cid_config *config,
				   struct qs_body *body)
{
	unsigned int length = qs_body_length(config);
	struct qs_halves halves;

	qs_split(body, length, &halves);
	qs_pass(config, &halves, 1);
	qs_pass(config, &halves, 2);
	qs_pass(config, &halves, 3);
	qs_pass(config, &halves, 4);
	qs_join(&halves, length, body);
}

/*
 * Encodes a CID by a valid configuration. The low five bits of octet 0 are the
 * length of what follows if the configuration says so (QS_CONFIG_SELF_LENGTH),
 * else the low five bits of `random`, which must be fresh for each CID. Writes
 * and returns qs_cid_length(config) octets, at most QS_CID_MAX.
 */
QS_INLINE size_t qs_cid_encode(const struct qs_cid_config *config,
			       unsigned int config_id, const __u8 *server_id,
			       const __u8 *nonce, __u8 random, __u8 *cid)
{
	unsigned int length = qs_body_length(config);
	unsigned int low =
		config->flags & QS_CONFIG_SELF_LENGTH ? length : random;
	__u8 octets[24] = {0};
	struct qs_body body;

	memcpy(octets, server_id, config->server_id_length);
	memcpy(octets + config->server_id_length, nonce, config->nonce_length);
	qs_body_load(&body, octets);
	if (config->encoding == QS_ENCODING_SINGLE_PASS)
		qs_single_pass_encode(config->encrypt_schedule, &body);
	else if (config->encoding == QS_ENCODING_FOUR_PASS)
		qs_four_pass_encode(config, &body);
	qs_body_store(&body, octets);

	cid[0] = config_id << 5 | (low & 0x1f);
	memcpy(cid + 1, octets, length);
	return 1 + length;
}

#endif
#endif
