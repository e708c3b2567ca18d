/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the results of a backend's active checks make of it. Pure.
 *
 * The first result counts at once; after that it takes `rise` good ones in a
 * row to come up and `fall` bad ones to go down.
 */
#ifndef HEALTHD_CHECK_H
#define HEALTHD_CHECK_H

#include "loader/lib/config.h"
#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stdint.h>

struct check {
	enum qs_backend_health health;
	uint32_t against; /* results in a row that contradict it */
};

/* check_result: takes in one result. Returns whether the health changed. */
bool check_result(struct check *check, const struct qs_config_check *config,
		  bool passed);

/*
 * check_pause_ms: how long from the begin of one check to the next, spread by
 * the configured jitter; `random` is any number. At least 1.
 */
uint32_t check_pause_ms(const struct check *check,
			const struct qs_config_check *config, uint32_t random);

/* spread_ms: `ms` more or less, up to the jitter; at least 1. */
uint32_t spread_ms(uint32_t ms, qs_per_mille jitter, uint32_t random);

#endif
