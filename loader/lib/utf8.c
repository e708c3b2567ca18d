/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/utf8.h"

int qs_utf8_next(const char *text, uint32_t *ret_character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = *text;
	int octets = lead < 0x80   ? 1
		     : lead < 0xc0 ? 0
		     : lead < 0xe0 ? 2
		     : lead < 0xf0 ? 3
		     : lead < 0xf8 ? 4
				   : 0;
	uint32_t character = octets < 2 ? lead : lead & (0x7f >> octets);

	for (int i = 1; i < octets; i++) {
		unsigned char next = text[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (next & 0x3f);
	}
	if (!octets || character < least[octets] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return octets;
}
