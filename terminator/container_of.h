/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TERMINATOR_CONTAINER_OF_H
#define TERMINATOR_CONTAINER_OF_H

#include <stddef.h>

/* container_of is the `type` whose `member` the pointer points to. */
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer)-offsetof(type, member)))

#endif
