/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ngtcp2's callbacks for packet and header protection (RFC 9001, 5), on the
 * keys that ngtcp2_crypto made: AES in one call of wolfCrypt for each packet,
 * without the two copies and the allocations of wolfSSL's EVP layer. ChaCha20
 * goes that way.
 */
#ifndef TERMINATOR_PACKET_PROTECTION_H
#define TERMINATOR_PACKET_PROTECTION_H

#include <ngtcp2/ngtcp2.h>

/* packet_seal is an ngtcp2_encrypt: writes the ciphertext and its tag to
 * `to`. */
int packet_seal(uint8_t *to, const ngtcp2_crypto_aead *aead,
		const ngtcp2_crypto_aead_ctx *key, const uint8_t *text,
		size_t text_size, const uint8_t *nonce, size_t nonce_size,
		const uint8_t *header, size_t header_size);

/* packet_open is an ngtcp2_decrypt; `text_size` counts the tag, too. */
int packet_open(uint8_t *to, const ngtcp2_crypto_aead *aead,
		const ngtcp2_crypto_aead_ctx *key, const uint8_t *text,
		size_t text_size, const uint8_t *nonce, size_t nonce_size,
		const uint8_t *header, size_t header_size);

/* packet_header_mask is an ngtcp2_hp_mask. */
int packet_header_mask(uint8_t *to, const ngtcp2_crypto_cipher *cipher,
		       const ngtcp2_crypto_cipher_ctx *key,
		       const uint8_t *sample);

#endif
