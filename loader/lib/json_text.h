/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_LIB_JSON_TEXT_H
#define QS_LOADER_LIB_JSON_TEXT_H

#include <stddef.h>

/* What one octet of text may take at most. */
enum { QS_JSON_OCTET_MAX = 6 };

/*
 * qs_json_text: writes `length` octets as what stands between the quotes of a
 * JSON string, whatever they are: UTF-8 stays as it is; octets that are not
 * UTF-8 become the characters U+0080 to U+00FF of the same number. What does
 * not fit into `size` is left out from a whole character on. Returns how many
 * octets were written; no NUL is. Pure.
 */
size_t qs_json_text(char *to, size_t size, const char *text, size_t length);

#endif
