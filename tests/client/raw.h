/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The streams of a client that sends whatever octets it is told to on them, and
 * keeps what it gets until the end. Nothing here knows HTTP/3 but raw_print.
 */
#ifndef TESTS_CLIENT_RAW_H
#define TESTS_CLIENT_RAW_H

#include "tests/client/connection.h"

#include <jansson.h>

enum {
	RAW_STREAMS = 64,
	RAW_NAME_SIZE = 32,
	RAW_RECEIVED_MAX = 4 * 1024 * 1024, /* octets kept of a stream */
};

/* Octets as one command gave them. ngtcp2 needs them until they are acked, so
 * they stay. */
struct raw_piece {
	struct raw_piece *next;
	size_t size;
	uint8_t data[];
};

struct raw_stream {
	char name[RAW_NAME_SIZE];
	int64_t id;
	struct raw_piece *first, *last;
	struct raw_piece *current; /* is being sent; NULL: nothing is left */
	size_t sent;		   /* octets of `current` */
	bool end, end_sent;	   /* FIN behind the last piece */
	bool blocked, shut;
	uint8_t *received;
	size_t received_size;
	bool ended;	/* the peer sent FIN */
	bool closed;	/* gone */
	bool with_code; /* ... by a reset */
	uint64_t code;
};

struct raw_session {
	struct connection connection;
	struct raw_stream streams[RAW_STREAMS];
	size_t stream_count;
	bool ready; /* the handshake is complete */
	bool over;
	/* Something happened: the script may go on. From the loop or from
	 * inside ngtcp2. */
	void (*changed)(struct raw_session *session);
};

extern const struct connection_app raw_app;

/* raw_open opens a stream. Returns NULL if there can be no more. */
struct raw_stream *raw_open(struct raw_session *session, const char *name,
			    bool unidirectional);

/* raw_find finds a stream by its name, or returns NULL. */
struct raw_stream *raw_find(struct raw_session *session, const char *name);

/* raw_send appends a copy of the octets to what the stream sends. */
void raw_send(struct raw_stream *stream, const uint8_t *data, size_t size);

/* raw_end sends FIN behind them. */
void raw_end(struct raw_stream *stream);

/* raw_is_over tells whether nothing more can come on the stream. */
bool raw_is_over(const struct raw_session *session,
		 const struct raw_stream *stream);

/* raw_print tells what came on a stream as an HTTP/3 response: see h3raw's
 * usage. */
json_t *raw_print(const struct raw_stream *stream);

/* raw_free frees what the streams keep. */
void raw_free(struct raw_session *session);

#endif
