/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All backends: their rows, checks, breakers and weights, from one tick to the
 * next. What is decided here is written into the map by apply.h.
 */
#ifndef HEALTHD_BACKENDS_H
#define HEALTHD_BACKENDS_H

#include "healthd/breaker.h"
#include "healthd/checks.h"
#include "healthd/discovery.h"
#include "healthd/signs.h"
#include "healthd/slow_start.h"
#include "healthd/weight.h"
#include "loader/lib/config.h"
#include "loader/lib/maps.h"

#include <stdbool.h>
#include <stdint.h>

/* What the row has to be brought up to. */
enum backend_dirty {
	DIRTY_BREAKER = 1 << 0,
	DIRTY_HEALTH = 1 << 1, /* up, down or unknown */
	DIRTY_CHECK = 1 << 2,  /* the last check's time and reason */
	DIRTY_FACTOR = 1 << 3,
	DIRTY_LATENCY = 1 << 4,
	DIRTY_FREE = 1 << 5, /* drained: gives its row up */
	DIRTY_SLOW_START = 1 << 6,
};

/* What is known of the holder of a row beyond what is in the row. */
struct backend {
	uint32_t id;	    /* of the holder of the row; 0: nobody */
	unsigned int dirty; /* enum backend_dirty */
	const struct qs_config_pool *pool; /* borrowed; NULL: it drains */
	struct breaker breaker;
	struct weight weight;
	struct slow_start slow_start;
	bool breaker_moved; /* into another state: to be logged */
	bool health_moved;
	uint64_t drain_end_ns; /* CLOCK_MONOTONIC: gives up its row then */
	uint64_t drain_begin_ns;
	uint32_t drain_ms; /* of its pool, for when that is gone */
};

struct backends {
	struct backend backends[QS_MAX_BACKENDS]; /* by row */
	struct checks checks;
	struct signs signs;
	struct sign_sum sums[QS_MAX_BACKENDS]; /* of the last tick */
	size_t refused;			       /* for want of rows */
	bool room; /* a row came free that a refused one can have */
	unsigned int ticks;
	uint64_t ticked_ns; /* CLOCK_MONOTONIC */
};

/* backends_init: no maps, no rows. */
void backends_init(struct backends *backends, uv_loop_t *loop);

/*
 * backends_adopt: takes up the maps that were opened: repairs their rows,
 * forgets what was known of others. Holds the lock itself. 0 or -errno.
 */
int backends_adopt(struct backends *backends, struct qs_maps *maps,
		   const char *pin_dir);

/*
 * backends_reconcile: brings rows, checks and breakers up to the configuration
 * and the addresses found; `restart`: the checks go by a new configuration,
 * which is borrowed from now on. Holds the lock itself. Returns 0, or -errno
 * and has changed nothing.
 */
int backends_reconcile(struct backends *backends, struct qs_maps *maps,
		       const char *pin_dir, const struct qs_config *config,
		       const struct discovery *discovery);

/*
 * backends_tick: looks at what terminators and checks found, and goes on to
 * now; every 100 ms. Returns 0, or -errno and writes it the next time.
 */
int backends_tick(struct backends *backends, struct qs_maps *maps,
		  const char *pin_dir, const struct qs_config *config);

/* backends_detach: the maps are about to be closed. Checks stop. */
void backends_detach(struct backends *backends);

/* backends_close: the reverse of backends_init, in the loop's time. */
void backends_close(struct backends *backends);

#endif
