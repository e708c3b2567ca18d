/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/config_internal.h"
#include "loader/lib/config_variables.h"
#include "loader/lib/nearest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 32 }; /* of one mapping */

struct walk {
	struct qs_document *document;
	char path[QS_CONFIG_PATH_SIZE];
};

static int walk_mapping(struct walk *walk,
			const struct qs_config_mapping *mapping, int node,
			bool absent);

/* Appends ".name" to the path. Returns where it was cut before. */
static size_t push_name(struct walk *walk, const char *name)
{
	size_t length = strlen(walk->path);

	snprintf(walk->path + length, sizeof(walk->path) - length, "%s%s",
		 length ? "." : "", name);
	return length;
}

static size_t push_index(struct walk *walk, size_t index)
{
	size_t length = strlen(walk->path);

	snprintf(walk->path + length, sizeof(walk->path) - length, "[%zu]",
		 index);
	return length;
}

static void pop(struct walk *walk, size_t length)
{
	walk->path[length] = '\0';
}

/* "name, weight, ..." of all keys of a mapping. */
static const char *list_keys(char *text, size_t size,
			     const struct qs_config_mapping *mapping)
{
	size_t used = 0;

	*text = '\0';
	for (const struct qs_config_key *key = mapping->keys;
	     key->name && used < size; key++)
		used += snprintf(text + used, size - used, "%s%s",
				 used ? ", " : "", key->name);
	return text;
}

static int unknown_key(struct walk *walk, int node,
		       const struct qs_config_mapping *mapping)
{
	const char *text = qs_document_text(walk->document, node);
	const char *names[KEYS_MAX], *nearest;
	char keys[512], meant[96] = "";
	size_t count = 0;

	for (const struct qs_config_key *key = mapping->keys; key->name; key++)
		names[count++] = key->name;
	nearest = qs_nearest(text, names, count);
	if (nearest)
		snprintf(meant, sizeof(meant), "; did you mean \"%s\"?",
			 nearest);
	push_name(walk, text);
	return qs_document_error(walk->document, node, walk->path,
				 "unknown key%s%s allowed: %s", meant,
				 nearest ? "" : ";",
				 list_keys(keys, sizeof(keys), mapping));
}

/* Replaces the variables in a scalar. */
static int expand(struct walk *walk, int node)
{
	char problem[256], *text;
	int result = qs_expand(qs_document_text(walk->document, node), &text,
			       problem, sizeof(problem));

	if (result == -EINVAL)
		return qs_document_error(walk->document, node, walk->path, "%s",
					 problem);
	if (result)
		return qs_document_memory(walk->document);
	result = qs_document_set(walk->document, node, text);
	free(text);
	return result;
}

static int walk_scalar(struct walk *walk, const struct qs_config_key *key,
		       int node)
{
	int result;

	if (!qs_document_text(walk->document, node))
		return qs_document_error(walk->document, node, walk->path,
					 "one value is needed here, not a list "
					 "or a mapping");
	result = expand(walk, node);
	if (result)
		return result;
	return qs_config_normalise(walk->document, key, node, walk->path);
}

static int walk_entry(struct walk *walk, const struct qs_config_key *key,
		      int node)
{
	const struct qs_config_key entry = qs_config_entry(key);

	if (key->mapping)
		return walk_mapping(walk, key->mapping, node, false);
	return walk_scalar(walk, &entry, node);
}

static int walk_list(struct walk *walk, const struct qs_config_key *key,
		     int node)
{
	size_t count = qs_document_count(walk->document, node);

	if (qs_document_node(walk->document, node)->type != YAML_SEQUENCE_NODE)
		return qs_document_error(walk->document, node, walk->path,
					 "a list is needed here, each entry "
					 "after \"- \"");
	if (count < key->minimum)
		return qs_document_error(
			walk->document, node, walk->path,
			"the list is empty; at least one entry "
			"is needed");
	if (count > key->maximum)
		return qs_document_error(walk->document, node, walk->path,
					 "%zu entries; at most %u are allowed",
					 count, key->maximum);
	for (size_t i = 0; i < count; i++) {
		size_t length = push_index(walk, i);
		int result = walk_entry(
			walk, key, qs_document_entry(walk->document, node, i));

		if (result)
			return result;
		pop(walk, length);
	}
	return 0;
}

static int walk_value(struct walk *walk, const struct qs_config_key *key,
		      int node)
{
	if (key->kind == QS_KIND_MAPPING)
		return walk_mapping(walk, key->mapping, node, false);
	if (key->kind == QS_KIND_LIST)
		return walk_list(walk, key, node);
	return walk_scalar(walk, key, node);
}

