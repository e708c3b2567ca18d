/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the response to one request from a backend's octets (RFC 9112), as
 * strictly as llhttp can, and refuses what llhttp lets through but a proxy must
 * not. Pure: octets in, events out.
 */
#ifndef TERMINATOR_H1_RESPONSE_H
#define TERMINATOR_H1_RESPONSE_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#include "terminator/fields.h"
#include "terminator/text.h"

enum {
	/* All header and trailer sections of a response together, octets. */
	H1_RESPONSE_HEAD_MAX = 64 * 1024,
	H1_RESPONSE_FIELDS_MAX = 256, /* in one section */
	/* What comes before the final header section's end, octets: interim
	 * responses, too. */
	H1_RESPONSE_BEGIN_MAX = 128 * 1024,
	H1_RESPONSE_EXTENSION_MAX = 4096, /* of one chunk, octets */
};

/* Each returns 0 to go on or -errno, which h1_response_feed then returns. The
 * fields are those for the client (no connection-specific ones, Via added) and
 * valid during the call. */
struct h1_response_events {
	int (*interim)(void *user, unsigned status, const struct field *fields,
		       size_t count);
	/* `end`: the response has neither body nor trailers. */
	int (*head)(void *user, unsigned status, const struct field *fields,
		    size_t count, bool end);
	int (*body)(void *user, const void *data, size_t size);
};

struct h1_response {
	llhttp_t parser;
	const struct h1_response_events *events;
	void *user;
	const char *via;	  /* value of the Via field to add */
	struct field_list fields; /* of the section that is read */
	struct text name;	  /* of the field that is read */
	struct text value;
	size_t head_size;      /* octets in sections so far */
	size_t read_size;      /* octets so far, of all */
	size_t extension_size; /* octets of the chunk's extensions so far */
	bool head_method;      /* the request was HEAD */
	/* A WebSocket was asked for: the Sec-WebSocket-Accept of its 101, which
	 * is told as 200; all behind it is body. */
	const char *websocket_accept;
	bool is_tunnel;	 /* 101 came */
	bool head_done;	 /* fields that come now are trailers */
	bool keep_alive; /* once complete: the connection can be used again */
	int error;	 /* what an event or a check of ours returned */
};

/* h1_response_init makes a reader that is all set up but for begin. */
void h1_response_init(struct h1_response *response,
		      const struct h1_response_events *events, void *user,
		      const char *via);

/* h1_response_begin makes it ready for the response to the next request. */
void h1_response_begin(struct h1_response *response, bool head_method);

/* h1_response_upgrade tells, after begin, that the request is for a WebSocket,
 * with the Sec-WebSocket-Accept that must come, which it borrows. */
void h1_response_upgrade(struct h1_response *response, const char *accept);

/*
 * h1_response_feed reads octets. Returns 0 (more must come), 1 (the response is
 * complete: `keep_alive` is set, and `fields` holds the trailers until the next
 * begin), -EPROTO (malformed), -ENOMEM, or what an event returned. Octets
 * behind a complete response are not read and clear `keep_alive`. After 1 or an
 * error it must not be fed before the next begin.
 */
int h1_response_feed(struct h1_response *response, const char *data,
		     size_t size);

/* h1_response_finish tells that the connection has ended. Returns 1 if that
 * completes the response, else -EPROTO. */
int h1_response_finish(struct h1_response *response);

/* h1_response_free frees its memory. */
void h1_response_free(struct h1_response *response);

#endif
