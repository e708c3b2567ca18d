/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much less a terminator gets for being busier than others. Pure.
 *
 * Its target is the product of two: the lag target divided by its smoothed
 * event-loop lag, at most 1; and, where it holds over LOAD_CONNECTIONS_MORE
 * per cent more connections than its weighted share of them all (and at least
 * LOAD_CONNECTIONS_LEAST), that bound divided by what it holds, at least one
 * half. The factor moves a tenth of the way to its target each step of 100 ms,
 * and never below the configured minimum.
 */
#ifndef HEALTHD_LOAD_H
#define HEALTHD_LOAD_H

#include "loader/lib/config.h"
#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_CONNECTIONS_MORE = 25, LOAD_CONNECTIONS_LEAST = 100 };

struct load {
	double lag_us; /* smoothed over a second */
	double factor; /* up to 1 */
};

struct load_input {
	uint64_t lag_us;
	uint64_t connections; /* open */
	uint32_t weight;      /* of its share, before any factor */
};

/* load_begin: a terminator that is seen for the first time, with the factor
 * that its row holds; what cannot be becomes 1. */
void load_begin(struct load *load, uint32_t factor);

/* load_step: moves the loads of all `count` live terminators by one step. */
void load_step(struct load *const *loads, const struct load_input *inputs,
	       size_t count, const struct qs_config_healthd *config);

/*
 * load_factor: the factor for a row that holds `current`: a new one when it is
 * off by 5 % or more or has come back to 1, else `current`.
 */
uint32_t load_factor(const struct load *load, uint32_t current);

#endif
