/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes hold a UDP port, or listen on a TCP port, from /proc: for
 * messages. */
#ifndef QS_LOADER_HOLDER_H
#define QS_LOADER_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

enum { HOLDER_TEXT = 64 };

enum holder_protocol { HOLDER_UDP, HOLDER_TCP };

/*
 * holder_is_program: whether every process that holds the port runs an
 * executable of this base name, and there is at least one.
 */
bool holder_is_program(enum holder_protocol protocol, uint16_t port,
		       const char *program);

/*
 * holder_describe: writes "NAME (pid N)" of one holder, or "a process that
 * cannot be seen from here", and returns `text`.
 */
char *holder_describe(enum holder_protocol protocol, uint16_t port,
		      char text[HOLDER_TEXT]);

#endif
