/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/known.h"
#include "loader/lib/nearest.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name of each slot, two of each backend, all wishes. */
enum {
	MOST = QS_MAX_TERMINATORS + 2 * QS_MAX_BACKENDS + QS_MAX_WISHES,
	LISTED = 16, /* in a message */
};

static void add(struct known *known, enum qs_wish_kind kind, const char *name,
		size_t length)
{
	struct qs_wish_key key = {.kind = kind};

	if (length >= sizeof(key.name))
		length = sizeof(key.name) - 1;
	memcpy(key.name, name, length);
	if (known->count < MOST && !known_has(known, kind, key.name))
		known->list[known->count++] = key;
}

static void add_rows(struct known *known, const struct qs_maps *maps)
{
	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		const struct qs_terminator *row = &maps->terminators[i];

		if (row->state != QS_TERMINATOR_FREE)
			add(known, QS_WISH_TERMINATOR, row->name,
			    strnlen(row->name, sizeof(row->name)));
	}
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &maps->backends[i];
		size_t length = strnlen(row->name, sizeof(row->name));
		const char *at = memchr(row->name, '@', length);

		if (row->state == QS_BACKEND_FREE)
			continue;
		add(known, QS_WISH_BACKEND, row->name, length);
		if (at)
			add(known, QS_WISH_BACKEND, row->name, at - row->name);
	}
}

static void add_wishes(struct known *known, const struct qs_maps *maps)
{
	struct qs_wish_key key, *previous = NULL;

	for (int i = 0; i < QS_MAX_WISHES; i++) {
		if (bpf_map_get_next_key(maps->fd[QS_MAP_WISHES], previous,
					 &key))
			break;
		key.name[sizeof(key.name) - 1] = '\0';
		add(known, key.kind, key.name, strlen(key.name));
		previous = &key;
	}
}

static int compare(const void *a, const void *b)
{
	const struct qs_wish_key *one = a, *other = b;

	if (one->kind != other->kind)
		return one->kind < other->kind ? -1 : 1;
	return strverscmp(one->name, other->name);
}

int known_collect(const struct qs_maps *maps, struct known *known)
{
	*known = (struct known){.list = calloc(MOST, sizeof(*known->list))};
	if (!known->list)
		return -ENOMEM;
	add_rows(known, maps);
	add_wishes(known, maps);
	qsort(known->list, known->count, sizeof(*known->list), compare);
	return 0;
}

void known_free(struct known *known)
{
	free(known->list);
	*known = (struct known){};
}

bool known_has(const struct known *known, enum qs_wish_kind kind,
	       const char *name)
{
	for (size_t i = 0; i < known->count; i++) {
		if (known->list[i].kind == kind &&
		    !strcmp(known->list[i].name, name))
			return true;
	}
	return false;
}

static void print_names(FILE *stream, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count && i < LISTED; i++)
		fprintf(stream, "%s%s", i ? ", " : "", names[i]);
	if (count > LISTED)
		fprintf(stream, " and %zu more", count - LISTED);
}

void known_explain(const struct known *known, unsigned int kind,
		   const char *name, char *text, size_t size)
{
	const char *what = kind == QS_WISH_TERMINATOR ? "terminator"
			   : kind == QS_WISH_BACKEND  ? "backend"
						      : "name";
	const char *names[MOST], *nearest;
	FILE *stream = fmemopen(text, size, "w");
	size_t count = 0;

	*text = '\0';
	if (!stream)
		return;
	for (size_t i = 0; i < known->count; i++) {
		if (!kind || known->list[i].kind == kind)
			names[count++] = known->list[i].name;
	}
	nearest = qs_nearest(name, names, count);
	fprintf(stream, "unknown %s '%s'", what, name);
	if (nearest)
		fprintf(stream, "; did you mean '%s'?", nearest);
	if (count)
		fputs(nearest ? " Known: " : "; known: ", stream);
	else
		fprintf(stream, "; there are none yet");
	print_names(stream, names, count);
	fclose(stream);
}

bool known_is_part(const char *name, const char *of)
{
	size_t length = strlen(of);

	return !strncmp(name, of, length) &&
	       (!name[length] || name[length] == '@');
}