/* Puts in what the file leaves out. */
static int fill_in(struct walk *walk, const struct qs_config_key *key, int node)
{
	bool is_mapping = key->kind == QS_KIND_MAPPING;
	int value;

	if (!is_mapping && !key->fallback)
		return 0;
	value = qs_document_put(walk->document, node, key->name,
				is_mapping ? "" : key->fallback);
	if (value < 0)
		return value;
	if (!is_mapping)
		return qs_config_normalise(walk->document, key, value,
					   walk->path);
	if (qs_document_make(walk->document, value, YAML_MAPPING_NODE))
		return -ENOMEM;
	if (key->fallback &&
	    qs_document_put(walk->document, value, key->mapping->keys->name,
			    key->fallback) < 0)
		return -ENOMEM;
	return walk_mapping(walk, key->mapping, value, true);
}

/* One key of the file and its value. `lines` tells where each key was met. */
static int walk_pair(struct walk *walk, const struct qs_config_mapping *mapping,
		     yaml_node_pair_t pair, size_t *lines)
{
	const char *name = qs_document_text(walk->document, pair.key);
	const struct qs_config_key *key = mapping->keys;
	size_t length, *line;
	int result;

	if (!name)
		return qs_document_error(walk->document, pair.key, walk->path,
					 "a key is one word, not a list or a "
					 "mapping");
	while (key->name && strcmp(key->name, name))
		key++;
	if (!key->name)
		return unknown_key(walk, pair.key, mapping);
	length = push_name(walk, name);
	line = &lines[key - mapping->keys];
	if (*line)
		return qs_document_error(walk->document, pair.key, walk->path,
					 "given twice; the first is in line "
					 "%zu",
					 *line);
	*line = qs_document_node(walk->document, pair.key)->start_mark.line + 1;
	result = walk_value(walk, key, pair.value);
	if (!result)
		pop(walk, length);
	return result;
}

/* Whether one of the keys of which one is needed is there, and no more. */
static int check_one_of(struct walk *walk,
			const struct qs_config_mapping *mapping, int node,
			const size_t *lines)
{
	const char *first = NULL;
	char keys[256] = "";

	for (const struct qs_config_key *key = mapping->keys; key->name;
	     key++) {
		size_t used = strlen(keys);

		if (!(key->flags & QS_KEY_ONE_OF))
			continue;
		snprintf(keys + used, sizeof(keys) - used, "%s%s",
			 used ? ", " : "", key->name);
		if (!lines[key - mapping->keys])
			continue;
		if (first)
			return qs_document_error(
				walk->document, node, walk->path,
				"%s and %s: only one of them can answer", first,
				key->name);
		first = key->name;
	}
	if (first || !*keys)
		return 0;
	return qs_document_error(walk->document, node, walk->path,
				 "one of these is needed: %s", keys);
}

/* `absent`: the file does not have this mapping; then nothing is required. */
static int walk_mapping(struct walk *walk,
			const struct qs_config_mapping *mapping, int node,
			bool absent)
{
	yaml_node_t *given = qs_document_node(walk->document, node);
	size_t lines[KEYS_MAX] = {};
	yaml_node_pair_t *pair, *end;
	char keys[512];

	if (given->type != YAML_MAPPING_NODE)
		return qs_document_error(
			walk->document, node, walk->path,
			"keys and values are needed here; "
			"keys: %s",
			list_keys(keys, sizeof(keys), mapping));
	/* Pairs stay where they are until one is added to this mapping. */
	pair = given->data.mapping.pairs.start;
	end = given->data.mapping.pairs.top;
	for (; pair < end; pair++) {
		int result = walk_pair(walk, mapping, *pair, lines);

		if (result)
			return result;
	}
	if (!absent && check_one_of(walk, mapping, node, lines))
		return -EINVAL;
	for (const struct qs_config_key *key = mapping->keys; key->name;
	     key++) {
		size_t length;
		int result;

		if (lines[key - mapping->keys] || key->flags & QS_KEY_ONE_OF)
			continue;
		length = push_name(walk, key->name);
		if (key->flags & QS_KEY_REQUIRED && !absent)
			return qs_document_error(
				walk->document, node, walk->path,
				"missing, but needed: %s", key->help);
		result = fill_in(walk, key, node);
		if (result)
			return result;
		pop(walk, length);
	}
	return 0;
}

int qs_config_walk(struct qs_document *document)
{
	struct walk walk = {.document = document};

	return walk_mapping(&walk, &qs_config_file, 1, false);
}
