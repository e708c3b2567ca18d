/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pair {
	char *name;
	char *value; /* a template */
};

struct rules {
	char **remove;
	size_t remove_count;
	struct pair *put; /* those to set, then those to add */
	size_t set_count;
	size_t put_count;
};

static int copy_remove(struct rules *rules, const struct qs_config_rules *from)
{
	rules->remove = calloc(from->remove_count + 1, sizeof(*rules->remove));
	if (!rules->remove)
		return -ENOMEM;
	for (size_t i = 0; i < from->remove_count; i++) {
		rules->remove[i] = strdup(from->remove[i]);
		if (!rules->remove[i])
			return -ENOMEM;
		rules->remove_count++;
	}
	return 0;
}

static int copy_put(struct rules *rules, const struct qs_config_field *from,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pair *pair = &rules->put[rules->put_count++];

		pair->name = strdup(from[i].name);
		pair->value = strdup(from[i].value);
		if (!pair->name || !pair->value)
			return -ENOMEM;
	}
	return 0;
}

static int copy(struct rules *rules, const struct qs_config_rules *from)
{
	size_t count = from->set_count + from->add_count;
	int result = copy_remove(rules, from);

	if (result)
		return result;
	rules->put = calloc(count + 1, sizeof(*rules->put));
	if (!rules->put)
		return -ENOMEM;
	rules->set_count = from->set_count;
	result = copy_put(rules, from->set, from->set_count);
	return result ? result : copy_put(rules, from->add, from->add_count);
}

int rules_new(const struct qs_config_rules *from, struct rules **ret_rules)
{
	struct rules *rules;

	*ret_rules = NULL;
	if (!from->remove_count && !from->set_count && !from->add_count)
		return 0;
	rules = calloc(1, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	if (copy(rules, from)) {
		rules_free(rules);
		return -ENOMEM;
	}
	*ret_rules = rules;
	return 0;
}

int rules_render(const struct rules *rules, const struct variables *variables,
		 struct field_list *values)
{
	struct text text = {0};
	int result = 0;

	for (size_t i = 0; i < rules->put_count && !result; i++) {
		const struct pair *pair = &rules->put[i];
		struct field field = {pair->name, strlen(pair->name), "", 0};

		text_clear(&text);
		variables_render(&text, pair->value, variables);
		if (text.size) {
			field.value = text.data;
			field.value_size = text.size;
		}
		/* A variable that is empty may leave a blank at an end. */
		field_trim(&field);
		result = text.failed ? -ENOMEM : field_list_add(values, &field);
	}
	text_free(&text);
	return result;
}

void rules_apply(const struct rules *rules, const struct field_list *values,
		 struct field_view *view)
{
	for (size_t i = 0; i < rules->remove_count; i++)
		field_view_remove(view, rules->remove[i]);
	for (size_t i = 0; i < rules->set_count; i++)
		field_view_remove(view, rules->put[i].name);
	for (size_t i = 0; i < values->count; i++)
		field_view_add(view, &values->fields[i]);
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->remove_count; i++)
		free(rules->remove[i]);
	for (size_t i = 0; i < rules->put_count; i++) {
		free(rules->put[i].name);
		free(rules->put[i].value);
	}
	free(rules->remove);
	free(rules->put);
	free(rules);
}
