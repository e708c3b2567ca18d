/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP/3 front (RFC 9114): nghttp3 between a connection's streams and
 * exchanges. Errors are those of nghttp3 and concern the whole connection; what
 * concerns one stream resets that stream only.
 */
#ifndef TERMINATOR_H3_H
#define TERMINATOR_H3_H

#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>

struct conn;
struct h3;
struct h3_stream;

/* h3_new opens the control and QPACK streams on `conn`. Returns NULL when
 * memory is short or the client allows too few streams. */
struct h3 *h3_new(struct conn *conn);

/* h3_free cancels all requests and frees. */
void h3_free(struct h3 *h3);

/* h3_next_data asks which stream has what to send, as
 * nghttp3_conn_writev_stream does. */
nghttp3_ssize h3_next_data(struct h3 *h3, int64_t *stream_id, int *fin,
			   nghttp3_vec *vectors, size_t count);

/* What became of the data: `size` octets went into packets, or the stream is
 * blocked by flow control, or shut for writing. Return 0 or an error. */
int h3_sent(struct h3 *h3, int64_t stream_id, size_t size);
void h3_blocked(struct h3 *h3, int64_t stream_id);
void h3_shut(struct h3 *h3, int64_t stream_id);

/* h3_ended tells that the end of the stream went into a packet: what is left of
 * a request behind its response is not read any more. */
void h3_ended(struct h3 *h3, int64_t stream_id);

/* The events of the QUIC streams. `stream` is the user data of the QUIC stream,
 * which h3 sets: NULL of one that is no request. h3_begins is told the first
 * octets of a stream before h3_receive is. The others return 0 or an error. */
void h3_begins(struct h3 *h3, int64_t stream_id, const uint8_t *data,
	       size_t size);
int h3_receive(struct h3 *h3, int64_t stream_id, struct h3_stream *stream,
	       const uint8_t *data, size_t size, bool fin);
int h3_acked(struct h3 *h3, int64_t stream_id, struct h3_stream *stream,
	     uint64_t size);
int h3_unblocked(struct h3 *h3, int64_t stream_id, struct h3_stream *stream);
int h3_stop_reading(struct h3 *h3, int64_t stream_id);
int h3_cancelled(struct h3 *h3, int64_t stream_id, struct h3_stream *stream);
int h3_stream_opened(struct h3 *h3, int64_t stream_id);
int h3_stream_closed(struct h3 *h3, int64_t stream_id, struct h3_stream *stream,
		     uint64_t error_code);

/* h3_confirmed tells that the handshake is complete: no request is anybody's
 * replay. */
void h3_confirmed(struct h3 *h3);

/* h3_error_code tells the code that closes the connection for such an error. */
uint64_t h3_error_code(int error);

/* h3_goaway sends GOAWAY: a notice first (last = false), then the real one. */
void h3_goaway(struct h3 *h3, bool last);

/* h3_going_away lets tunnels end well. Returns whether there is something to be
 * written for it. */
bool h3_going_away(struct h3 *h3);

/* h3_request_count tells how many requests are open. */
size_t h3_request_count(const struct h3 *h3);

/* h3_end_unread resets the streams whose response the client has not taken
 * anything of for `limit_ns`: it gives no window, or acknowledges nothing. */
void h3_end_unread(struct h3 *h3, uint64_t now_ns, uint64_t limit_ns);

/* h3_drained tells whether the last GOAWAY is out and no request is open. */
bool h3_drained(struct h3 *h3);

#endif
