/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A YAML document as a tree whose nodes know where they stand in the file.
 * Nodes are libyaml's, by index from 1. Functions that can fail fill the
 * document's error and return a negative number.
 */
#ifndef QS_LOADER_LIB_CONFIG_DOCUMENT_H
#define QS_LOADER_LIB_CONFIG_DOCUMENT_H

#include "loader/lib/config.h"

#include <yaml.h>

enum {
	QS_DOCUMENT_DEPTH_MAX = 16,
	QS_DOCUMENT_NODES_MAX = 65536,
};

struct qs_document {
	yaml_document_t yaml;
	struct qs_config_error *error; /* the caller's */
};

/*
 * qs_document_load: reads `text`, which must hold one document. What an alias
 * stands for is copied, so that each node has one parent. Returns 0, to be
 * followed by qs_document_free(), or -EINVAL or -ENOMEM with the error filled.
 */
int qs_document_load(struct qs_document *document, const char *text,
		     size_t size, struct qs_config_error *error);
void qs_document_free(struct qs_document *document);

/*
 * qs_document_error: fills the error with the position of `node` (0: none).
 * Returns -EINVAL.
 */
__attribute__((format(printf, 4, 5))) int
qs_document_error(struct qs_document *document, int node, const char *path,
		  const char *format, ...);

/* qs_document_memory: fills the error: memory is short. Returns -ENOMEM. */
int qs_document_memory(struct qs_document *document);

yaml_node_t *qs_document_node(struct qs_document *document, int node);

/* qs_document_text: the text of a scalar; NULL if it is none. */
const char *qs_document_text(struct qs_document *document, int node);

/* qs_document_get: the value at `key` of a mapping, the first of several; 0 if
 * there is none, or `node` is no mapping. */
int qs_document_get(struct qs_document *document, int node, const char *key);

/* qs_document_count: entries of a list; 0 if `node` is none. */
size_t qs_document_count(struct qs_document *document, int node);

/* qs_document_entry: an entry of a list of more than `index`. */
int qs_document_entry(struct qs_document *document, int node, size_t index);

/*
 * qs_document_find: what stands at "pools[0].backends[2].url", or, where there
 * is nothing, the nearest node above it.
 */
int qs_document_find(struct qs_document *document, const char *path);

/*
 * qs_document_set: makes `node` a scalar of this text, where it stands.
 * Returns 0 or -ENOMEM.
 */
int qs_document_set(struct qs_document *document, int node, const char *text);

/*
 * qs_document_make: makes `node` an empty mapping or list, where it stands.
 * Returns 0 or -ENOMEM.
 */
int qs_document_make(struct qs_document *document, int node,
		     yaml_node_type_t type);

/*
 * qs_document_put: adds to a mapping the key with a scalar of this text.
 * Returns the value's node or -ENOMEM.
 */
int qs_document_put(struct qs_document *document, int node, const char *key,
		    const char *text);

/*
 * qs_document_append: adds to a list a scalar of this text. Returns its node
 * or -ENOMEM.
 */
int qs_document_append(struct qs_document *document, int node,
		       const char *text);

#endif
