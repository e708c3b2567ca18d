/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/random.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint8_t pool[1024];
static size_t pool_left;

void random_bytes(void *data, size_t size)
{
	uint8_t *out = data;

	while (size) {
		size_t piece;

		if (!pool_left) {
			/* Up to 256 octets a call are never interrupted. */
			for (size_t at = 0; at < sizeof(pool); at += 256)
				if (getrandom(pool + at, 256, 0) != 256)
					abort();
			pool_left = sizeof(pool);
		}
		piece = size < pool_left ? size : pool_left;
		pool_left -= piece;
		memcpy(out, pool + pool_left, piece);
		/* What was handed out may become a nonce: forget it. */
		memset(pool + pool_left, 0, piece);
		out += piece;
		size -= piece;
	}
}
