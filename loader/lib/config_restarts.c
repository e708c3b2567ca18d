/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/config_schema.h"

#include <stdio.h>
#include <string.h>

static bool texts_differ(const char *old, const char *new)
{
	return old && new ? strcmp(old, new) : old != new;
}

static bool listeners_differ(const struct qs_config_loader *old,
			     const struct qs_config_loader *new)
{
	return old->metrics_on != new->metrics_on ||
	       memcmp(&old->metrics, &new->metrics, sizeof(old->metrics));
}

/* Whether the member of `key` differs between two structs of its mapping. */
static bool differs(const struct qs_config_key *key, const void *old,
		    const void *new)
{
	const char *old_member = (const char *)old + key->offset;
	const char *new_member = (const char *)new + key->offset;

	switch (key->kind) {
	case QS_KIND_TEXT:
		return texts_differ(*(char *const *)old_member,
				    *(char *const *)new_member);
	case QS_KIND_LISTENER:
		return listeners_differ(old, new);
	default:
		return memcmp(old_member, new_member, key->size);
	}
}

struct notes {
	char *text;
	size_t size, used;
	int count;
};

static void note(struct notes *notes, const char *section,
		 const struct qs_config_key *key)
{
	int length = 0;

	if (notes->used < notes->size)
		length = snprintf(
			notes->text + notes->used, notes->size - notes->used,
			"%s%s%s%s: takes effect when %s %s restarted",
			notes->count ? "\n" : "", section, *section ? "." : "",
			key->name, key->restart,
			strstr(key->restart, " and ") ||
					!strcmp(key->restart, "the terminators")
				? "are"
				: "is");
	notes->used += length;
	notes->count++;
}

static void compare(struct notes *notes, const char *section,
		    const struct qs_config_mapping *mapping, const void *old,
		    const void *new)
{
	for (const struct qs_config_key *key = mapping->keys; key->name;
	     key++) {
		if (key->kind == QS_KIND_MAPPING)
			compare(notes, key->name, key->mapping,
				(const char *)old + key->offset,
				(const char *)new + key->offset);
		else if (key->restart && differs(key, old, new))
			note(notes, section, key);
	}
}

int qs_config_restarts(const struct qs_config *old, const struct qs_config *new,
		       char *text, size_t size)
{
	struct notes notes = {.text = text, .size = size};

	if (size)
		*text = '\0';
	compare(&notes, "", &qs_config_file, old, new);
	return notes.count;
}
