/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/field_section.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "terminator/message.h"

struct field_place {
	size_t name, name_size, value, value_size;
};

/* Makes room for `need` items of `size` octets; doubles what is there, or
 * begins with `least`. */
static int grow(void **items, size_t *room, size_t need, size_t size,
		size_t least)
{
	size_t want = *room ? *room : least;
	void *more;

	if (need <= *room)
		return 0;
	while (want < need)
		want *= 2;
	more = realloc(*items, want * size);
	if (!more)
		return -ENOMEM;
	*items = more;
	*room = want;
	return 0;
}

int field_section_add(struct field_section *fields, const uint8_t *name,
		      size_t name_size, const uint8_t *value, size_t value_size,
		      size_t limit)
{
	struct field_place *place;

	if (fields->section_size + name_size + value_size + 32 > limit)
		return -EMSGSIZE;
	if (grow((void **)&fields->places, &fields->room, fields->count + 1,
		 sizeof(*fields->places), 16) ||
	    grow((void **)&fields->text, &fields->text_room,
		 fields->text_size + name_size + value_size, 1, 512))
		return -ENOMEM;
	fields->section_size += name_size + value_size + 32;
	place = &fields->places[fields->count++];
	place->name = fields->text_size;
	place->name_size = name_size;
	place->value = fields->text_size + name_size;
	place->value_size = value_size;
	if (name_size)
		memcpy(fields->text + place->name, name, name_size);
	if (value_size)
		memcpy(fields->text + place->value, value, value_size);
	fields->text_size += name_size + value_size;
	return 0;
}

int field_section_list(struct field_section *fields,
		       const struct field **ret_list, size_t *ret_count)
{
	size_t i;

	free(fields->list);
	fields->list = calloc(fields->count + 1, sizeof(*fields->list));
	if (!fields->list)
		return -ENOMEM;
	for (i = 0; i < fields->count; i++) {
		const struct field_place *place = &fields->places[i];

		fields->list[i].name = fields->text + place->name;
		fields->list[i].name_size = place->name_size;
		fields->list[i].value = fields->text + place->value;
		fields->list[i].value_size = place->value_size;
	}
	*ret_list = fields->list;
	*ret_count = fields->count;
	return 0;
}

int field_section_request(struct field_section *fields,
			  struct exchange_request *request)
{
	const struct field *list;
	size_t count;
	int result = field_section_list(fields, &list, &count);

	memset(request, 0, sizeof(*request));
	return result < 0 ? result : message_split(request, list, count);
}

void field_section_free(struct field_section *fields)
{
	free(fields->places);
	free(fields->text);
	free(fields->list);
	memset(fields, 0, sizeof(*fields));
}
