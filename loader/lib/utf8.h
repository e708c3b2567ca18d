/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_LIB_UTF8_H
#define QS_LOADER_LIB_UTF8_H

#include <stdint.h>

/*
 * qs_utf8_next: the character at `text` (RFC 3629; not the final NUL). Returns
 * how many octets it takes with the character in *ret_character, or 0 if they
 * are not UTF-8. Pure.
 */
int qs_utf8_next(const char *text, uint32_t *ret_character);

#endif
