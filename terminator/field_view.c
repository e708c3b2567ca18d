/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/field_view.h"

#include <assert.h>
#include <string.h>

#include "terminator/fields.h"

void field_view_add(struct field_view *view, const struct field *field)
{
	assert(view->count < FIELD_VIEW_MAX);
	view->fields[view->count++] = *field;
}

void field_view_add_text(struct field_view *view, const char *name,
			 const char *value)
{
	const struct field field = {name, strlen(name), value, strlen(value)};

	field_view_add(view, &field);
}

void field_view_remove(struct field_view *view, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < view->count; i++)
		if (!field_is(&view->fields[i], name))
			view->fields[kept++] = view->fields[i];
	view->count = kept;
}

const struct field *field_view_find(const struct field_view *view,
				    const char *name)
{
	for (size_t i = 0; i < view->count; i++)
		if (field_is(&view->fields[i], name))
			return &view->fields[i];
	return NULL;
}
