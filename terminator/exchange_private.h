/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The side of an exchange where its response is made: for handlers (pool.c and
 * what belongs to it, answer.c, files.c) and the hooks on the way only. The
 * calls that tell the front something (exchange_got_*, exchange_answer,
 * exchange_failed, exchange_sent_body) may only be made from the event loop or
 * from a call of the front's that allows callbacks.
 */
#ifndef TERMINATOR_EXCHANGE_PRIVATE_H
#define TERMINATOR_EXCHANGE_PRIVATE_H

#include "quicsteer/abi.h"
#include "terminator/accept_encoding.h"
#include "terminator/affinity.h"
#include "terminator/body.h"
#include "terminator/exchange.h"
#include "terminator/fields.h"
#include "terminator/h1_request.h"
#include "terminator/later.h"
#include "terminator/message.h"
#include "terminator/proxy_protocol.h"
#include "terminator/site.h"
#include "terminator/websocket_frames.h"

struct access_record;
struct compressor;
struct h1_client;
struct response_values;

/* What makes the response of a route's requests. All may be called once begin
 * has returned 0, and only until the exchange has its end. */
struct exchange_handler {
	/* Takes what it needs of the request; tells the front nothing yet.
	 * Returns 0, or -errno: exchange_new deals with it. */
	int (*begin)(struct exchange *exchange,
		     const struct exchange_request *request);
	/* More of the request body is in exchange->request_body. NULL: the body
	 * is dropped as it comes. */
	void (*request_more)(struct exchange *exchange);
	/* The request has ended, with these trailers. Returns 0, -E2BIG or
	 * -ENOMEM. NULL with request_more. */
	int (*request_end)(struct exchange *exchange,
			   const struct field *trailers, size_t count);
	/* The response body has space again. */
	void (*response_space)(struct exchange *exchange);
	/* Ends all work and frees what the handler has; always called once,
	 * also when the response is complete. */
	void (*cancel)(struct exchange *exchange);
};

/* Why an exchange has no response from a backend: X(name, status, text). */
#define EXCHANGE_FAILURES(X)                                                  \
	X(SLOW, 408, "408 Request Timeout: the request came too slowly\n")    \
	X(BODY_TOO_LARGE, 413, "413 Content Too Large\n")                     \
	X(URI_TOO_LONG, 414, "414 URI Too Long\n")                            \
	X(TOO_MANY, 429, "429 Too Many Requests\n")                           \
	X(MISDIRECTED, 421,                                                   \
	  "421 Misdirected Request: not a host of this connection\n")         \
	X(HEAD_TOO_LARGE, 431, "431 Request Header Fields Too Large\n")       \
	X(NO_ROUTE, 404, "404 Not Found: no route for this host and path\n")  \
	X(FILE, 500, "500 Internal Server Error: the file cannot be read\n")  \
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
	X(TLS, 502, "502 Bad Gateway: TLS with the backend failed\n")         \
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
};

/* Whether a request without a body that was forwarded in 0-RTT, with an
 * Early-Data of ours, may be sent again after a 425 (RFC 8470, 5.2). */
enum exchange_earliness {
	EXCHANGE_ON_TIME,   /* no */
	EXCHANGE_EARLY,	    /* once the handshake is complete */
	EXCHANGE_CONFIRMED, /* it is complete now */
	EXCHANGE_TOO_EARLY, /* waits for that, to be sent again */
};

struct exchange {
	struct router *router;
	struct upstream_shared *shared;
	struct site *site;	   /* a reference to it; NULL: none yet */
	const struct route *route; /* of the site; NULL: none */
	const struct exchange_handler *handler; /* NULL: it has ended */
	struct upstream *upstream; /* never NULL: where it is counted */
	const struct exchange_front *front;
	void *user;
	enum qs_protocol protocol;
	uint64_t begun_ns;	      /* uv_hrtime */
	char request_id[64];	      /* "": none */
	struct access_record *access; /* access.h; NULL: no line */
	bool peer_trusted;	      /* what it says of others is believed */
	bool finished;	  /* the front has got all of the response */
	unsigned calling; /* callbacks of the front under way */
	struct later_work later;
	enum exchange_failure failure; /* the last one */
	void *work; /* the handler's own, of other handlers */

