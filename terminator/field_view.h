/* SPDX-License-Identifier: GPL-2.0-only */
/* A header section on its way: fields that somebody else owns, some of which
 * are taken out, put in or replaced before it is passed on. */
#ifndef TERMINATOR_FIELD_VIEW_H
#define TERMINATOR_FIELD_VIEW_H

#include <stddef.h>

#include "terminator/exchange.h"

/* Room for the fields of a section, and for all that are put in by the way. */
enum {
	FIELD_VIEW_MAX = 512,
	FIELD_VIEW_MORE = 96,
	FIELD_VIEW_GIVEN = FIELD_VIEW_MAX - FIELD_VIEW_MORE,
};

struct field_view {
	size_t count;
	struct field fields[FIELD_VIEW_MAX];
};

/* field_view_add puts a field at the end. */
void field_view_add(struct field_view *view, const struct field *field);

/* field_view_add_text does so with NUL terminated strings. */
void field_view_add_text(struct field_view *view, const char *name,
			 const char *value);

/* field_view_remove takes out all fields of the name (lower case). */
void field_view_remove(struct field_view *view, const char *name);

/* field_view_find gives the first field of the name, or NULL. */
const struct field *field_view_find(const struct field_view *view,
				    const char *name);

#endif
