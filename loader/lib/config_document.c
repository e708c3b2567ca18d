/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/config_document.h"
#include "loader/lib/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void qs_document_free(struct qs_document *document)
{
	yaml_document_delete(&document->yaml);
}

/* Values from the file may hold anything, and may have been cut. */
static void clean(char *text)
{
	while (*text) {
		uint32_t character;
		int octets = qs_utf8_next(text, &character);

		if (!octets || character < ' ' || character == 0x7f)
			*text = '?';
		text += octets ? octets : 1;
	}
}

int qs_document_error(struct qs_document *document, int node, const char *path,
		      const char *format, ...)
{
	struct qs_config_error *error = document->error;
	va_list arguments;

	memset(error, 0, sizeof(*error));
	if (node) {
		const yaml_mark_t *mark =
			&qs_document_node(document, node)->start_mark;

		error->line = mark->line + 1;
		error->column = mark->column + 1;
	}
	snprintf(error->path, sizeof(error->path), "%s", path);
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	clean(error->path);
	clean(error->text);
	return -EINVAL;
}

int qs_document_memory(struct qs_document *document)
{
	qs_document_error(document, 0, "", "memory is short");
	return -ENOMEM;
}

yaml_node_t *qs_document_node(struct qs_document *document, int node)
{
	return yaml_document_get_node(&document->yaml, node);
}

const char *qs_document_text(struct qs_document *document, int node)
{
	yaml_node_t *scalar = qs_document_node(document, node);

	return scalar && scalar->type == YAML_SCALAR_NODE
		       ? (const char *)scalar->data.scalar.value
		       : NULL;
}

/* The value at the `length` characters at `key`. */
static int get(struct qs_document *document, int node, const char *key,
	       size_t length)
{
	yaml_node_t *mapping = qs_document_node(document, node);

	if (!mapping || mapping->type != YAML_MAPPING_NODE)
		return 0;
	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
	     pair < mapping->data.mapping.pairs.top; pair++) {
		const char *text = qs_document_text(document, pair->key);

		if (text && strlen(text) == length &&
		    !memcmp(text, key, length))
			return pair->value;
	}
	return 0;
}

int qs_document_get(struct qs_document *document, int node, const char *key)
{
	return get(document, node, key, strlen(key));
}

size_t qs_document_count(struct qs_document *document, int node)
{
	yaml_node_t *list = qs_document_node(document, node);

	if (!list || list->type != YAML_SEQUENCE_NODE)
		return 0;
	return list->data.sequence.items.top - list->data.sequence.items.start;
}

int qs_document_entry(struct qs_document *document, int node, size_t index)
{
	return qs_document_node(document, node)
		->data.sequence.items.start[index];
}

int qs_document_find(struct qs_document *document, const char *path)
{
	int node = 1;

	while (*path) {
		int next = 0;

		if (*path == '[') {
			size_t index = strtoul(path + 1, (char **)&path, 10);

			if (index < qs_document_count(document, node))
				next = qs_document_entry(document, node, index);
			path += *path == ']';
		} else {
			size_t length = strcspn(path, ".[");

			next = get(document, node, path, length);
			path += length;
		}
		path += *path == '.';
		if (!next)
			break;
		node = next;
	}
	return node;
}

/* Gives `node` the contents of the node that was added last, and that one
 * the old ones of `node`. */
static int take_contents(struct qs_document *document, int node, int added)
{
	yaml_node_t *into = qs_document_node(document, node);
	yaml_node_t *from = qs_document_node(document, added);
	yaml_node_t old = *into;

	if (!added)
		return qs_document_memory(document);
	*into = *from;
	into->start_mark = old.start_mark;
	into->end_mark = old.end_mark;
	*from = old;
	return 0;
}

static int add_scalar(struct qs_document *document, const char *text)
{
	return yaml_document_add_scalar(&document->yaml, NULL,
					(const yaml_char_t *)text, -1,
					YAML_PLAIN_SCALAR_STYLE);
}

/* A new scalar that stands where `parent` does. */
static int add_beside(struct qs_document *document, int parent,
		      const char *text)
{
	int node = add_scalar(document, text);

	if (node)
		qs_document_node(document, node)->start_mark =
			qs_document_node(document, parent)->start_mark;
	return node;
}

int qs_document_set(struct qs_document *document, int node, const char *text)
{
	return take_contents(document, node, add_scalar(document, text));
}

int qs_document_make(struct qs_document *document, int node,
		     yaml_node_type_t type)
{
	int added =
		type == YAML_MAPPING_NODE
			? yaml_document_add_mapping(&document->yaml, NULL,
						    YAML_BLOCK_MAPPING_STYLE)
			: yaml_document_add_sequence(&document->yaml, NULL,
						     YAML_BLOCK_SEQUENCE_STYLE);

	return take_contents(document, node, added);
}

int qs_document_put(struct qs_document *document, int node, const char *key,
		    const char *text)
{
	int name = add_beside(document, node, key);
	int value = name ? add_beside(document, node, text) : 0;

	if (!value || !yaml_document_append_mapping_pair(&document->yaml, node,
							 name, value))
		return qs_document_memory(document);
	return value;
}

int qs_document_append(struct qs_document *document, int node, const char *text)
{
	int value = add_beside(document, node, text);

	if (!value ||
	    !yaml_document_append_sequence_item(&document->yaml, node, value))
		return qs_document_memory(document);
	return value;
}
