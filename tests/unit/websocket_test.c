/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/websocket.h"

#include <criterion/criterion.h>

/* RFC 6455, 1.3: its own example. */
Test(websocket, example_of_the_standard)
{
	char key[WEBSOCKET_KEY_SIZE], accept[WEBSOCKET_ACCEPT_SIZE];

	websocket_key(key, (const uint8_t *)"the sample nonce");
	cr_expect_str_eq(key, "dGhlIHNhbXBsZSBub25jZQ==");
	websocket_accept(accept, key);
	cr_expect_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
