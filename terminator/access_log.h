/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The access log: lines go into a buffer of bounded size, and a thread of its
 * own writes them out. The event loop never waits for the file, which may be a
 * pipe that nobody reads: lines that find no room are dropped and counted.
 *
 * All calls are the event loop's. Several processes may write to one file:
 * whole lines are added to its end; to a pipe, in pieces that pipes do not mix
 * unless a line alone is longer (PIPE_BUF).
 */
#ifndef TERMINATOR_ACCESS_LOG_H
#define TERMINATOR_ACCESS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/lib/config.h"

struct access_line;
struct access_log;

enum { ACCESS_LOG_BUFFER = 1024 * 1024 }; /* in two halves */

/* access_log_new makes one that is off and costs next to nothing. Returns NULL
 * when memory is short. */
struct access_log *access_log_new(void);

/* access_log_open opens the file ("-": standard output) to add lines to.
 * Returns the descriptor or -errno. */
int access_log_open(const char *file);

/* access_log_start makes buffer and thread if they are not there yet. Returns 0
 * or -errno. */
int access_log_start(struct access_log *log);

/* access_log_use writes from now on as `config` says, to `fd`, which is the
 * log's then; the log must have been started. NULL or no format: it is off,
 * what is in the buffer is still written. `config` must outlive its use. */
void access_log_use(struct access_log *log,
		    const struct qs_config_access_log *config, int fd);

/* access_log_reopen opens the file by its name again; if that fails it goes on
 * with the one it has, and the reason is logged. */
void access_log_reopen(struct access_log *log);

/* access_log_wants tells whether the next request shall have a line. NULL: no.
 */
bool access_log_wants(struct access_log *log);

/* access_log_add writes a line, or counts it as dropped. */
void access_log_add(struct access_log *log, const struct access_line *line);

/* access_log_take_lost tells how many lines were dropped since it was asked
 * last: for lack of room, or because writing failed. */
uint64_t access_log_take_lost(struct access_log *log);

/* access_log_close writes out what is in the buffer, for 2 s at most, and frees
 * the log. Returns how many lines were lost since access_log_take_lost. */
uint64_t access_log_close(struct access_log *log);

#endif
