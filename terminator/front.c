/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/front.h"

#include <string.h>

#include "terminator/fields.h"

bool front_has_field(const struct field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (field_is(&fields[i], name))
			return true;
	return false;
}

size_t front_take_body(struct exchange *exchange, uint8_t *data, size_t size)
{
	struct iovec pieces[8];
	size_t count = exchange_peek(exchange, pieces, 8), done = 0;

	for (size_t i = 0; i < count && done < size; i++) {
		size_t n = pieces[i].iov_len;

		if (n > size - done)
			n = size - done;
		memcpy(data + done, pieces[i].iov_base, n);
		done += n;
	}
	if (done) {
		exchange_read(exchange, done);
		exchange_release(exchange, done);
	}
	return done;
}
