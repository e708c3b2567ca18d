/* SPDX-License-Identifier: GPL-2.0-only */
/* From the path of a request to the name of a file below a root. Pure. */
#ifndef TERMINATOR_FILES_PATH_H
#define TERMINATOR_FILES_PATH_H

#include <stdbool.h>
#include <stddef.h>

enum { FILES_PATH_SIZE = 4096 }; /* of the kernel's paths, with NUL */

struct files_path {
	char name[FILES_PATH_SIZE]; /* relative; "." is the root itself */
	bool is_directory;	    /* it ends with a slash */
};

/*
 * files_path_read takes what follows the route's path in the request's, without
 * the query. Percent-encoding is decoded once. `bare`: it lacks the slash that
 * the route's path ends with. `hidden`: names that begin with a dot are served,
 * too. Returns 0; -EINVAL (400) for a % that encodes no octet or a NUL; -ENOENT
 * (404) for names that no file is served by: with an encoded slash, "." and
 * "..", hidden ones (but .well-known of RFC 8615), empty ones ("a//b"); or
 * -ENAMETOOLONG (404).
 */
int files_path_read(struct files_path *path, const char *rest, size_t size,
		    bool bare, bool hidden);

#endif
