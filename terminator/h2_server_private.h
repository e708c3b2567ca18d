/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the HTTP/2 front share: h2_server.c has the connection's
 * life, h2_server_request.c feeds exchanges, h2_server_response.c reads from
 * them.
 */
#ifndef TERMINATOR_H2_SERVER_PRIVATE_H
#define TERMINATOR_H2_SERVER_PRIVATE_H

#include <nghttp2/nghttp2.h>

#include "terminator/exchange.h"
#include "terminator/frame_budget.h"
#include "terminator/h2_server.h"
#include "terminator/field_section.h"
#include "terminator/tcp_conn.h"

enum {
	H2_MAX_CONTINUATIONS = 16, /* frames of one field section */
	/* The window of all streams together; that of one is the exchange's. */
	H2_CONNECTION_WINDOW = 1024 * 1024,
};

struct h2_stream;

struct h2_server {
	struct tcp_conn *conn;
	nghttp2_session *nghttp2;
	struct h2_stream *streams; /* utlist */
	const uint8_t *piece; /* that nghttp2 wants to send; valid until the */
	size_t piece_size;    /* next one is asked for */
	struct frame_budget budget;
	unsigned continuations; /* of the field section that comes */
	uint64_t begun_ns;	/* when the connection was */
	uint64_t goaway_ns;	/* when the notice was sent; 0: not */
	bool goaway_last;
	uint32_t requests; /* so far */
	bool input_ended;
	bool failed; /* nghttp2 has said its last */
	enum qs_close_reason reason;
};

struct h2_stream {
	struct h2_server *h2;
	int32_t id;
	struct exchange *exchange;   /* NULL before the header section's end */
	struct field_section fields; /* of the section that is being received */
	bool head_done;
	bool ended;	/* the request is complete */
	bool too_large; /* the section: not all of it was kept */
	struct limits_sender sender;
	bool reset;	  /* by the client */
	bool refused;	  /* reset: what still comes of it is ignored */
	uint64_t last_ns; /* octets of it came or went, or a response began */
	struct h2_stream *prev, *next;
};

/* h2_stream_refuse resets the stream and counts it. */
void h2_stream_refuse(struct h2_stream *stream, uint32_t error_code);

/* h2_stream_cancel frees its exchange; not from the exchange's callbacks. */
void h2_stream_cancel(struct h2_stream *stream);

/* h2_set_request_callbacks sets those of the request's side, and
 * h2_set_request_options what they need. */
void h2_set_request_callbacks(nghttp2_session_callbacks *callbacks);
void h2_set_request_options(nghttp2_option *option);

/* h2_drain sends the first GOAWAY, once. */
void h2_drain(struct h2_server *h2);

/* h2_watch_sender has the limits watch the header section that begins. */
void h2_watch_sender(struct h2_stream *stream);

/* h2_spend pays for a frame that brings nothing on, of that kind: a counter
 * flood_*. When nothing is left, it calls h2_flooded. */
void h2_spend(struct h2_server *h2, enum qs_terminator_counter kind);

/* h2_flooded ends the connection with ENHANCE_YOUR_CALM, and counts it. */
void h2_flooded(struct h2_server *h2, enum qs_terminator_counter kind);

extern const struct exchange_front h2_response_front;

#endif
