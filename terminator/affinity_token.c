/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/affinity_token.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hmac.h>

#include "quicsteer/hash.h"

enum {
	VERSION = 1,
	SIGNED = 13, /* octets: version, time and tag */
	SIGNATURE = 16,
	TOKEN = SIGNED + SIGNATURE,
};

_Static_assert((TOKEN * 8 + 5) / 6 == AFFINITY_TOKEN_LENGTH, "base64");

void affinity_keys_derive(struct affinity_keys *keys, const void *secret,
			  size_t size)
{
	static const char label[] = "quicsteer affinity cookie";
	uint8_t made[sizeof(keys->sign) + sizeof(keys->tag)];

	if (wc_HKDF(WC_SHA256, secret, (word32)size, NULL, 0,
		    (const byte *)label, sizeof(label) - 1, made, sizeof(made)))
		abort();
	memcpy(keys->sign, made, sizeof(keys->sign));
	memcpy(keys->tag, made + sizeof(keys->sign), sizeof(keys->tag));
}

uint64_t affinity_tag(const struct affinity_keys *keys, uint64_t identity)
{
	const __u64 key[2] = {keys->tag[0], keys->tag[1]};

	return qs_siphash13(key, &identity, sizeof(identity));
}

static void store(uint8_t *octets, size_t size, uint64_t number)
{
	while (size--) {
		octets[size] = (uint8_t)number;
		number >>= 8;
	}
}

static uint64_t load(const uint8_t *octets, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | octets[i];
	return number;
}

static void sign(const struct affinity_keys *keys, const char *pool,
		 const uint8_t token[TOKEN], uint8_t signature[SIGNATURE])
{
	uint8_t whole[WC_SHA256_DIGEST_SIZE];
	Hmac hmac;
	int err = wc_HmacInit(&hmac, NULL, INVALID_DEVID);

	err |= wc_HmacSetKey(&hmac, WC_SHA256, keys->sign, sizeof(keys->sign));
	err |= wc_HmacUpdate(&hmac, token, SIGNED);
	err |= wc_HmacUpdate(&hmac, (const byte *)pool, (word32)strlen(pool));
	err |= wc_HmacFinal(&hmac, whole);
	wc_HmacFree(&hmac);
	/* Only a wolfSSL without SHA-256 fails here. */
	if (err)
		abort();
	memcpy(signature, whole, SIGNATURE);
}

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 29 octets are 38 digits of six bits and one of four. */
static void encode(char text[AFFINITY_TOKEN_SIZE], const uint8_t token[TOKEN])
{
	for (size_t i = 0; i < AFFINITY_TOKEN_LENGTH; i++) {
		size_t octet = i * 6 / 8, bit = i * 6 % 8;
		unsigned pair = token[octet] << 8;

		if (octet + 1 < TOKEN)
			pair |= token[octet + 1];
		text[i] = digits[pair >> (10 - bit) & 63];
	}
	text[AFFINITY_TOKEN_LENGTH] = '\0';
}

static int decode(uint8_t token[TOKEN], const char *text, size_t size)
{
	unsigned bits = 0, count = 0;
	size_t octets = 0;

	if (size != AFFINITY_TOKEN_LENGTH)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		const char *digit = memchr(digits, text[i], sizeof(digits) - 1);

		if (!digit)
			return -EINVAL;
		bits = bits << 6 | (unsigned)(digit - digits);
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		token[octets++] = (uint8_t)(bits >> count);
	}
	/* The same token in other digits would be another text for it. */
	return bits & ((1U << count) - 1) ? -EINVAL : 0;
}

void affinity_token_write(char text[AFFINITY_TOKEN_SIZE],
			  const struct affinity_keys *keys, const char *pool,
			  uint64_t tag, uint64_t now_s)
{
	uint8_t token[TOKEN] = {VERSION};

	store(token + 1, 4, now_s);
	store(token + 5, 8, tag);
	sign(keys, pool, token, token + SIGNED);
	encode(text, token);
}

/* In a time that does not tell where they differ. */
static bool are_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
	volatile uint8_t difference = 0;

	while (size--)
		difference |= a[size] ^ b[size];
	return !difference;
}

int affinity_token_read(const struct affinity_keys *keys, const char *pool,
			const char *text, size_t size, uint64_t now_s,
			uint32_t max_age_s, uint64_t *ret_tag,
			uint32_t *ret_age_s)
{
	uint8_t token[TOKEN], signature[SIGNATURE];
	uint64_t made_s;

	if (decode(token, text, size) < 0 || token[0] != VERSION)
		return -EINVAL;
	sign(keys, pool, token, signature);
	made_s = load(token + 1, 4);
	if (!are_equal(signature, token + SIGNED, SIGNATURE) ||
	    made_s > now_s + AFFINITY_CLOCK_SKEW_S)
		return -EACCES;
	*ret_age_s = made_s < now_s ? (uint32_t)(now_s - made_s) : 0;
	if (max_age_s && *ret_age_s > max_age_s)
		return -ETIME;
	*ret_tag = load(token + 5, 8);
	return 0;
}
