/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h3_fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct h3_field_place {
	size_t name, name_size, value, value_size;
};

/* Makes room for `need` items of `size` octets; doubles what is there. */
static int grow(void **items, size_t *room, size_t need, size_t size)
{
	size_t want = *room ? *room : 16;
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

int h3_fields_add(struct h3_fields *fields, const uint8_t *name,
		  size_t name_size, const uint8_t *value, size_t value_size,
		  size_t limit)
{
	struct h3_field_place *place;

	if (fields->section_size + name_size + value_size + 32 > limit)
		return -EMSGSIZE;
	if (grow((void **)&fields->places, &fields->room, fields->count + 1,
		 sizeof(*fields->places)) ||
	    grow((void **)&fields->text, &fields->text_room,
		 fields->text_size + name_size + value_size, 1))
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

const struct field *h3_fields_list(struct h3_fields *fields, size_t *count)
{
	size_t i;

	*count = 0;
	free(fields->list);
	fields->list = NULL;
	if (!fields->count)
		return NULL;
	fields->list = calloc(fields->count, sizeof(*fields->list));
	if (!fields->list)
		return NULL;
	for (i = 0; i < fields->count; i++) {
		const struct h3_field_place *place = &fields->places[i];

		fields->list[i].name = fields->text + place->name;
		fields->list[i].name_size = place->name_size;
		fields->list[i].value = fields->text + place->value;
		fields->list[i].value_size = place->value_size;
	}
	*count = fields->count;
	return fields->list;
}

static int named(const struct field *field, const char *name)
{
	return field->name_size == strlen(name) &&
	       !memcmp(field->name, name, field->name_size);
}

static struct field *pseudo_field(struct exchange_request *request,
				  const struct field *field)
{
	if (named(field, ":method"))
		return &request->method;
	if (named(field, ":scheme"))
		return &request->scheme;
	if (named(field, ":authority"))
		return &request->authority;
	if (named(field, ":path"))
		return &request->path;
	return NULL;
}

void h3_fields_request(struct h3_fields *fields,
		       struct exchange_request *request)
{
	const struct field *list;
	size_t count, i;

	memset(request, 0, sizeof(*request));
	list = h3_fields_list(fields, &count);
	for (i = 0; i < count && list[i].name_size && list[i].name[0] == ':';
	     i++) {
		struct field *to = pseudo_field(request, &list[i]);

		if (to)
			*to = list[i];
	}
	request->fields = list ? list + i : NULL;
	request->field_count = count - i;
	for (; i < count && !request->authority.value; i++)
		if (named(&list[i], "host"))
			request->authority = list[i];
}

void h3_fields_free(struct h3_fields *fields)
{
	free(fields->places);
	free(fields->text);
	free(fields->list);
	memset(fields, 0, sizeof(*fields));
}
