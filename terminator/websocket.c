/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/sha.h>

#include "terminator/websocket.h"

#include <assert.h>
#include <string.h>

static void encode(char *text, word32 room, const uint8_t *data, word32 size)
{
	word32 length = room;
	int result = Base64_Encode_NoNl(data, size, (byte *)text, &length);

	assert(result == 0 && length == room - 1);
	(void)result;
	text[length] = '\0';
}

void websocket_key(char key[WEBSOCKET_KEY_SIZE],
		   const uint8_t random[WEBSOCKET_RANDOM])
{
	encode(key, WEBSOCKET_KEY_SIZE, random, WEBSOCKET_RANDOM);
}

void websocket_accept(char accept[WEBSOCKET_ACCEPT_SIZE], const char *key)
{
	static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	byte digest[WC_SHA_DIGEST_SIZE];
	wc_Sha sha;

	wc_InitSha(&sha);
	wc_ShaUpdate(&sha, (const byte *)key, strlen(key));
	wc_ShaUpdate(&sha, (const byte *)suffix, strlen(suffix));
	wc_ShaFinal(&sha, digest);
	wc_ShaFree(&sha);
	encode(accept, WEBSOCKET_ACCEPT_SIZE, digest, sizeof(digest));
}
