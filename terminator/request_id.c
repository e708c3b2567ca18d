/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/request_id.h"

#include <stdio.h>
#include <string.h>

#include "terminator/fields.h"

void request_id_make(char id[REQUEST_ID_SIZE],
		     const uint8_t random[REQUEST_ID_RANDOM])
{
	size_t at = 0;

	for (unsigned i = 0; i < REQUEST_ID_RANDOM; i++) {
		uint8_t octet = random[i];

		if (i == 6)
			octet = (octet & 0x0f) | 0x40;
		if (i == 8)
			octet = (octet & 0x3f) | 0x80;
		if (i == 4 || i == 6 || i == 8 || i == 10)
			id[at++] = '-';
		snprintf(id + at, 3, "%02x", octet);
		at += 2;
	}
}

/* It goes into logs, so nothing that means something there. */
static bool is_valid(const struct field *field)
{
	static const char others[] = "-_.:+/=@";

	for (size_t i = 0; i < field->value_size; i++) {
		char c = field->value[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && (!c || !strchr(others, c)))
			return false;
	}
	return field->value_size && field->value_size < REQUEST_ID_SIZE;
}

bool request_id_take(char id[REQUEST_ID_SIZE],
		     const struct exchange_request *request, const char *name)
{
	struct field found = {0};

	for (size_t i = 0; i < request->field_count; i++) {
		if (!field_is(&request->fields[i], name))
			continue;
		if (found.name)
			return false;
		found = request->fields[i];
	}
	field_trim(&found);
	if (!found.name || !is_valid(&found))
		return false;
	memcpy(id, found.value, found.value_size);
	id[found.value_size] = '\0';
	return true;
}
