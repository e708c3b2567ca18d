/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists the open connections on a pipe, one line of JSON each, as
 * quicsteer/control.h says. Lines are written as the reader takes them, a few
 * at a time, so that neither many connections nor a slow reader hold up the
 * loop. A connection that begins or ends meanwhile may or may not be listed.
 */
#ifndef TERMINATOR_LISTING_H
#define TERMINATOR_LISTING_H

struct conn;
struct listing;
struct quic;
struct tcp;
struct tcp_conn;

/* listing_start lists the connections of `quic` and `tcp` as those of
 * terminator `name` (which must outlive the listing) on the pipe `fd`, which it
 * takes over, and closes it after the last. Returns 0 or -errno; `fd` is closed
 * then. */
int listing_start(struct quic *quic, const struct tcp *tcp, const char *name,
		  int fd);

/* listings_skip tells all listings that a connection goes. */
void listings_skip(struct listing *listings, const struct conn *conn);
void listings_skip_tcp(struct listing *listings, const struct tcp_conn *conn);

/* listings_close breaks all listings off. */
void listings_close(struct listing *listings);

#endif
