/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may open connections: XDP's limits, and its allowed and denied prefixes,
 * as loader.new_connections says. */
#ifndef QS_LOADER_ADMISSION_H
#define QS_LOADER_ADMISSION_H

#include "loader/lib/config.h"
#include "loader/lib/maps.h"

/*
 * admission_write: has `wanted` be in force (NULL: no limits, no prefixes),
 * also while packets come: new prefixes are there before the switch that makes
 * them count, and old ones go after it. Returns 0 or -errno; then the limits
 * and switches may be those of before.
 */
int admission_write(struct qs_maps *maps,
		    const struct qs_config_new_connections *wanted);

#endif
