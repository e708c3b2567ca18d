/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * qlog for those who look into single QUIC connections: a file for each, off
 * unless the configuration names where to write; then it is written at once,
 * from the event loop. Failures are counted and harm nothing else.
 */
#ifndef TERMINATOR_DEBUG_FILES_H
#define TERMINATOR_DEBUG_FILES_H

#include <ngtcp2/ngtcp2.h>

#include "terminator/quic.h"

struct conn;

/* debug_files_warn says in the log what is on. */
void debug_files_warn(const struct qs_config_quic *options);

/* debug_qlog_open creates conn->qlog_fd, for ngtcp2's settings.qlog_write to
 * be debug_qlog_write. It stays -1 if qlog is off or the file cannot be made.
 */
void debug_qlog_open(struct conn *conn, const ngtcp2_cid *original_dcid,
		     const ngtcp2_cid *scid);
void debug_qlog_write(void *conn, uint32_t flags, const void *data,
		      size_t size);
void debug_qlog_close(struct conn *conn);

#endif
