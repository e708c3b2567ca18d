/* SPDX-License-Identifier: GPL-2.0-only */
/* The key and the answer of a WebSocket's handshake (RFC 6455, 1.3). Pure. */
#ifndef TERMINATOR_WEBSOCKET_H
#define TERMINATOR_WEBSOCKET_H

#include <stdint.h>

enum {
	WEBSOCKET_RANDOM = 16,
	WEBSOCKET_KEY_SIZE = 25, /* with its NUL; so the next one */
	WEBSOCKET_ACCEPT_SIZE = 29,
};

/* websocket_key writes the value of Sec-WebSocket-Key. */
void websocket_key(char key[WEBSOCKET_KEY_SIZE],
		   const uint8_t random[WEBSOCKET_RANDOM]);

/* websocket_accept writes the Sec-WebSocket-Accept that must come back. */
void websocket_accept(char accept[WEBSOCKET_ACCEPT_SIZE], const char *key);

#endif
