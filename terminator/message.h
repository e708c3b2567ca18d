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
	bool connect;	 /* CONNECT, but for: */
	bool websocket;	 /* extended CONNECT to one (RFC 8441, 5) */
	bool has_length; /* there is a Content-Length: */
	uint64_t length; /* octets */
};

/* message_split sorts a section that begins with pseudo-header fields (HTTP/2,
 * HTTP/3) into `request`, whose parts for them must be zeros before. An absent
 * `:authority` is taken from the Host field. Everything points to `fields`.
 * Returns 0, or -EPROTO if one is unknown, comes twice, or comes late. */
int message_split(struct exchange_request *request, const struct field *fields,
		  size_t count);

/* message_check fills in `message` (all of it). Returns 0, or -EPROTO if the
 * request is malformed: whatever RFC 9114, 4.2 and 4.3, RFC 9110, 5, call so,
 * and what could be one request here and another one at the backend. Fields are
 * never corrected. Connection-specific fields may only come by HTTP/1.1. */
int message_check(struct message *message, const struct exchange_request *from);

/* message_check_trailers does so for a trailer section, where nothing may stand
 * that frames or routes a message. */
int message_check_trailers(const struct field *trailers, size_t count);

#endif
