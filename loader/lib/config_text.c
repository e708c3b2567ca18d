/* SPDX-License-Identifier: GPL-2.0-only */
/* From text to a document: syntax, limits and aliases. */
#include "loader/lib/config_document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int mark_error(struct qs_config_error *error, yaml_mark_t mark,
		      const char *text)
{
	memset(error, 0, sizeof(*error));
	error->line = mark.line + 1;
	error->column = mark.column + 1;
	snprintf(error->text, sizeof(error->text), "%s", text);
	return -EINVAL;
}

static int memory_error(struct qs_config_error *error)
{
	mark_error(error, (yaml_mark_t){}, "memory is short");
	error->line = error->column = 0;
	return -ENOMEM;
}

/* Where the octet at `offset` stands. */
static yaml_mark_t mark_of(const char *text, size_t size, size_t offset)
{
	yaml_mark_t mark = {};

	for (size_t i = 0; i < offset && i < size; i++) {
		mark.column++;
		if (text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static int syntax_error(const yaml_parser_t *parser, const char *text,
			size_t size, struct qs_config_error *error)
{
	const char *problem = parser->problem ? parser->problem : "unreadable";
	char line[320];

	if (parser->error == YAML_MEMORY_ERROR)
		return memory_error(error);
	if (parser->error == YAML_READER_ERROR) {
		snprintf(line, sizeof(line), "not YAML in UTF-8: %s", problem);
		return mark_error(error,
				  mark_of(text, size, parser->problem_offset),
				  line);
	}
	if (parser->context)
		snprintf(line, sizeof(line), "not YAML: %s, %s (line %zu)",
			 problem, parser->context,
			 parser->context_mark.line + 1);
	else
		snprintf(line, sizeof(line), "not YAML: %s", problem);
	return mark_error(error, parser->problem_mark, line);
}

/* What one event of the scan means for the limits. */
static int check_event(const yaml_event_t *event, int *documents, int *depth,
		       struct qs_config_error *error)
{
	char line[96];

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++*documents > 1)
			return mark_error(error, event->start_mark,
					  "a second document begins here; the "
					  "configuration is one document");
		return 0;
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		if (++*depth <= QS_DOCUMENT_DEPTH_MAX)
			return 0;
		snprintf(line, sizeof(line),
			 "nested deeper than %d mappings and lists",
			 QS_DOCUMENT_DEPTH_MAX);
		return mark_error(error, event->start_mark, line);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		--*depth;
		return 0;
	case YAML_SCALAR_EVENT:
		if (strlen((const char *)event->data.scalar.value) ==
		    event->data.scalar.length)
			return 0;
		return mark_error(error, event->start_mark,
				  "a NUL character in a value");
	default:
		return 0;
	}
}

/* Syntax and limits, before anything is built. */
static int scan(const char *text, size_t size, struct qs_config_error *error)
{
	int result = 0, documents = 0, depth = 0;
	yaml_parser_t parser;
	bool end = false;

	if (!yaml_parser_initialize(&parser))
		return memory_error(error);
	yaml_parser_set_input_string(&parser, (const yaml_char_t *)text, size);
	while (!result && !end) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			result = syntax_error(&parser, text, size, error);
			break;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		result = check_event(&event, &documents, &depth, error);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (!result && !documents)
		result = mark_error(error, (yaml_mark_t){},
				    "the file is empty; it needs at least "
				    "pools");
	return result;
}

struct copies {
	struct qs_document *document;
	bool *met; /* by node: somebody holds it */
};

static int unshare(struct copies *copies, int *node, int depth);

static int unshare_children(struct copies *copies, int node, int depth)
{
	yaml_node_t *parent = qs_document_node(copies->document, node);
	int result = 0;

	/* The stacks of children stay where they are while nodes are added. */
	if (parent->type == YAML_SEQUENCE_NODE) {
		yaml_node_item_t *end = parent->data.sequence.items.top;

		for (yaml_node_item_t *item = parent->data.sequence.items.start;
		     !result && item < end; item++)
			result = unshare(copies, item, depth + 1);
	} else if (parent->type == YAML_MAPPING_NODE) {
		yaml_node_pair_t *end = parent->data.mapping.pairs.top;

		for (yaml_node_pair_t *pair = parent->data.mapping.pairs.start;
		     !result && pair < end; pair++) {
			result = unshare(copies, &pair->key, depth + 1);
			if (!result)
				result = unshare(copies, &pair->value,
						 depth + 1);
		}
	}
	return result;
}

/* A copy of `node` that still shares its children. */
static int copy_node(struct qs_document *document, int node)
{
	yaml_document_t *yaml = &document->yaml;
	yaml_node_t from = *qs_document_node(document, node);
	bool good = true;
	int copy = 0;

	if (from.type == YAML_SCALAR_NODE) {
		copy = yaml_document_add_scalar(
			yaml, NULL, from.data.scalar.value,
			from.data.scalar.length, from.data.scalar.style);
	} else if (from.type == YAML_SEQUENCE_NODE) {
		copy = yaml_document_add_sequence(yaml, NULL,
						  from.data.sequence.style);
		for (yaml_node_item_t *item = from.data.sequence.items.start;
		     copy && good && item < from.data.sequence.items.top;
		     item++)
			good = yaml_document_append_sequence_item(yaml, copy,
								  *item);
	} else {
		copy = yaml_document_add_mapping(yaml, NULL,
						 from.data.mapping.style);
		for (yaml_node_pair_t *pair = from.data.mapping.pairs.start;
		     copy && good && pair < from.data.mapping.pairs.top; pair++)
			good = yaml_document_append_mapping_pair(
				yaml, copy, pair->key, pair->value);
	}
	if (!copy || !good)
		return qs_document_memory(document);
	qs_document_node(document, copy)->start_mark = from.start_mark;
	return copy;
}

/* Has *node be a node that nobody else holds, and its children likewise. */
static int unshare(struct copies *copies, int *node, int depth)
{
	if (depth > QS_DOCUMENT_DEPTH_MAX)
		return qs_document_error(copies->document, *node, "",
					 "an alias makes it nested deeper than "
					 "%d mappings and lists",
					 QS_DOCUMENT_DEPTH_MAX);
	if (copies->met[*node]) {
		const yaml_document_t *yaml = &copies->document->yaml;
		int copy;

		if (yaml->nodes.top - yaml->nodes.start >=
		    QS_DOCUMENT_NODES_MAX)
			return qs_document_error(
				copies->document, *node, "",
				"aliases make more than %d values",
				QS_DOCUMENT_NODES_MAX);
		copy = copy_node(copies->document, *node);
		if (copy < 0)
			return copy;
		*node = copy;
	}
	copies->met[*node] = true;
	return unshare_children(copies, *node, depth);
}

static int unshare_all(struct qs_document *document)
{
	yaml_document_t *yaml = &document->yaml;
	struct copies copies = {.document = document};
	int root = 1, result;

	/* Copies are made only below QS_DOCUMENT_NODES_MAX. */
	copies.met = calloc(yaml->nodes.top - yaml->nodes.start +
				    QS_DOCUMENT_NODES_MAX + 1,
			    sizeof(*copies.met));
	if (!copies.met)
		return qs_document_memory(document);
	result = unshare(&copies, &root, 0);
	free(copies.met);
	return result;
}

int qs_document_load(struct qs_document *document, const char *text,
		     size_t size, struct qs_config_error *error)
{
	int result = scan(text, size, error);
	yaml_parser_t parser;

	if (result)
		return result;
	document->error = error;
	if (!yaml_parser_initialize(&parser))
		return memory_error(error);
	yaml_parser_set_input_string(&parser, (const yaml_char_t *)text, size);
	if (!yaml_parser_load(&parser, &document->yaml)) {
		/* An alias without its anchor is found only here. */
		result = syntax_error(&parser, text, size, error);
		yaml_parser_delete(&parser);
		return result;
	}
	yaml_parser_delete(&parser);
	result = unshare_all(document);
	if (result)
		qs_document_free(document);
	return result;
}
