/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/template.h"

#include "loader/lib/nearest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME(name, text) #name,
static const char *const names[] = {QS_TEMPLATE_VARIABLES(NAME)};

static int find(const char *name, size_t size)
{
	for (int i = 0; i < QS_TEMPLATE_VARIABLE_COUNT; i++)
		if (size == strlen(names[i]) && !memcmp(name, names[i], size))
			return i;
	return -1;
}

/* "{name}" */
static int next_variable(const char **text, struct qs_template_piece *piece)
{
	const char *end = *text + 1 + strcspn(*text + 1, "{}");

	piece->text = *text + 1;
	piece->size = end - piece->text;
	if (*end != '}') {
		piece->size = 0;
		return -EINVAL;
	}
	piece->variable = find(piece->text, piece->size);
	if (piece->variable < 0)
		return -EINVAL;
	*text = end + 1;
	return 1;
}

int qs_template_next(const char **text, struct qs_template_piece *ret_piece)
{
	const char *start = *text;
	size_t size = strcspn(start, "{}");

	*ret_piece = (struct qs_template_piece){
		.text = start, .size = size, .variable = -1};
	if (!*start)
		return 0;
	if (!size && start[0] == start[1]) {
		ret_piece->size = 1;
		*text += 2;
		return 1;
	}
	if (!size && *start == '{')
		return next_variable(text, ret_piece);
	*text += size;
	return size ? 1 : -EINVAL;
}

static void list_names(char *text, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < QS_TEMPLATE_VARIABLE_COUNT && used < size; i++)
		used += snprintf(text + used, size - used, "%s{%s}",
				 i ? ", " : "", names[i]);
}

int qs_template_check(const char *text, char *problem, size_t size)
{
	struct qs_template_piece piece;
	char name[32], known[192] = "";
	const char *nearest;
	int result;

	do
		result = qs_template_next(&text, &piece);
	while (result > 0);
	if (result == 0)
		return 0;
	if (!piece.size) {
		snprintf(problem, size,
			 "a brace alone: a variable is {host}, braces "
			 "themselves are {{ and }}");
		return -EINVAL;
	}
	snprintf(name, sizeof(name), "%.*s", (int)piece.size, piece.text);
	nearest = qs_nearest(name, names, QS_TEMPLATE_VARIABLE_COUNT);
	if (nearest) {
		snprintf(problem, size,
			 "{%s}: unknown variable; did you mean {%s}?", name,
			 nearest);
		return -EINVAL;
	}
	list_names(known, sizeof(known));
	snprintf(problem, size, "{%s}: unknown variable; there are %s", name,
		 known);
	return -EINVAL;
}
