/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/openssl/evp.h>

#include "terminator/packet_protection.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <string.h>

enum { TAG_SIZE = 16, BLOCK_SIZE = 16 };

/* The AES key of a context that wolfSSL_quic_crypt_new made for GCM, or
 * NULL. */
static Aes *gcm_key(void *handle)
{
	WOLFSSL_EVP_CIPHER_CTX *context = handle;

	switch (context->cipherType) {
	case AES_128_GCM_TYPE:
	case AES_256_GCM_TYPE:
		return &context->cipher.aes;
	default:
		return NULL;
	}
}

int packet_seal(uint8_t *to, const ngtcp2_crypto_aead *aead,
		const ngtcp2_crypto_aead_ctx *key, const uint8_t *text,
		size_t text_size, const uint8_t *nonce, size_t nonce_size,
		const uint8_t *header, size_t header_size)
{
	Aes *aes = gcm_key(key->native_handle);

	if (!aes)
		return ngtcp2_crypto_encrypt_cb(to, aead, key, text, text_size,
						nonce, nonce_size, header,
						header_size);
	return wc_AesGcmEncrypt(aes, to, text, (word32)text_size, nonce,
				(word32)nonce_size, to + text_size, TAG_SIZE,
				header, (word32)header_size)
		       ? NGTCP2_ERR_CALLBACK_FAILURE
		       : 0;
}

int packet_open(uint8_t *to, const ngtcp2_crypto_aead *aead,
		const ngtcp2_crypto_aead_ctx *key, const uint8_t *text,
		size_t text_size, const uint8_t *nonce, size_t nonce_size,
		const uint8_t *header, size_t header_size)
{
	Aes *aes = gcm_key(key->native_handle);
	size_t size;

	if (!aes)
		return ngtcp2_crypto_decrypt_cb(to, aead, key, text, text_size,
						nonce, nonce_size, header,
						header_size);
	if (text_size < TAG_SIZE)
		return NGTCP2_ERR_DECRYPT;
	size = text_size - TAG_SIZE;
	return wc_AesGcmDecrypt(aes, to, text, (word32)size, nonce,
				(word32)nonce_size, text + size, TAG_SIZE,
				header, (word32)header_size)
		       ? NGTCP2_ERR_DECRYPT
		       : 0;
}

int packet_header_mask(uint8_t *to, const ngtcp2_crypto_cipher *cipher,
		       const ngtcp2_crypto_cipher_ctx *key,
		       const uint8_t *sample)
{
	WOLFSSL_EVP_CIPHER_CTX *context = key->native_handle;
	uint8_t block[BLOCK_SIZE];

	switch (context->cipherType) {
	case AES_128_CTR_TYPE:
	case AES_256_CTR_TYPE:
		/* A block of a counter that begins at the sample. */
		if (wc_AesEncryptDirect(&context->cipher.aes, block, sample))
			return NGTCP2_ERR_CALLBACK_FAILURE;
		memcpy(to, block, NGTCP2_HP_MASKLEN);
		return 0;
	default:
		return ngtcp2_crypto_hp_mask_cb(to, cipher, key, sample);
	}
}
