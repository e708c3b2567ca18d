/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A request as HTTP/1.1 for a backend (RFC 9112). Pure. message_check has to be
 * asked before, so that no request can be smuggled into another one.
 */
#ifndef TERMINATOR_H1_REQUEST_H
#define TERMINATOR_H1_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "terminator/exchange.h"
#include "terminator/forwarding.h"
#include "terminator/message.h"
#include "terminator/text.h"
#include "terminator/websocket.h"

/* The longest header section that is written. */
enum { H1_REQUEST_HEAD_MAX = 64 * 1024 };

struct h1_request {
	struct text head; /* request line, fields, empty line */
	bool has_length;  /* the body is framed by Content-Length: */
	uint64_t length;  /* octets */
	bool chunked;	  /* the body is framed by chunks */
	bool expects;	  /* the body waits for 100 (RFC 9110, 10.1.1) */
	bool websocket;	  /* to be upgraded; the body is raw */
	/* To be set before, where the message is for a WebSocket. */
	char websocket_key[WEBSOCKET_KEY_SIZE];
};

/*
 * h1_request_write fills `request` (all else zeros before) from what the front
 * tells and message_check found: origin-form target, Host from the authority,
 * no connection-specific fields, cookies joined (RFC 9114, 4.2.1), and what
 * forwarding_write adds. A valid Content-Length frames the body; without one, a
 * body that follows is chunked. Extended CONNECT becomes GET with Upgrade.
 *
 * Returns 0, or -E2BIG (over H1_REQUEST_HEAD_MAX) or -ENOMEM. The caller frees
 * request->head always.
 */
int h1_request_write(struct h1_request *request,
		     const struct exchange_request *from,
		     const struct message *message,
		     const struct forwarding *forwarding);

/* h1_request_drop_early_data takes the Early-Data field out of what was
 * written. */
void h1_request_drop_early_data(struct h1_request *request);

/* h1_request_write_last_chunk writes the end of a chunked body with trailers,
 * without those that may not stand there. Returns 0, -EPROTO (malformed),
 * -E2BIG or -ENOMEM. */
int h1_request_write_last_chunk(struct text *text, const struct field *trailers,
				size_t count);

#endif
