/* SPDX-License-Identifier: GPL-2.0-only */
/* Which octets of a file a response has, and what stands between them
 * (RFC 9110, 14.6). Pure. */
#ifndef TERMINATOR_FILES_PLAN_H
#define TERMINATOR_FILES_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terminator/byte_ranges.h"

enum {
	FILES_PLAN_TEXT = 384, /* room for what stands between, with NUL */
	FILES_PLAN_BOUNDARY = 16 + 1 /* hexadecimal digits and NUL */
};

struct files_plan {
	struct byte_ranges ranges; /* 0 of them: the body is empty */
	bool partial;		   /* 206 */
	bool multipart;		   /* there are texts between */
	uint64_t size;		   /* of the file */
	uint64_t length;	   /* of the body */
	const char *type;	   /* the file's Content-Type */
	char boundary[FILES_PLAN_BOUNDARY];
};

/* files_plan_whole plans all of a file of `size` octets. */
void files_plan_whole(struct files_plan *plan, uint64_t size);

/* files_plan_ranges plans ranges of it, at least one. `type` must outlive the
 * plan. `random` makes the boundary of several, which the file must not
 * hold. */
void files_plan_ranges(struct files_plan *plan, uint64_t size,
		       const struct byte_ranges *ranges, const char *type,
		       uint64_t random);

/* files_plan_before writes what stands before the range of this index, or, if
 * there is none, behind the last one. Returns its size. */
size_t files_plan_before(const struct files_plan *plan, size_t index,
			 char text[static FILES_PLAN_TEXT]);

#endif
