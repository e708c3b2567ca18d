/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One HTTP request and its response: the core that the fronts (HTTP/3; later
 * HTTP/2 and HTTP/1.1) and the upstream plug into. It speaks in requests,
 * bodies and responses and knows nothing of QUIC.
 *
 * Life: the front makes an exchange when a request's header section is
 * complete and well formed, feeds it the request body, reads the response from
 * it, and frees it when its stream is closed, finished or not. Freeing cancels
 * what is still under way upstream. Callbacks may come from the event loop and
 * during exchange_request_body and exchange_request_end, not during the other
 * calls; a front must not free the exchange inside one.
 *
 * Memory: an exchange holds at most EXCHANGE_REQUEST_WINDOW octets of request
 * body (the front's flow control keeps to it: see `request_consumed`) and about
 * EXCHANGE_RESPONSE_WINDOW octets of response body (it stops reading from the
 * backend), whatever the size of the bodies.
 */
#ifndef TERMINATOR_EXCHANGE_H
#define TERMINATOR_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "quicsteer/counters.h"

enum {
	EXCHANGE_REQUEST_WINDOW = 256 * 1024,
	EXCHANGE_RESPONSE_WINDOW = 1024 * 1024,
};

struct exchange;
struct sockaddr;
struct router; /* the pools of backends and the routes to them: router.h */

/* A header or trailer field. Names are in lower case. Not NUL terminated. */
struct field {
	const char *name;
	size_t name_size;
	const char *value;
	size_t value_size;
};

/* What the front tells of a request. Everything is copied. */
struct exchange_request {
	struct field method; /* value only, as are the next three */
	struct field scheme;
	struct field authority;	    /* `:authority`, else the Host field */
	struct field path;	    /* with query */
	const struct field *fields; /* without pseudo-header fields */
	size_t field_count;
	bool end;		  /* no body and no trailers follow */
	bool header_too_large;	  /* there were more fields: 431 */
	const char *peer_address; /* the client's IP address as text */
	/* The authority is none of those that the connection is for (RFC 9110,
	 * 15.5.20). */
	bool misdirected;
	bool early_data; /* came in 0-RTT: it may be somebody's replay */
	enum qs_protocol protocol; /* the front's */
	/* `:protocol` of extended CONNECT (RFC 8441, RFC 9220), value only;
	 * zeros: none came. */
	struct field tunnel;
	/* The client's address and port, and ours; NULL: not known. */
	const struct sockaddr *peer;
	const struct sockaddr *local;
};

/* What an exchange tells its front. `user` is the front's own. */
struct exchange_front {
	/* A 1xx response other than 101; any number of times before `head`. */
	void (*interim)(void *user, unsigned status, const struct field *fields,
			size_t count);
	/* The response's header section, without connection-specific fields
	 * (RFC 9114, 4.2). `end`: neither body nor trailers follow. Comes once,
	 * also for answers of our own (400, 404, 502, 503, 504). */
	void (*head)(void *user, unsigned status, const struct field *fields,
		     size_t count, bool end);
	/* More response octets, or the end, can be read. */
	void (*readable)(void *user);
	/* `size` octets of the request body are gone upstream (or dropped):
	 * the front may let the client send as many more. */
	void (*request_consumed)(void *user, size_t size);
	/* The response broke off after `head`: the stream must be reset, so
	 * that nobody takes the part for the whole. Nothing follows. */
	void (*broken)(void *user);
};

/* exchange_new begins the request as the route that `router` finds says.
 * `front` must outlive the exchange. Returns 0 with the exchange; every failure
 * is told by `head` with 4xx or 5xx, but: -EPROTO if the request is malformed
 * (RFC 9114, 4.1.2: the front resets the stream; nothing was begun), -ENOMEM.
 */
int exchange_new(struct router *router, const struct exchange_front *front,
		 void *user, const struct exchange_request *request,
		 struct exchange **ret_exchange);

/* exchange_request_body passes on a piece of the request body (copied).
 * Returns 0, or (then the request is cancelled upstream and no callback
 * follows) -ENOMEM, or -EMSGSIZE if the piece exceeds the window or the
 * declared Content-Length (the front resets the stream: a malformed message,
 * RFC 9114, 4.1.2). */
int exchange_request_body(struct exchange *exchange, const void *data,
			  size_t size);

/* exchange_request_end ends the request body, with trailers (count 0 for
 * none). Returns 0, or (then the request is cancelled upstream and no callback
 * follows) -EPROTO if the body is shorter than its declared Content-Length or a
 * trailer is not valid (malformed, as above), -E2BIG or -ENOMEM. Trailers of a
 * body with Content-Length are dropped: HTTP/1.1 has no place for them. */
int exchange_request_end(struct exchange *exchange,
			 const struct field *trailers, size_t count);

/* exchange_confirmed tells that a request with `early_data` is no replay: one
 * that waited for that begins (exchange_early.h). Nothing for others. */
void exchange_confirmed(struct exchange *exchange);

/* exchange_request_unwanted tells whether nobody takes what still comes of the
 * request: the response does not wait for it. */
bool exchange_request_unwanted(const struct exchange *exchange);

/* exchange_request_held tells how many octets of the request body are held: as
 * many that request_consumed was not told of. A front that frees the exchange
 * before its end gives the credit for them back itself. */
size_t exchange_request_held(const struct exchange *exchange);

/* exchange_sender_is_slow ends a request whose body comes too slowly, from the
 * event loop: by 408; one that has its response already just ends. The front
 * then reads no more of it. Returns false, and does nothing, while it is the
 * backend that is slow, or while a response is under way. */
bool exchange_sender_is_slow(struct exchange *exchange);

/* exchange_peek fills vectors with response octets not yet read; 0 = none. */
size_t exchange_peek(const struct exchange *exchange, struct iovec *vectors,
		     size_t count);

/* exchange_read moves on by `size` octets that exchange_peek showed. They stay
 * valid until exchange_release. */
void exchange_read(struct exchange *exchange, size_t size);

/* exchange_release frees the oldest `size` octets that were read (the client
 * has acknowledged them) and lets the backend go on. */
void exchange_release(struct exchange *exchange, size_t size);

/* exchange_at_end tells whether all of the response was read and nothing
 * follows but the trailers; fills them (valid until exchange_free). */
bool exchange_at_end(const struct exchange *exchange,
		     const struct field **trailers, size_t *count);

/* exchange_going_away ends a WebSocket, from the event loop, by a close frame
 * with 1001 (RFC 6455, 7.4.1) as the last octets of its response. Returns
 * false, and does nothing, if it is none or a frame of the backend's has begun
 * and not ended. */
bool exchange_going_away(struct exchange *exchange);

/* exchange_free ends the exchange. If the response was not complete, its
 * backend connection is closed. No callback follows. */
void exchange_free(struct exchange *exchange);

#endif
