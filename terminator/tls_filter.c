/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/tls_filter.h"

enum { CLIENT_HELLO = 1, FINISHED = 20, HEADER_SIZE = 4 };

static bool type_allowed(enum tls_filter_level level, uint8_t type)
{
	switch (level) {
	case TLS_FILTER_INITIAL:
		return type == CLIENT_HELLO;
	case TLS_FILTER_HANDSHAKE:
		return type == FINISHED;
	default:
		return false;
	}
}

bool tls_filter_allows(struct tls_filter *filter, enum tls_filter_level level,
		       const uint8_t *data, size_t size)
{
	uint8_t header_size = filter->level[level].header_size;
	uint32_t left = filter->level[level].left;

	while (size) {
		if (header_size == HEADER_SIZE && left) {
			uint32_t piece = size < left ? (uint32_t)size : left;

			left -= piece;
			data += piece;
			size -= piece;
			continue;
		}
		if (header_size == HEADER_SIZE)
			header_size = 0;
		if (header_size == 0) {
			if (!type_allowed(level, *data))
				return false;
			left = 0;
		} else {
			left = left << 8 | *data;
		}
		header_size++;
		data++;
		size--;
	}
	filter->level[level].header_size = header_size;
	filter->level[level].left = left;
	return true;
}
