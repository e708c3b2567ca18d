/* SPDX-License-Identifier: GPL-2.0-only */
/* Where lines of the access log go, as its thread sees it. Calls may block. */
#ifndef TERMINATOR_ACCESS_WRITE_H
#define TERMINATOR_ACCESS_WRITE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct access_file {
	int fd; /* -1: none */
	bool is_pipe;
	bool torn;		    /* it ends within a line */
	bool failing;		    /* the last write failed */
	atomic_uint_fast64_t *lost; /* counts lines that were not written */
};

/* access_file_use goes on with `fd`, which is the file's from now on. */
void access_file_use(struct access_file *file, int fd);

/* access_file_write writes whole lines. What cannot be written is counted; the
 * first failure in a row is logged. */
void access_file_write(struct access_file *file, const char *lines,
		       size_t size);

/* access_file_close closes it. */
void access_file_close(struct access_file *file);

/* access_file_lines counts the line feeds. */
size_t access_file_lines(const char *lines, size_t size);

#endif
