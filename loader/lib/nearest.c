/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t qs_edit_distance(const char *a, const char *b)
{
	/* The rows of the table for i - 2, i - 1 and i letters of a. */
	size_t rows[3][QS_NEAREST_WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > QS_NEAREST_WORD_MAX || b_length > QS_NEAREST_WORD_MAX)
		return SIZE_MAX;

	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;

	for (size_t i = 1; i <= a_length; i++) {
		size_t *oldest = before;

		before = above;
		above = row;
		row = oldest;
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t changed = !same_letter(a[i - 1], b[j - 1]);

			row[j] = smaller(above[j - 1] + changed,
					 smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
	}
	return row[b_length];
}

/* The most changes at which `candidate` is still what `word` may have meant. */
static size_t worth_asking(const char *word, const char *candidate)
{
	size_t longer = strlen(word);

	if (strlen(candidate) > longer)
		longer = strlen(candidate);
	/* Of a single letter nothing would be left. */
	return longer < 2 ? 0 : longer < 6 ? 1 : longer / 3;
}

const char *qs_nearest(const char *word, const char *const *candidates,
		       size_t count)
{
	const char *nearest = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t distance;

		if (!candidates[i])
			continue;
		distance = qs_edit_distance(word, candidates[i]);
		if (distance < least &&
		    distance <= worth_asking(word, candidates[i])) {
			nearest = candidates[i];
			least = distance;
		}
	}
	return nearest;
}
