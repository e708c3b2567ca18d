/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/body.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* With malloc's own header and ours they take 2 and 16 KiB. */
	SMALL_CHUNK = 2 * 1024 - 32,
	LARGE_CHUNK = 16 * 1024 - 32,
	SPARE_MAX = 256, /* of each size: 4.5 MiB in all */
};

struct body_chunk {
	struct body_chunk *next;
	size_t size; /* octets appended, from the start of data */
	size_t capacity;
	char data[];
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Chunks that were freed, for the next body: most are of short bodies, and
 * malloc() is slow with blocks of this size. */
struct spare {
	struct body_chunk *first;
	size_t count;
};

static struct spare small_spare, large_spare;

static struct body_chunk *new_chunk(bool small)
{
	struct spare *spare = small ? &small_spare : &large_spare;
	size_t capacity = small ? SMALL_CHUNK : LARGE_CHUNK;
	struct body_chunk *chunk = spare->first;

	if (chunk) {
		spare->first = chunk->next;
		spare->count--;
		return chunk;
	}
	chunk = malloc(sizeof(*chunk) + capacity);
	if (chunk)
		chunk->capacity = capacity;
	return chunk;
}

static void free_chunk(struct body_chunk *chunk)
{
	struct spare *spare =
		chunk->capacity == SMALL_CHUNK ? &small_spare : &large_spare;

	if (spare->count == SPARE_MAX) {
		free(chunk);
		return;
	}
	chunk->next = spare->first;
	spare->first = chunk;
	spare->count++;
}

static void free_chain(struct body_chunk *chunk)
{
	while (chunk) {
		struct body_chunk *next = chunk->next;

		free_chunk(chunk);
		chunk = next;
	}
}

/* `begins`: there is none yet, so it may be a short body. */
static struct body_chunk *new_chain(size_t size, bool begins)
{
	bool small = begins && size <= SMALL_CHUNK;
	struct body_chunk *first = NULL, *chunk;

	for (size_t room = 0; room < size; room += chunk->capacity) {
		chunk = new_chunk(small);

		if (!chunk) {
			free_chain(first);
			return NULL;
		}
		chunk->size = 0;
		chunk->next = first;
		first = chunk;
	}
	return first;
}

static void count_held(struct body *body, size_t added, size_t removed)
{
	body->held = body->held + added - removed;
	if (body->gauge)
		*body->gauge = *body->gauge + added - removed;
}

void body_init(struct body *body, size_t limit, __u64 *gauge)
{
	*body = (struct body){.limit = limit, .gauge = gauge};
}

void body_free(struct body *body)
{
	free_chain(body->first);
	count_held(body, 0, body->held);
	body_init(body, body->limit, body->gauge);
}

/* When all bodies together hold much, each may hold little. */
static size_t limit_now(const struct body *body)
{
	if (body->gauge && *body->gauge > BODY_PLENTY)
		return smaller(body->limit, BODY_LEAN);
	return body->limit;
}

size_t body_space(const struct body *body)
{
	size_t limit = limit_now(body);

	return body->held < limit ? limit - body->held : 0;
}

bool body_is_low(const struct body *body)
{
	return body->held <= limit_now(body) / 2;
}

static void link_chain(struct body *body, struct body_chunk *chain)
{
	if (body->last) {
		body->last->next = chain;
		return;
	}
	body->first = chain;
	body->last = chain;
	body->reading = chain;
	body->reading_offset = 0;
	body->released_offset = 0;
}

int body_append(struct body *body, const void *data, size_t size)
{
	size_t room = body->last ? body->last->capacity - body->last->size : 0;
	const char *from = data;
	size_t left = size;

	if (!size)
		return 0;
	if (size > room) {
		struct body_chunk *chain = new_chain(size - room, !body->last);

		if (!chain)
			return -ENOMEM;
		link_chain(body, chain);
	}
	while (left) {
		struct body_chunk *last = body->last;
		size_t part = smaller(left, last->capacity - last->size);

		memcpy(last->data + last->size, from, part);
		last->size += part;
		from += part;
		left -= part;
		if (left)
			body->last = last->next;
	}
	count_held(body, size, 0);
	body->unread += size;
	return 0;
}

size_t body_peek(const struct body *body, struct iovec *vectors, size_t count)
{
	const struct body_chunk *chunk = body->reading;
	size_t offset = body->reading_offset;
	size_t filled = 0;

	for (; chunk && filled < count; chunk = chunk->next, offset = 0) {
		if (offset == chunk->size)
			continue;
		vectors[filled].iov_base = (char *)chunk->data + offset;
		vectors[filled].iov_len = chunk->size - offset;
		filled++;
	}
	return filled;
}

void body_read(struct body *body, size_t size)
{
	assert(size <= body->unread);
	body->unread -= size;
	while (size) {
		size_t part = smaller(size, body->reading->size -
						    body->reading_offset);

		body->reading_offset += part;
		size -= part;
		if (size) {
			body->reading = body->reading->next;
			body->reading_offset = 0;
		}
	}
}

/* All octets of the first chunk are released. The last chunk stays, empty, for
 * what comes next. */
static void drop_first(struct body *body)
{
	struct body_chunk *chunk = body->first;

	body->released_offset = 0;
	if (chunk == body->reading) {
		body->reading = chunk == body->last ? chunk : chunk->next;
		body->reading_offset = 0;
	}
	if (chunk == body->last) {
		chunk->size = 0;
		return;
	}
	body->first = chunk->next;
	free_chunk(chunk);
}

void body_release(struct body *body, size_t size)
{
	assert(size <= body->held - body->unread);
	count_held(body, 0, size);
	while (size) {
		size_t part = smaller(size, body->first->size -
						    body->released_offset);

		body->released_offset += part;
		size -= part;
		if (body->released_offset == body->first->size)
			drop_first(body);
	}
}
