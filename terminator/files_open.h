/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds and opens the file that answers. It may block: for a thread, unless all
 * that it needs is cached. */
#ifndef TERMINATOR_FILES_OPEN_H
#define TERMINATOR_FILES_OPEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "terminator/accept_encoding.h"

struct files_open {
	/* Given. */
	bool cached; /* do not wait for a disk */
	const char *root;
	const char *name;  /* relative to it; "." is itself */
	bool is_directory; /* the path ends with a slash */
	const char *index;
	bool precompressed;
	struct accept_encoding accept;
	/* Found. */
	int fd; /* the caller closes it; -1: none */
	struct stat status;
	enum coding coding;
};

/*
 * files_open_run opens the regular file of the name, or of the index if the
 * name is a directory's, or one of its precompressed variants that the client
 * likes better. Symbolic links are followed as long as they stay below the
 * root, which itself is looked up anew each time. Returns 0, -EISDIR (a
 * directory whose path lacks the slash at its end), -ENOENT (no such file, or
 * no regular one, or it lies outside), -EACCES (it may not be read), -EAGAIN
 * (with `cached`: only a disk can tell) or another -errno.
 */
int files_open_run(struct files_open *open);

/* files_open_same tells whether the file is as it was when it was opened. */
bool files_open_same(int fd, const struct stat *status);

#endif
