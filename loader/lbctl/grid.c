/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/grid.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 1 };

void grid_init(struct grid *grid, const struct grid_column *columns,
	       size_t column_count)
{
	*grid = (struct grid){.columns = columns, .column_count = column_count};
}

static bool make_room(struct grid *grid)
{
	size_t capacity = grid->capacity ? 2 * grid->capacity : 64;
	char **cells;

	if (grid->cell_count < grid->capacity)
		return true;
	cells = realloc(grid->cells, capacity * sizeof(*cells));
	if (!cells)
		return false;
	grid->cells = cells;
	grid->capacity = capacity;
	return true;
}

void grid_add(struct grid *grid, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	if (grid->failed)
		return;
	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0 || !make_room(grid)) {
		if (length >= 0)
			free(text);
		grid->failed = true;
		return;
	}
	grid->cells[grid->cell_count++] = text;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t line_width(const struct grid *grid, const size_t *widths)
{
	size_t sum = 0;

	for (size_t i = 0; i < grid->column_count; i++)
		sum += widths[i] + (i ? GAP : 0);
	return sum;
}

/* Takes from the last column, then from those before it, what is too much. */
static void fit(const struct grid *grid, size_t *widths, size_t width)
{
	size_t sum = line_width(grid, widths);

	for (size_t i = grid->column_count; i-- && sum > width;) {
		size_t smallest = grid->columns[i].smallest;
		size_t take = sum - width;

		if (!smallest || widths[i] <= smallest)
			continue;
		if (take > widths[i] - smallest)
			take = widths[i] - smallest;
		widths[i] -= take;
		sum -= take;
	}
}

static void print_cell(FILE *stream, const char *text, size_t width, bool right,
		       bool last)
{
	size_t length = strlen(text);

	if (length > width)
		fprintf(stream, "%.*s~", width ? (int)width - 1 : 0, text);
	else if (right)
		fprintf(stream, "%*s", (int)width, text);
	else if (last)
		fputs(text, stream);
	else
		fprintf(stream, "%-*s", (int)width, text);
}

int grid_print(const struct grid *grid, FILE *stream, size_t width)
{
	size_t widths[GRID_MAX_COLUMNS], columns = grid->column_count;
	size_t rows = grid->cell_count / columns;

	for (size_t i = 0; i < columns; i++) {
		widths[i] = strlen(grid->columns[i].title);
		for (size_t row = 0; row < rows; row++)
			widths[i] =
				larger(widths[i],
				       strlen(grid->cells[row * columns + i]));
	}
	if (width != GRID_NO_LIMIT)
		fit(grid, widths, width);
	for (size_t line = 0; line <= rows; line++) {
		for (size_t i = 0; i < columns; i++) {
			const char *text =
				line ? grid->cells[(line - 1) * columns + i]
				     : grid->columns[i].title;

			if (i)
				fprintf(stream, "%*s", GAP, "");
			print_cell(stream, text, widths[i],
				   grid->columns[i].right, i == columns - 1);
		}
		fputc('\n', stream);
	}
	return grid->failed ? -1 : 0;
}

void grid_clear(struct grid *grid)
{
	for (size_t i = 0; i < grid->cell_count; i++)
		free(grid->cells[i]);
	free(grid->cells);
	grid_init(grid, grid->columns, grid->column_count);
}
