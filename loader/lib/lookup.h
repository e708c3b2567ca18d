/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_LIB_LOOKUP_H
#define QS_LOADER_LIB_LOOKUP_H

#include "loader/lib/maps.h"

/*
 * qs_lookup_rebuild: computes the effective weights of all terminators and
 * their lookup table into the generation that is not in force, from the one
 * that is, then puts it in force by one store. The caller holds qs_maps_lock()
 * and has opened the maps writable. Returns the number of terminators in the
 * table, or -errno.
 */
int qs_lookup_rebuild(struct qs_maps *maps);

#endif
