/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a request must be before anything is done with it (RFC 9114, 4.1.2 to
 * 4.3; RFC 9110, 5), whichever front it came from. Pure.
 */
#ifndef TERMINATOR_MESSAGE_H
#define TERMINATOR_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "terminator/exchange.h"

/* What is known of a request that is well formed. */
struct message {
	bool head;	 /* HEAD: the response has no body */
	bool safe;	 /* by its method (RFC 9110, 9.2.1) */
	bool idempotent; /* by its method (RFC 9110, 9.2.2) */
	bool connect;	 /* CONNECT */
	bool has_length; /* there is a Content-Length: */
	uint64_t length; /* octets */
};

/* message_check fills in `message` (all of it). Returns 0, or -EPROTO if the
 * request is malformed. */
int message_check(struct message *message, const struct exchange_request *from);

/* message_check_trailers does so for a trailer section. */
int message_check_trailers(const struct field *trailers, size_t count);

#endif
