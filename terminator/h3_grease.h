/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is reserved in HTTP/3 for no other end than to keep clients tolerant: a
 * setting in our SETTINGS and a stream (RFC 9114, 7.2.4.1 and 6.2.3). nghttp3
 * makes neither; both are put between it and ngtcp2. (The reserved transport
 * parameter is in deploy/patches/ngtcp2-grease-parameter.patch.)
 */
#ifndef TERMINATOR_H3_GREASE_H
#define TERMINATOR_H3_GREASE_H

#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	H3_GREASE_ADDED = 5, /* octets of the setting */
	H3_GREASE_BEGIN = 48 /* of the control stream's begin, at most */
};

struct h3_grease {
	int64_t stream;	 /* that is to be begun and ended; -1: none */
	int64_t control; /* our control stream */
	/* Instead of `replaced` octets of nghttp3's. ngtcp2 needs them until
	 * they are acknowledged. */
	uint8_t begin[H3_GREASE_BEGIN];
	uint8_t size, replaced, sent, acked;
};

/* h3_grease_settings copies the begin of a control stream, its type and whole
 * SETTINGS of less than 59 octets, with a reserved setting more: number and
 * value are drawn from `random`. Returns the size of the copy, or 0 when it is
 * none or larger than `to`. Pure. */
size_t h3_grease_settings(uint8_t to[H3_GREASE_BEGIN], const uint8_t *from,
			  size_t size, uint32_t random);

/* h3_grease_open opens the reserved stream, if the client allows one more. */
void h3_grease_open(struct h3_grease *grease, ngtcp2_conn *conn,
		    int64_t control);

/* h3_grease_data takes what nghttp3_conn_writev_stream gave, `count` vectors,
 * and returns how many are to be sent instead. */
nghttp3_ssize h3_grease_data(struct h3_grease *grease, int64_t *stream_id,
			     int *fin, nghttp3_vec *vectors,
			     nghttp3_ssize count);

/* h3_grease_take tells whether it is the reserved stream, of which nghttp3
 * knows nothing; no more is sent of it then, a part of it does. */
bool h3_grease_take(struct h3_grease *grease, int64_t stream_id);

/* How many octets of nghttp3's it is that `size` octets were sent, or
 * acknowledged: none before all of the begin was. */
size_t h3_grease_sent(struct h3_grease *grease, int64_t stream_id, size_t size);
uint64_t h3_grease_acked(struct h3_grease *grease, int64_t stream_id,
			 uint64_t size);

#endif
