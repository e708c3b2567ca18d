/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Health-based weighting: a backend that answers slower than its peers gets
 * proportionally less. Pure.
 *
 * A backend's response time is the mean of those measured, older ones fading
 * with window_ms as time constant. Its target is the median of its peers'
 * response times divided by its own, between the configured minimum and 1; it
 * is 1 while it is less than a quarter or 2 ms slower, while it or all others
 * have too few samples (under WEIGHT_SAMPLES, faded), and when it is
 * off. The factor moves a tenth of the way to its target each step, and only
 * begins to move when it is off by more than 5 %, so that noise does not move
 * it. For want of samples it goes back to 1 ten times slower, so that the
 * backend is tried again.
 */
#ifndef HEALTHD_WEIGHT_H
#define HEALTHD_WEIGHT_H

#include "loader/lib/config.h"
#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEIGHT_SAMPLES = 5 };

struct weight {
	double samples; /* faded count of responses */
	double sum_us;	/* faded sum of their times */
	double factor;	/* up to 1 */
	bool moving;
};

/* weight_resume: takes up what a row says; what cannot be becomes 1. */
void weight_resume(struct weight *weight, const struct qs_backend *row);

/* weight_observe: `responses` took `sum_us` together; `elapsed_ms` went by. */
void weight_observe(struct weight *weight, uint64_t responses, uint64_t sum_us,
		    uint32_t elapsed_ms, uint32_t window_ms);

/* weight_latency_us: the smoothed response time; 0: never measured. */
uint64_t weight_latency_us(const struct weight *weight);

/*
 * weight_step: moves the factors of all `count` backends of one pool by one
 * step of 100 ms.
 */
void weight_step(struct weight *const *pool, size_t count,
		 const struct qs_config_health_weight *config);

/* weight_factor: the factor as rows hold it, 1 to QS_FACTOR_ONE. */
uint32_t weight_factor(const struct weight *weight);

#endif
