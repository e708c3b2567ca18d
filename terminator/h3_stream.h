/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The request streams of an HTTP/3 connection, private to h3*.c: h3.c has the
 * connection, h3_request.c feeds the exchange, h3_response.c reads from it.
 */
#ifndef TERMINATOR_H3_STREAM_H
#define TERMINATOR_H3_STREAM_H

#include <nghttp3/nghttp3.h>
#include <stdbool.h>

#include "terminator/exchange.h"
#include "terminator/h3_control.h"
#include "terminator/h3_grease.h"
#include "terminator/field_section.h"
#include "terminator/limits.h"

struct h3 {
	struct conn *conn;
	nghttp3_conn *nghttp3;
	struct h3_stream *streams; /* requests */
	size_t tunnels;		   /* of them */
	struct h3_grease grease;
	struct h3_control control; /* the client's control stream */
	int64_t control_id;	   /* its ID, -1 before it is known */
	size_t stray_octets;	   /* see h3_receive; not charged yet */
	size_t stray_fields;	   /* so far */
	uint64_t acked_ns;	   /* when the client last took anything */
};

struct h3_stream {
	struct h3 *h3;
	int64_t id;
	struct exchange *exchange;   /* NULL before the header section's end */
	struct field_section fields; /* of the section that is being received */
	struct limits_sender sender;
	bool begun;	/* the header section has; nghttp3 knows the stream */
	bool too_large; /* the section is */
	bool ended;	/* the request ended with its header section */
	bool complete;	/* all of the request came */
	bool stopped;	/* the client was told to send no more of it */
	bool refused;	/* reset: what still comes of the request is ignored */
	bool in_trailers;
	bool is_tunnel;	   /* extended CONNECT (RFC 9220) */
	bool answered;	   /* a response has begun */
	bool blocked;	   /* its window is used up */
	uint64_t unread;   /* octets of the response's body that nghttp3 has */
	uint64_t acked_ns; /* when the client last took some of it, or when it
			      had to begin to */
	struct h3_stream *prev, *next;
};

/* h3_stream_new makes the stream of a request. NULL when memory is short. */
struct h3_stream *h3_stream_new(struct h3 *h3, int64_t id);

/* h3_stream_find finds a stream by its ID, or NULL. */
struct h3_stream *h3_stream_find(struct h3 *h3, int64_t id);

/* h3_stream_free cancels the exchange and frees the stream. */
void h3_stream_free(struct h3_stream *stream);

/* h3_stream_cancel frees the exchange; not to be called from its callbacks. */
void h3_stream_cancel(struct h3_stream *stream);

/* h3_stream_is_tunnel tells that the request is extended CONNECT (RFC 9220).
 * While the stream is there the connection does not end for silence: the
 * client is sent PINGs (RFC 9000, 10.1.2). */
void h3_stream_is_tunnel(struct h3_stream *stream);

/* h3_stream_stop tells the client to send no more of a request that nobody
 * reads, unless all of it is there (RFC 9114, 4.1). */
void h3_stream_stop(struct h3_stream *stream);

/* h3_refuse resets a stream in both directions, on which a request may not even
 * have begun, and counts it. */
void h3_refuse(struct h3 *h3, int64_t stream_id, uint64_t error_code);

/* h3_stream_refuse resets one stream in both directions and counts it; other
 * streams are not touched. */
void h3_stream_refuse(struct h3_stream *stream, uint64_t error_code);

/* h3_extend lets the client send `size` more octets, on the stream and in all
 * (RFC 9000, 4.1). */
void h3_extend(struct h3 *h3, int64_t stream_id, size_t size);

/* What exchanges tell the response's side. */
const struct exchange_front *h3_response_front(void);

/* The callbacks of nghttp3 on the request's side. */
int h3_on_begin_headers(nghttp3_conn *nghttp3, int64_t stream_id,
			void *conn_user, void *stream_user);
int h3_on_begin_trailers(nghttp3_conn *nghttp3, int64_t stream_id,
			 void *conn_user, void *stream_user);
int h3_on_end_trailers(nghttp3_conn *nghttp3, int64_t stream_id, int fin,
		       void *conn_user, void *stream_user);
int h3_on_header(nghttp3_conn *nghttp3, int64_t stream_id, int32_t token,
		 nghttp3_rcbuf *name, nghttp3_rcbuf *value, uint8_t flags,
		 void *conn_user, void *stream_user);
int h3_on_end_headers(nghttp3_conn *nghttp3, int64_t stream_id, int fin,
		      void *conn_user, void *stream_user);
int h3_on_data(nghttp3_conn *nghttp3, int64_t stream_id, const uint8_t *data,
	       size_t size, void *conn_user, void *stream_user);
int h3_on_end_stream(nghttp3_conn *nghttp3, int64_t stream_id, void *conn_user,
		     void *stream_user);

#endif
