/* SPDX-License-Identifier: GPL-2.0-only */
/* The body of a file's response, piece by piece. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "terminator/files_private.h"

static const char changed[] = "changed while it was sent";

static uint64_t left_in_part(const struct files_work *work)
{
	const struct byte_range *range = &work->plan.ranges.list[work->part];

	return range->last + 1 - work->offset;
}

/* What there is of the piece in the page cache; -EAGAIN: a thread must wait
 * for it. */
static ssize_t read_cached(const struct files_work *work, void *data,
			   size_t size)
{
	struct iovec vector = {data, size};
	ssize_t read = preadv2(work->open.fd, &vector, 1, (off_t)work->offset,
			       RWF_NOWAIT);

	if (read >= 0)
		return read;
	return errno == EAGAIN || errno == EOPNOTSUPP || errno == EINTR
		       ? -EAGAIN
		       : -errno;
}

static void run_read(uv_work_t *job)
{
	struct files_work *work = job->data;

	do
		work->read = pread(work->open.fd, work->piece, work->piece_size,
				   (off_t)work->offset);
	while (work->read < 0 && errno == EINTR);
	if (work->read < 0)
		work->read = -errno;
}

/* Takes over what was read, if the file is still the same: else it is not known
 * what the octets belong to. Returns whether it goes on. */
static bool take(struct files_work *work, const void *data, ssize_t read)
{
	if (read < 0) {
		files_broken(work, strerror((int)-read));
		return false;
	}
	if (!read || !files_open_same(work->open.fd, &work->open.status)) {
		files_broken(work, changed);
		return false;
	}
	if (exchange_got_body(work->exchange, data, read) < 0) {
		exchange_failed(work->exchange, EXCHANGE_FAILURE_NO_MEMORY);
		return false;
	}
	work->offset += read;
	if (!left_in_part(work)) {
		work->part++;
		work->part_begun = false;
	}
	return true;
}

static void on_read(struct files_work *work)
{
	char *piece = work->piece;

	work->piece = NULL;
	if (take(work, piece, work->read))
		files_send(work);
	free(piece);
}

static bool read_by_thread(struct files_work *work, size_t size)
{
	work->piece = malloc(size);
	if (!work->piece) {
		exchange_failed(work->exchange, EXCHANGE_FAILURE_NO_MEMORY);
		return false;
	}
	work->piece_size = size;
	files_start(work, run_read, on_read);
	return true;
}

/* Puts what stands before the next range, or behind the last one. */
static bool put_before(struct files_work *work)
{
	char text[FILES_PLAN_TEXT];
	size_t size = files_plan_before(&work->plan, work->part, text);

	if (size && exchange_got_body(work->exchange, text, size) < 0) {
		exchange_failed(work->exchange, EXCHANGE_FAILURE_NO_MEMORY);
		return false;
	}
	work->part_begun = true;
	if (work->part < work->plan.ranges.count)
		work->offset = work->plan.ranges.list[work->part].first;
	return true;
}

/* One piece. Returns false if the work has ended. */
static bool send_piece(struct files_work *work)
{
	void *buffer = work->exchange->shared->read_buffer;
	uint64_t left;
	size_t size;
	ssize_t read;

	if (!work->part_begun && !put_before(work))
		return false;
	left = left_in_part(work);
	size = left < FILES_PIECE ? (size_t)left : FILES_PIECE;
	read = read_cached(work, buffer, size);
	return read == -EAGAIN ? read_by_thread(work, size)
			       : take(work, buffer, read);
}

static void go_on(struct later_work *later)
{
	struct exchange *exchange = exchange_of_later(later);

	if (exchange->handler == &files_handler && exchange->work)
		files_send(exchange->work);
}

void files_send(struct files_work *work)
{
	struct exchange *exchange = work->exchange;
	unsigned turn = exchange->compressor ? FILES_TURN : UINT_MAX;

	while (!work->busy && work->part < work->plan.ranges.count &&
	       body_space(&exchange->response_body) && turn--)
		if (!send_piece(work))
			return;
	if (work->part == work->plan.ranges.count) {
		if (put_before(work))
			exchange_got_end(exchange, NULL, 0);
		return;
	}
	if (exchange->compressor && body_space(&exchange->response_body) &&
	    !work->busy)
		exchange_defer(exchange, go_on);
	if (exchange->response_body.unread)
		exchange_got_more(exchange);
}
