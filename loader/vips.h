/* SPDX-License-Identifier: GPL-2.0-only */
/* The map of the addresses and ports that XDP steers. */
#ifndef QS_LOADER_VIPS_H
#define QS_LOADER_VIPS_H

#include "loader/lib/maps.h"
#include "loader/ports.h"

#include <stddef.h>

/*
 * vips_write: makes the map hold these and no others; VIPs that are not wanted
 * any more go last. Each of their ports is in `ports`. 0.0.0.0 and [::] both
 * stand for every address, of IPv4 and of IPv6. Returns 0 or -errno.
 */
int vips_write(struct qs_maps *maps, const struct qs_vip_key *vips,
	       size_t count, const struct ports *ports);

#endif
