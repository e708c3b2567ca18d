/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a document to a configuration, step by step (see config.c). All steps
 * return 0, or a negative number with the document's error filled.
 */
#ifndef QS_LOADER_LIB_CONFIG_INTERNAL_H
#define QS_LOADER_LIB_CONFIG_INTERNAL_H

#include "loader/lib/config_document.h"
#include "loader/lib/config_schema.h"

enum { QS_CONFIG_PATH_SIZE = sizeof(((struct qs_config_error *)0)->path) };

/*
 * qs_config_walk: compares the document with the tables, key by key, and
 * leaves it normal: defaults filled in, values in base units, and what becomes
 * several members (addresses, URLs) as a mapping of these.
 */
int qs_config_walk(struct qs_document *document);

/* qs_config_normalise: one value of the kind that the key is of. `node` is a
 * scalar whose variables are expanded already. */
int qs_config_normalise(struct qs_document *document,
			const struct qs_config_key *key, int node,
			const char *path);

/* qs_config_normalise_endpoint: an address and port. */
int qs_config_normalise_endpoint(struct qs_document *document, int node,
				 const char *path);

/* qs_config_resolve: has the routes of a normal document hold the index of
 * their pool in place of its name; one route if there is none. */
int qs_config_resolve(struct qs_document *document);

/* qs_config_build: has libcyaml load the normal document into *ret_config. */
int qs_config_build(struct qs_document *document,
		    struct qs_config **ret_config);

/* qs_config_complete: fills in the names of backends that have none and checks
 * what no key can tell alone. The document is used for positions only. */
int qs_config_complete(struct qs_document *document, struct qs_config *config);

/* qs_config_complete_routes: the same of routes, whose actions it fills in. */
int qs_config_complete_routes(struct qs_document *document,
			      struct qs_config *config);

/* qs_config_check_balance: one pool, as far as balancing and affinity go. */
int qs_config_check_balance(struct qs_document *document,
			    const struct qs_config_pool *pool, size_t index);

/* qs_config_check_cid: the same of loader.cid_configs; called by the former. */
int qs_config_check_cid(struct qs_document *document,
			const struct qs_config_loader *loader);

/* qs_config_check_upstream: one pool, as far as its connections go; its checks
 * get to know of PROXY protocol headers. */
int qs_config_check_upstream(struct qs_document *document,
			     struct qs_config_pool *pool, size_t index);

/* qs_config_check_request_id: the name of the field. */
int qs_config_check_request_id(struct qs_document *document,
			       const struct qs_config *config);

/* qs_config_check_certificates: whether the terminators' first certificate has
 * its key. */
int qs_config_check_certificates(struct qs_document *document,
				 const struct qs_config_terminator *terminator);

/* qs_config_check_certificate_files: the files of all certificates. */
int qs_config_check_certificate_files(
	struct qs_document *document,
	const struct qs_config_terminator *terminator);

/* qs_config_check_files: whether the files that are named exist. */
int qs_config_check_files(struct qs_document *document,
			  const struct qs_config *config);

/* qs_config_check_route_files: those of routes and error pages. */
int qs_config_check_route_files(struct qs_document *document,
				const struct qs_config *config);

/* qs_config_check_file: one file, or a directory; `path` is the key's. NULL is
 * none. */
int qs_config_check_file(struct qs_document *document, const char *file,
			 const char *path, bool is_directory);

#endif
