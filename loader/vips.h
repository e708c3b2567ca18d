/* SPDX-License-Identifier: GPL-2.0-only */
/* The map of the addresses that XDP steers. */
#ifndef QS_LOADER_VIPS_H
#define QS_LOADER_VIPS_H

#include "loader/lib/maps.h"

#include <stddef.h>

/*
 * vips_write: makes the map hold these and no others; VIPs that are not wanted
 * any more go last. Returns 0 or -errno.
 */
int vips_write(struct qs_maps *maps, const struct qs_vip_key *vips,
	       size_t count);

#endif
