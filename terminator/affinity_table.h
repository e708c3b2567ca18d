/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which backend each session went to last, so that it can be counted when one
 * moves: for sessions that are told by the client's address or by a field, of
 * which nothing else is kept. A later session overwrites an older one that
 * falls on the same entry. Pure.
 */
#ifndef TERMINATOR_AFFINITY_TABLE_H
#define TERMINATOR_AFFINITY_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum { AFFINITY_ENTRIES = 1 << 14 };

struct affinity_table {
	struct {
		uint32_t session; /* other bits of its key than the index */
		uint32_t backend; /* bits of its identity; 0: none yet */
	} entries[AFFINITY_ENTRIES];
};

enum affinity_change {
	AFFINITY_SAME,
	AFFINITY_BOUND, /* a session that is not known */
	AFFINITY_MOVED, /* one that went to another before */
};

/* affinity_table_note notes that the session of `key` goes to the backend of
 * this identity, and tells what that changes. */
enum affinity_change affinity_table_note(struct affinity_table *table,
					 uint64_t key, uint64_t identity);

#endif