	/* The pool's. */
	enum exchange_place place;
	struct h1_client *client;
	struct binding binding;
	struct exchange *prev; /* in one of the upstream's lists */
	struct exchange *next;
	uint64_t wait_end;		      /* loop time, ms */
	uint64_t tried[QS_MAX_BACKENDS / 64]; /* a bit for each row */
	bool tried_any;
	enum exchange_earliness earliness;
	bool retried;	   /* after a stale connection */
	unsigned retries;  /* at other backends */
	uint64_t deadline; /* loop time, ms; 0: none */
	uint8_t proxy_header[PROXY_PROTOCOL_SIZE]; /* of its connections */
	size_t proxy_size;			   /* 0: none */
	struct h1_request request;
	struct text last_chunk; /* ends a chunked body */

	/* The request. */
	struct message message;
	struct body request_body;
	uint64_t request_received; /* octets of the body so far */
	bool request_ended;	   /* the front gave all of it */
	bool request_dropped;	   /* nobody takes the rest of it */

	/* The response. */
	struct body response_body;
	enum coding coding;	       /* that the client likes best */
	struct compressor *compressor; /* compress.h; NULL: none */
	bool head_told;
	bool response_ended; /* nothing is appended any more */
	bool broken;
	struct response_values *response_values; /* exchange_rules.h; or NULL */
	unsigned status;			 /* of `head`; 0 before */
	struct websocket_frames frames;		 /* of a tunnel's */
	uint64_t response_size; /* octets of the body that the front read */
	struct field_list trailers;
};

/* exchange_defer has the event loop call `run` with the exchange, unless it is
 * freed or another `run` is set before. */
void exchange_defer(struct exchange *exchange, later_run *run);

/* exchange_of_later gives the exchange that `run` is called for. */
struct exchange *exchange_of_later(struct later_work *work);

/* exchange_fail_later calls exchange_failed from the event loop. */
void exchange_fail_later(struct exchange *exchange,
			 enum exchange_failure failure);

enum { EXCHANGE_ANSWER_FIELDS = 16 };

/* exchange_answer tells a whole response at once, with at most
 * EXCHANGE_ANSWER_FIELDS fields, and ends the handler's work last: the body is
 * copied and content-length added; left out where the method or status has
 * none. */
void exchange_answer(struct exchange *exchange, unsigned status,
		     const struct field *fields, size_t count, const void *body,
		     size_t size);

/* exchange_got_interim passes on an interim response. */
void exchange_got_interim(struct exchange *exchange, unsigned status,
			  const struct field *fields, size_t count);

/* exchange_got_head passes on the final header section, with a Date if it has
 * none. */
void exchange_got_head(struct exchange *exchange, unsigned status,
		       const struct field *fields, size_t count, bool end);

/* exchange_got_body appends response octets; exchange_got_more must follow.
 * Returns 0 or -ENOMEM. */
int exchange_got_body(struct exchange *exchange, const void *data, size_t size);

/* exchange_got_more tells the front that there is more to read. */
void exchange_got_more(struct exchange *exchange);

/* exchange_got_end ends the response; nobody reads the rest of the request. The
 * handler's work has ended. */
void exchange_got_end(struct exchange *exchange, const struct field *trailers,
		      size_t count);

/* exchange_failed tells the front of a failure: by an answer of our own, or
 * after `head` by `broken`. The handler's work has ended. */
void exchange_failed(struct exchange *exchange, enum exchange_failure failure);

/* exchange_sent_body releases request octets that the backend has got. */
void exchange_sent_body(struct exchange *exchange, size_t size);

#endif
