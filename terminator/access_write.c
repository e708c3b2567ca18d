/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/access_write.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/lib/log.h"

void access_file_use(struct access_file *file, int fd)
{
	struct stat status;

	access_file_close(file);
	file->fd = fd;
	file->is_pipe = !fstat(fd, &status) && S_ISFIFO(status.st_mode);
}

void access_file_close(struct access_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->torn = false;
}

size_t access_file_lines(const char *lines, size_t size)
{
	const char *end = lines + size;
	size_t count = 0;

	while ((lines = memchr(lines, '\n', end - lines))) {
		lines++;
		count++;
	}
	return count;
}

/* As much as one write(2) shall have: for a pipe, lines that go in without
 * those of others between them. */
static size_t piece_of(const struct access_file *file, const char *lines,
		       size_t size)
{
	const char *end;

	if (!file->is_pipe || size <= PIPE_BUF)
		return size;
	end = memrchr(lines, '\n', PIPE_BUF);
	if (!end)
		end = memchr(lines, '\n', size);
	return end ? (size_t)(end - lines) + 1 : size;
}

/* Returns what was written of the piece, or -errno. Somebody else may have made
 * the open file not block. */
static ssize_t write_some(int fd, const char *data, size_t size)
{
	struct pollfd writable = {.fd = fd, .events = POLLOUT};

	for (;;) {
		ssize_t written = write(fd, data, size);

		if (written >= 0)
			return written;
		if (errno == EAGAIN)
			poll(&writable, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
}

static int write_piece(struct access_file *file, const char *data, size_t size)
{
	while (size) {
		ssize_t written = write_some(file->fd, data, size);

		if (written < 0)
			return (int)written;
		data += written;
		size -= written;
		if (written)
			file->torn = data[-1] != '\n';
	}
	return 0;
}

static void fail(struct access_file *file, int error, size_t lines)
{
	*file->lost += lines;
	if (!file->failing)
		log_error("access log: cannot be written: %s; lines are "
			  "dropped",
			  strerror(-error));
	file->failing = true;
}

void access_file_write(struct access_file *file, const char *lines, size_t size)
{
	int error = 0;

	if (size && file->torn)
		error = write_piece(file, "\n", 1);
	while (size && !error) {
		size_t piece = piece_of(file, lines, size);

		error = write_piece(file, lines, piece);
		if (error)
			break;
		lines += piece;
		size -= piece;
		file->failing = false;
	}
	if (error)
		fail(file, error, access_file_lines(lines, size));
}
