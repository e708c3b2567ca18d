/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bounded FIFO of body octets in fixed chunks. It has one writer and one
 * reader, and the reader has two positions: what it has read (handed to the
 * transport) and what it has released (acknowledged by the peer, or written
 * to the backend). Octets stay at their address from append to release.
 */
#ifndef TERMINATOR_BODY_H
#define TERMINATOR_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <linux/types.h>

enum {
	BODY_PLENTY = 64 * 1024 * 1024,
	BODY_LEAN = 64 * 1024,
};

struct body_chunk;

struct body {
	struct body_chunk *first;   /* oldest chunk with unreleased octets */
	struct body_chunk *last;    /* where the writer appends */
	struct body_chunk *reading; /* where the reader goes on */
	size_t reading_offset;	    /* in `reading` */
	size_t released_offset;	    /* in `first` */
	size_t held;		    /* octets appended and not released */
	size_t unread;		    /* octets appended and not read */
	size_t limit;		    /* most octets that it should hold */
	__u64 *gauge;		    /* also counts the held octets, or NULL */
};

/* body_init makes `body` an empty FIFO of at most `limit` octets. `gauge`, if
 * not NULL, goes up and down with the octets held and must outlive it. */
void body_init(struct body *body, size_t limit, __u64 *gauge);

/* body_free drops all octets and frees the chunks. */
void body_free(struct body *body);

/* body_space tells how many octets may be appended before the limit. While the
 * gauge is above BODY_PLENTY, the limit is BODY_LEAN at most: thousands of slow
 * readers must not each fill a window. */
size_t body_space(const struct body *body);

/* body_is_low tells whether so much was released that a writer who met the
 * limit may go on. */
bool body_is_low(const struct body *body);

/* body_append copies `size` octets to the end. The limit is the writer's to
 * respect (it stops reading its source when body_space is 0); a last append
 * may go over it. Returns 0 or -ENOMEM (then nothing was appended). */
int body_append(struct body *body, const void *data, size_t size);

/* body_peek fills at most `count` vectors with the unread octets, in order,
 * and returns how many it filled. The octets stay valid until released. */
size_t body_peek(const struct body *body, struct iovec *vectors, size_t count);

/* body_read moves the reader on by `size` octets (at most body->unread). */
void body_read(struct body *body, size_t size);

/* body_release frees the oldest `size` octets, which must have been read. */
void body_release(struct body *body, size_t size);

#endif
