/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of text. Columns are as wide as what is in them; where a line would be
 * wider than wanted, the last column is cut first, then those that may be.
 */
#ifndef QS_LBCTL_GRID_H
#define QS_LBCTL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { GRID_MAX_COLUMNS = 16, GRID_NO_LIMIT = 0 };

struct grid_column {
	const char *title;
	bool right;	 /* numbers */
	size_t smallest; /* may be cut down to so many characters; 0: never */
};

struct grid {
	const struct grid_column *columns; /* borrowed */
	size_t column_count;
	char **cells; /* owned, row by row */
	size_t cell_count;
	size_t capacity;
	bool failed; /* out of memory */
};

/* grid_init: an empty table of at most GRID_MAX_COLUMNS columns. */
void grid_init(struct grid *grid, const struct grid_column *columns,
	       size_t column_count);

/* grid_add: the next cell, from left to right, line by line. */
__attribute__((format(printf, 2, 3))) void grid_add(struct grid *grid,
						    const char *format, ...);

/*
 * grid_print: the titles and all whole rows, in lines of at most `width`
 * characters (GRID_NO_LIMIT: of any width). Cells that are cut end in "~".
 * Returns 0, or -1 when memory was short and not all is there.
 */
int grid_print(const struct grid *grid, FILE *stream, size_t width);

/* grid_clear: frees the cells; the table is empty and may be used again. */
void grid_clear(struct grid *grid);

#endif
