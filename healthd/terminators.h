/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminators: breakers by their heartbeats, health factors by their load,
 * from one tick to the next, written into their rows and the lookup.
 */
#ifndef HEALTHD_TERMINATORS_H
#define HEALTHD_TERMINATORS_H

#include "healthd/load.h"
#include "healthd/watch.h"
#include "loader/lib/config.h"
#include "loader/lib/maps.h"

#include <stdbool.h>
#include <stdint.h>

struct terminators {
	struct terminator {
		bool known; /* the fields are of `instance` */
		uint16_t instance;
		struct watch watch;
		struct load load;
		bool changed; /* the breaker: to be written */
	} terminators[QS_MAX_TERMINATORS];
	uint64_t ticked_ns;  /* CLOCK_MONOTONIC; 0: never */
	uint64_t factors_ns; /* when factors were written last */
};

/* terminators_forget: as if none had been seen; the maps are others. */
void terminators_forget(struct terminators *terminators);

/*
 * terminators_tick: goes on to now; every 100 ms. Returns 0, or -errno and
 * writes what it has to the next time.
 */
int terminators_tick(struct terminators *terminators, struct qs_maps *maps,
		     const char *pin_dir,
		     const struct qs_config_healthd *config);

#endif
