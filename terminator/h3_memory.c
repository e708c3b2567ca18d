/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of an idle connection: nghttp3 takes the chunks that frames are
 * written to from blocks of 16, and keeps the blocks until the connection's
 * end. An idle connection has needed four, for its control stream, those of
 * QPACK and a response at a time; a busy one takes more blocks.
 *
 * So the linker puts this function in the place of nghttp3's (--wrap, see
 * rules.mk). It is internal to nghttp3 1.8.0, whose archive deploy/deps pins.
 */
#include "terminator/h3_memory.h"

enum {
	CHUNK = 256, /* NGHTTP3_STREAM_MIN_CHUNK_SIZE */
	CHUNKS_THEIRS = 16,
	CHUNKS_OURS = 4,
};

void __wrap_nghttp3_objalloc_init(void *pool, size_t block_size,
				  const nghttp3_mem *mem)
{
	/* Pools of other objects have blocks of other sizes. */
	if (block_size == CHUNK * CHUNKS_THEIRS)
		block_size = CHUNK * CHUNKS_OURS;
	__real_nghttp3_objalloc_init(pool, block_size, mem);
}
