/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TERMINATOR_RANDOM_H
#define TERMINATOR_RANDOM_H

#include <stddef.h>

/* random_bytes fills `size` octets from the kernel's generator (buffered).
 * Cannot fail once the kernel's pool is seeded; aborts if it does. */
void random_bytes(void *data, size_t size);

#endif
