/* SPDX-License-Identifier: GPL-2.0-only */
/* The Range field (RFC 9110, 14). Pure. */
#ifndef TERMINATOR_BYTE_RANGES_H
#define TERMINATOR_BYTE_RANGES_H

#include <stddef.h>
#include <stdint.h>

enum { BYTE_RANGES_MAX = 16 };

struct byte_range {
	uint64_t first, last; /* inclusive */
};

struct byte_ranges {
	struct byte_range list[BYTE_RANGES_MAX];
	size_t count;
};

enum byte_ranges_result {
	BYTE_RANGES_NONE,	   /* the field is to be ignored: send all */
	BYTE_RANGES_SOME,	   /* send these */
	BYTE_RANGES_UNSATISFIABLE, /* 416 */
};

/*
 * byte_ranges_parse reads the field's value for a representation of `size`
 * octets. Ranges behind its end are left out, the others cut to it. The field
 * is to be ignored if it is not of the form, has more than BYTE_RANGES_MAX
 * ranges, or asks for more octets than there are (overlapping ranges that would
 * have us send much for little).
 */
enum byte_ranges_result byte_ranges_parse(struct byte_ranges *ranges,
					  const char *value, size_t value_size,
					  uint64_t size);

#endif
