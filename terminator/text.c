/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/text.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct text *text, size_t size)
{
	size_t capacity = text->capacity ? text->capacity : 256;
	char *data;

	if (text->failed)
		return false;
	if (size <= text->capacity - text->size)
		return true;
	while (capacity - text->size < size)
		capacity *= 2;
	data = realloc(text->data, capacity);
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->capacity = capacity;
	return true;
}

void text_add(struct text *text, const void *data, size_t size)
{
	if (!size || !make_room(text, size))
		return;
	memcpy(text->data + text->size, data, size);
	text->size += size;
}

void text_add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_clear(struct text *text)
{
	text->size = 0;
	text->failed = false;
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}
