/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A growing piece of text. Appending never fails at once: shortage of memory
 * is remembered, so that a writer checks `failed` once, at its end.
 */
#ifndef TERMINATOR_TEXT_H
#define TERMINATOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *data; /* not NUL terminated; NULL while nothing was appended */
	size_t size;
	size_t capacity;
	bool failed; /* memory was short: `data` is not whole */
};

/* text_add appends `size` octets. */
void text_add(struct text *text, const void *data, size_t size);

/* text_add_string appends a NUL terminated string. */
void text_add_string(struct text *text, const char *string);

/* text_clear empties the text and keeps its memory. */
void text_clear(struct text *text);

/* text_free frees the memory; the text is empty and can be used again. */
void text_free(struct text *text);

#endif
