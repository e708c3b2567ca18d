/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text with variables of a request in braces, such as "https://{host}{uri}";
 * "{{" and "}}" stand for braces. Pure.
 */
#ifndef QS_LOADER_LIB_TEMPLATE_H
#define QS_LOADER_LIB_TEMPLATE_H

#include <stddef.h>

/* X(name, what it stands for) */
#define QS_TEMPLATE_VARIABLES(X)                                   \
	X(host, "host of the request, without port")               \
	X(authority, "host with the port, if one was given")       \
	X(uri, "path with the query")                              \
	X(path, "path without the query")                          \
	X(query, "what follows the first ? of the path; or empty") \
	X(method, "GET, POST, ...")                                \
	X(scheme, "http or https")                                 \
	X(protocol, "HTTP/3, HTTP/2 or HTTP/1.1")                  \
	X(client_ip, "the client's address")                       \
	X(request_id, "the request's ID")

#define QS_TEMPLATE_ENUM(name, text) QS_TEMPLATE_##name,
enum qs_template_variable {
	QS_TEMPLATE_VARIABLES(QS_TEMPLATE_ENUM) QS_TEMPLATE_VARIABLE_COUNT
};

/* A run of text, or the place of a variable. */
struct qs_template_piece {
	const char *text; /* not NUL terminated; of a variable: its name */
	size_t size;
	int variable; /* enum qs_template_variable; -1: it is text */
};

/*
 * qs_template_next: the piece that *text begins with, and moves *text behind
 * it. Returns 1, or 0 at the end, or -EINVAL: a brace alone, or (then the piece
 * holds the name) no variable of this name.
 */
int qs_template_next(const char **text, struct qs_template_piece *ret_piece);

/*
 * qs_template_check: whether the text is a template. Returns 0, or -EINVAL with
 * what is wrong in `problem`.
 */
int qs_template_check(const char *text, char *problem, size_t size);

#endif
