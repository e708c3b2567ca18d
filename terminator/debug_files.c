/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/debug_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loader/lib/log.h"
#include "loader/lib/parse.h"
#include "terminator/conn.h"

static const struct qs_config_quic *options_of(const struct conn *conn)
{
	return &conn->quic->options.more;
}

static void count_failure(const struct conn *conn)
{
	conn->quic->stats->counters.debug_file_errors++;
}

void debug_files_warn(const struct qs_config_quic *options)
{
	if (options->qlog_directory)
		log_warn("terminator.quic.qlog_directory: a file for each "
			 "QUIC connection is written to %s: for debugging "
			 "only",
			 options->qlog_directory);
	if (options->keylog_file)
		log_warn("terminator.quic.keylog_file: whoever reads %s can "
			 "decrypt what clients send and get: for debugging "
			 "only",
			 options->keylog_file);
}

void debug_qlog_open(struct conn *conn, const ngtcp2_cid *original_dcid,
		     const ngtcp2_cid *scid)
{
	char original[2 * NGTCP2_MAX_CIDLEN + 1], own[sizeof(original)];
	const char *directory = options_of(conn)->qlog_directory;
	char path[PATH_MAX];

	conn->qlog_fd = -1;
	if (!directory)
		return;
	qs_format_hex(original, original_dcid->data, original_dcid->datalen);
	qs_format_hex(own, scid->data, scid->datalen);
	if (snprintf(path, sizeof(path), "%s/%s-%s.sqlog", directory, original,
		     own) < (int)sizeof(path))
		conn->qlog_fd = open(
			path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (conn->qlog_fd < 0)
		count_failure(conn);
}

void debug_qlog_write(void *user, uint32_t flags, const void *data, size_t size)
{
	struct conn *conn = user;

	(void)flags;
	/* Instead of how the record of a packet of padding alone begins,
	 * ngtcp2 1.11 gives the record before it, again; that would spoil the
	 * file for its readers. */
	if (size && memchr(data, '\n', size - 1))
		return;
	if (conn->qlog_fd >= 0 && size &&
	    write(conn->qlog_fd, data, size) != (ssize_t)size)
		count_failure(conn);
}

void debug_qlog_close(struct conn *conn)
{
	if (conn->qlog_fd >= 0)
		close(conn->qlog_fd);
	conn->qlog_fd = -1;
}
