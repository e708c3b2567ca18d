/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the linker puts in the place of nghttp3's own function of this name: see
 * h3_memory.c. Nobody else calls it.
 */
#ifndef TERMINATOR_H3_MEMORY_H
#define TERMINATOR_H3_MEMORY_H

#include <nghttp3/nghttp3.h>
#include <stddef.h>

void __real_nghttp3_objalloc_init(void *pool, size_t block_size,
				  const nghttp3_mem *mem);

void __wrap_nghttp3_objalloc_init(void *pool, size_t block_size,
				  const nghttp3_mem *mem);

#endif
