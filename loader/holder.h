/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes hold a UDP port, from /proc: for messages. */
#ifndef QS_LOADER_HOLDER_H
#define QS_LOADER_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

enum { HOLDER_TEXT = 64 };

/*
 * holder_is_program: whether every process that holds the port runs an
 * executable of this base name, and there is at least one.
 */
bool holder_is_program(uint16_t port, const char *program);

/*
 * holder_describe: writes "NAME (pid N)" of one holder, or "a process that
 * cannot be seen from here", and returns `text`.
 */
char *holder_describe(uint16_t port, char text[HOLDER_TEXT]);

#endif
