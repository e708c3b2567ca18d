/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operator wants of terminators and backends, kept by name in the
 * pinned map `wishes`. The caller of what changes something holds
 * qs_maps_lock() and has opened the maps writable.
 */
#ifndef QS_LOADER_LIB_WISHES_H
#define QS_LOADER_LIB_WISHES_H

#include "loader/lib/maps.h"

/* The wish that wants nothing. */
#define QS_NO_WISH ((struct qs_wish){.weight = QS_WEIGHT_UNSET})

/*
 * qs_wish_get: the wish for `name`, or QS_NO_WISH. For a backend that a host
 * name was resolved to ("name@address:port") the wish for "name" holds where
 * it has none of its own. Returns 0, also when there is no wish, or -errno.
 */
int qs_wish_get(const struct qs_maps *maps, enum qs_wish_kind kind,
		const char *name, struct qs_wish *ret_wish);

/*
 * qs_wish_set: keeps the wish for `name` (deletes it, if it wants nothing) and
 * copies it into all rows that it is for. Effective weights and the lookup are
 * not recomputed: see qs_lookup_rebuild() and qs_pool_effective(). Returns the
 * number of rows that were changed, or -errno.
 */
int qs_wish_set(struct qs_maps *maps, enum qs_wish_kind kind, const char *name,
		const struct qs_wish *wish);

#endif
