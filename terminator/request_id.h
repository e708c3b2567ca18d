/* SPDX-License-Identifier: GPL-2.0-only */
/* IDs of requests, for logs. Pure. */
#ifndef TERMINATOR_REQUEST_ID_H
#define TERMINATOR_REQUEST_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "terminator/exchange.h"

enum {
	REQUEST_ID_SIZE = 64,	/* with its NUL */
	REQUEST_ID_RANDOM = 16, /* octets */
};

/* request_id_make writes a UUID of version 4 (RFC 9562, 5.4). */
void request_id_make(char id[REQUEST_ID_SIZE],
		     const uint8_t random[REQUEST_ID_RANDOM]);

/* request_id_take copies the ID that came in the field of this name, in lower
 * case. Returns false if none came, more than one, or one that is not 1 to
 * REQUEST_ID_SIZE - 1 of letters, digits and "-_.:+/=@". */
bool request_id_take(char id[REQUEST_ID_SIZE],
		     const struct exchange_request *request, const char *name);

#endif
