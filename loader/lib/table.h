/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Weighted Maglev (Eisenbud et al., NSDI 2016, 3.4): fills a lookup table so
 * that each terminator's share is as its weight and few entries move when the
 * set of terminators changes. Pure: no I/O, no clock, no allocation.
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
 * positive weight, or with QS_NO_SLOT when there is none. The result depends
 * on names and weights only, not on the order of `members`. Each entry is
 * stored once, with its final value, so readers of an older generation of the
 * same memory never see an empty entry that was not empty before.
 *
 * Returns 0, or -EINVAL when there are more than QS_MAX_TERMINATORS members
 * or two of the same name; the table is untouched then.
 */
int qs_table_build(struct qs_lookup_table *table,
		   const struct qs_table_member *members, size_t count);

#endif
