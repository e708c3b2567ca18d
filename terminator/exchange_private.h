/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The upstream's side of an exchange: for pool.c and h1_client.c only. The
 * calls that tell the front something (exchange_got_*, exchange_failed,
 * exchange_sent_body) may only be made from the event loop or from a call of
 * the front's that allows callbacks.
 */
#ifndef TERMINATOR_EXCHANGE_PRIVATE_H
#define TERMINATOR_EXCHANGE_PRIVATE_H

#include "quicsteer/abi.h"
#include "terminator/body.h"
#include "terminator/exchange.h"
#include "terminator/fields.h"
#include "terminator/h1_request.h"

struct h1_client;

/* Why an exchange has no response from a backend: X(name, status, text). */
#define EXCHANGE_FAILURES(X)                                                  \
	X(MALFORMED, 400, "400 Bad Request: the request is malformed\n")      \
	X(HEAD_TOO_LARGE, 431, "431 Request Header Fields Too Large\n")       \
	X(NO_ROUTE, 404, "404 Not Found: no route for this host and path\n")  \
	X(NOT_IMPLEMENTED, 501, "501 Not Implemented: no CONNECT here\n")     \
	X(UNREACHABLE, 502, "502 Bad Gateway: no backend can be reached\n")   \
	X(BROKE_OFF, 502,                                                     \
	  "502 Bad Gateway: the backend closed without an answer\n")          \
	X(BAD_RESPONSE, 502,                                                  \
	  "502 Bad Gateway: the backend's answer is malformed\n")             \
	X(NO_BACKENDS, 503, "503 Service Unavailable: there is no backend\n") \
	X(NONE_READY, 503,                                                    \
	  "503 Service Unavailable: no backend takes requests now\n")         \
	X(NO_MEMORY, 503, "503 Service Unavailable: out of memory\n")         \
	X(BUSY, 503,                                                          \
	  "503 Service Unavailable: all backend connections are busy\n")      \
	X(CONNECT_TIMEOUT, 504,                                               \
	  "504 Gateway Timeout: no backend accepted in time\n")               \
	X(TIMEOUT, 504,                                                       \
	  "504 Gateway Timeout: the backend did not answer in time\n")

#define EXCHANGE_FAILURE_ENUM(name, status, text) EXCHANGE_FAILURE_##name,
enum exchange_failure { EXCHANGE_FAILURES(EXCHANGE_FAILURE_ENUM) };

/* Where an exchange stands with the backends. */
enum exchange_place {
	EXCHANGE_NOWHERE,     /* finished there, or given up */
	EXCHANGE_WITH_CLIENT, /* `client` works for it */
	EXCHANGE_WAITING,     /* in the upstream's queue for a connection */
	EXCHANGE_FAILING, /* in the upstream's list: is told `failure` soon */
};

struct exchange {
	struct upstream *upstream;
	const struct exchange_front *front;
	void *user;
	enum qs_protocol protocol;
	uint64_t begun_ns; /* uv_hrtime */
	bool finished;	   /* the front has got all of the response */
	unsigned calling;  /* callbacks of the front under way */

	/* The pool's. */
	enum exchange_place place;
	struct h1_client *client;
	struct exchange *prev; /* in one of the upstream's lists */
	struct exchange *next;
	uint64_t wait_end;		      /* loop time, ms */
	enum exchange_failure failure;	      /* the last one */
	uint64_t tried[QS_MAX_BACKENDS / 64]; /* a bit for each row */
	bool tried_any;
	bool retried; /* after a stale connection */

	/* The request. */
	struct h1_request request;
	struct body request_body;
	uint64_t request_received; /* octets of the body so far */
	bool request_ended;	   /* the front gave all of it */
	bool request_dropped;	   /* nobody takes the rest of it */
	struct text last_chunk;	   /* ends a chunked body */

	/* The response. */
	struct body response_body;
	bool head_told;
	bool response_ended; /* nothing is appended any more */
	bool broken;
	struct field_list trailers;
};

/* exchange_got_interim passes on an interim response. */
void exchange_got_interim(struct exchange *exchange, unsigned status,
			  const struct field *fields, size_t count);

/* exchange_got_head passes on the final header section. */
void exchange_got_head(struct exchange *exchange, unsigned status,
		       const struct field *fields, size_t count, bool end);

/* exchange_got_body appends response octets; exchange_got_more must follow.
 * Returns 0 or -ENOMEM. */
int exchange_got_body(struct exchange *exchange, const void *data, size_t size);

/* exchange_got_more tells the front that there is more to read. */
void exchange_got_more(struct exchange *exchange);

/* exchange_got_end ends the response; nobody reads the rest of the request. The
 * exchange has no client any more. */
void exchange_got_end(struct exchange *exchange, const struct field *trailers,
		      size_t count);

/* exchange_failed tells the front of a failure: by an answer of our own, or
 * after `head` by `broken`. The exchange has no client any more. */
void exchange_failed(struct exchange *exchange, enum exchange_failure failure);

/* exchange_sent_body releases request octets that the backend has got. */
void exchange_sent_body(struct exchange *exchange, size_t size);

#endif
