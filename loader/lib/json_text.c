/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/json_text.h"
#include "loader/lib/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How many octets the character at `text` has; 0: it is not UTF-8. */
static int character_size(const char *text, size_t length)
{
	char piece[5] = "";
	uint32_t character;

	memcpy(piece, text, length < 4 ? length : 4);
	return qs_utf8_next(piece, &character);
}

/* The letter of a two-character escape, or 0. */
static char short_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

/* Writes the character that begins at `text`. Returns how many octets it took
 * there; *ret_size is how many it takes here. */
static size_t escape(char to[static QS_JSON_OCTET_MAX + 1], const char *text,
		     size_t length, size_t *ret_size)
{
	unsigned char octet = *text;
	int octets = octet ? character_size(text, length) : 0;

	if (short_escape(*text)) {
		to[0] = '\\';
		to[1] = short_escape(*text);
		*ret_size = 2;
		return 1;
	}
	if (!octets || octet < ' ' || octet == 0x7f) {
		*ret_size = snprintf(to, QS_JSON_OCTET_MAX + 1, "\\u%04x",
				     (unsigned)octet);
		return 1;
	}
	memcpy(to, text, octets);
	*ret_size = octets;
	return octets;
}

static bool is_plain(unsigned char octet)
{
	return octet >= ' ' && octet < 0x7f && octet != '"' && octet != '\\';
}

size_t qs_json_text(char *to, size_t size, const char *text, size_t length)
{
	size_t used = 0;

	while (length) {
		char piece[QS_JSON_OCTET_MAX + 1];
		size_t taken = 1, octets = 1;

		if (is_plain(*text))
			*piece = *text;
		else
			taken = escape(piece, text, length, &octets);
		if (octets > size - used)
			break;
		memcpy(to + used, piece, octets);
		used += octets;
		text += taken;
		length -= taken;
	}
	return used;
}
