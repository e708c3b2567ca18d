/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct raw_stream *stream_of(struct raw_session *session, int64_t id)
{
	for (size_t i = 0; i < session->stream_count; i++)
		if (session->streams[i].id == id)
			return &session->streams[i];
	return NULL;
}

struct raw_stream *raw_find(struct raw_session *session, const char *name)
{
	for (size_t i = 0; i < session->stream_count; i++)
		if (!strcmp(session->streams[i].name, name))
			return &session->streams[i];
	return NULL;
}

struct raw_stream *raw_open(struct raw_session *session, const char *name,
			    bool unidirectional)
{
	struct raw_stream *stream = &session->streams[session->stream_count];
	ngtcp2_conn *quic = session->connection.quic;
	int64_t id;

	if (session->stream_count == RAW_STREAMS || session->over)
		return NULL;
	if (unidirectional ? ngtcp2_conn_open_uni_stream(quic, &id, NULL)
			   : ngtcp2_conn_open_bidi_stream(quic, &id, NULL))
		return NULL;
	session->stream_count++;
	stream->id = id;
	snprintf(stream->name, sizeof(stream->name), "%s", name);
	return stream;
}

void raw_send(struct raw_stream *stream, const uint8_t *data, size_t size)
{
	struct raw_piece *piece = calloc(1, sizeof(*piece) + size);

	if (!piece)
		abort();
	piece->size = size;
	memcpy(piece->data, data, size);
	if (stream->last)
		stream->last->next = piece;
	else
		stream->first = piece;
	stream->last = piece;
	if (!stream->current)
		stream->current = piece;
}

void raw_end(struct raw_stream *stream)
{
	stream->end = true;
}

bool raw_is_over(const struct raw_session *session,
		 const struct raw_stream *stream)
{
	return session->over || stream->closed || stream->ended;
}

static int on_ready(void *user)
{
	struct raw_session *session = user;

	session->ready = true;
	session->changed(session);
	return 0;
}

static int on_data(void *user, int64_t id, const uint8_t *data, size_t size,
		   bool end)
{
	struct raw_session *session = user;
	struct raw_stream *stream = stream_of(session, id);

	ngtcp2_conn_extend_max_stream_offset(session->connection.quic, id,
					     size);
	ngtcp2_conn_extend_max_offset(session->connection.quic, size);
	if (!stream)
		return 0; /* the server's own */
	if (stream->received_size + size > RAW_RECEIVED_MAX) {
		connection_fail(&session->connection, "too much came");
		return -1;
	}
	stream->received =
		realloc(stream->received, stream->received_size + size + 1);
	if (!stream->received)
		abort();
	if (size)
		memcpy(stream->received + stream->received_size, data, size);
	stream->received_size += size;
	stream->ended = stream->ended || end;
	session->changed(session);
	return 0;
}

static int on_closed(void *user, int64_t id, bool with_code, uint64_t code)
{
	struct raw_session *session = user;
	struct raw_stream *stream = stream_of(session, id);

	if (!stream)
		return 0;
	stream->closed = true;
	stream->with_code = with_code;
	stream->code = code;
	session->changed(session);
	return 0;
}

static int on_unblocked(void *user, int64_t id)
{
	struct raw_stream *stream = stream_of(user, id);

	if (stream)
		stream->blocked = false;
	return 0;
}

static int on_blocked(void *user, int64_t id)
{
	stream_of(user, id)->blocked = true;
	return 0;
}

static int on_shut(void *user, int64_t id)
{
	stream_of(user, id)->shut = true;
	return 0;
}

static ssize_t on_next(void *user, int64_t *ret_stream, bool *ret_end,
		       ngtcp2_vec *vectors, size_t count)
{
	struct raw_session *session = user;

	for (size_t i = 0; i < session->stream_count; i++) {
		struct raw_stream *stream = &session->streams[i];
		struct raw_piece *piece = stream->current;
		size_t skip = stream->sent;
		size_t used = 0;

		if (stream->blocked || stream->shut || stream->closed ||
		    (!piece && (!stream->end || stream->end_sent)))
			continue;
		for (; piece && used < count; piece = piece->next) {
			vectors[used].base = piece->data + skip;
			vectors[used++].len = piece->size - skip;
			skip = 0;
		}
		*ret_stream = stream->id;
		*ret_end = stream->end && !piece;
		return (ssize_t)used;
	}
	return 0;
}

static int on_sent(void *user, int64_t id, size_t size)
{
	struct raw_stream *stream = stream_of(user, id);

	while (stream && stream->current) {
		size_t left = stream->current->size - stream->sent;

		if (size < left) {
			stream->sent += size;
			return 0;
		}
		size -= left;
		stream->sent = 0;
		stream->current = stream->current->next;
	}
	if (stream)
		stream->end_sent = stream->end;
	return 0;
}

static void on_ended(void *user, const char *failed)
{
	struct raw_session *session = user;

	(void)failed;
	session->over = true;
	session->changed(session);
}

const struct connection_app raw_app = {
	.ready = on_ready,
	.stream_data = on_data,
	.stream_closed = on_closed,
	.stream_unblocked = on_unblocked,
	.next = on_next,
	.sent = on_sent,
	.blocked = on_blocked,
	.shut = on_shut,
	.ended = on_ended,
};

void raw_free(struct raw_session *session)
{
	for (size_t i = 0; i < session->stream_count; i++) {
		struct raw_stream *stream = &session->streams[i];

		while (stream->first) {
			struct raw_piece *piece = stream->first;

			stream->first = piece->next;
			free(piece);
		}
		free(stream->received);
	}
}
