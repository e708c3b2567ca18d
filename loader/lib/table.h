/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lookup table of new connections: each terminator's share is as its
 * weight, and no entry moves on a change that could stay. From scratch it is
 * weighted Maglev (Eisenbud et al., NSDI 2016, 3.4). Built so anew after each
 * change, it moves up to 1 % of all entries beyond those that must move, which
 * for a change of some entries is several times these. So a table is made of
 * the one before it: who has more than its share gives entries away, who has
 * less takes of them what comes first on its Maglev walk (and so gets back most
 * of what it had before it went).
 *
 * The price: the table depends on what was before, not only on weights. It is
 * the same for all programs that share the maps, and is from scratch where
 * there was no live terminator. Two load balancers may differ: each has
 * terminators and health of its own, and packets of a connection that is
 * established do not come here.
 *
 * Pure: no I/O, no clock, no allocation.
 */
#ifndef QS_LOADER_LIB_TABLE_H
#define QS_LOADER_LIB_TABLE_H

#include "quicsteer/abi.h"

#include <stddef.h>

struct qs_table_member {
	const char *name; /* identity: the same name prefers the same entries */
	__u16 slot;	  /* what the table's entries hold */
	__u32 weight;	  /* 0 to 65535; 0 gets nothing */
};

/*
 * qs_table_build: fills every entry of `table` with the slot of one member of
 * positive weight, or with QS_NO_SLOT when there is none. Each has as many as
 * its weight, rounded up or down; of `before`, another table or NULL, as many
 * entries as possible stay. What `before` has of slots that are no member's is
 * nobody's. The result depends on `before`, names and weights only, not on the
 * order of `members`. Each entry is stored once, with its final value, so
 * readers of an older generation of the same memory never see an empty entry
 * that was not empty before.
 *
 * Returns 0, or -EINVAL when there are more than QS_MAX_TERMINATORS members
 * or two of the same name; the table is untouched then.
 */
int qs_table_build(struct qs_lookup_table *table,
		   const struct qs_lookup_table *before,
		   const struct qs_table_member *members, size_t count);

#endif
