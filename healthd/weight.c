/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/weight.h"

#include <math.h>
#include <stdlib.h>

#define SLOWER_US 2000.0 /* differences below this cost nothing */
#define SLOWER 0.8	 /* nor do targets above this */
#define BAND 0.05	 /* of the factor: begins to move outside */
#define ARRIVED 0.005
#define STEP 0.1
#define SLOW_STEP 0.01

void weight_resume(struct weight *weight, const struct qs_backend *row)
{
	bool valid = row->factor >= 1 && row->factor <= QS_FACTOR_ONE;

	*weight = (struct weight){
		.factor = valid ? row->factor / (double)QS_FACTOR_ONE : 1,
	};
	if (row->latency_us) {
		weight->samples = WEIGHT_SAMPLES;
		weight->sum_us = (double)row->latency_us * WEIGHT_SAMPLES;
	}
}

void weight_observe(struct weight *weight, uint64_t responses, uint64_t sum_us,
		    uint32_t elapsed_ms, uint32_t window_ms)
{
	double fade = exp(-(double)elapsed_ms / (window_ms ? window_ms : 1));

	weight->samples = weight->samples * fade + responses;
	weight->sum_us = weight->sum_us * fade + sum_us;
}

static double latency(const struct weight *weight)
{
	return weight->sum_us / weight->samples;
}

uint64_t weight_latency_us(const struct weight *weight)
{
	/* Faded so far that the quotient says nothing. */
	if (weight->samples < 1e-9)
		return 0;
	return llround(latency(weight));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of an even count the greater: a single fast peer makes nobody slow. */
static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}

/* The median response time of the others; negative: they have none. */
static double peers(struct weight *const *pool, size_t count,
		    const struct weight *own)
{
	double values[QS_MAX_BACKENDS];
	size_t known = 0;

	for (size_t i = 0; i < count && known < QS_MAX_BACKENDS; i++) {
		if (pool[i] != own && pool[i]->samples >= WEIGHT_SAMPLES)
			values[known++] = latency(pool[i]);
	}
	return known ? median(values, known) : -1;
}

static double target(struct weight *const *pool, size_t count,
		     const struct weight *own, double minimum)
{
	double peer = peers(pool, count, own), ratio;

	if (peer < 0 || own->samples < WEIGHT_SAMPLES)
		return 1;
	if (latency(own) - peer < SLOWER_US)
		return 1;
	ratio = peer / latency(own);
	if (ratio > SLOWER)
		return 1;
	return ratio < minimum ? minimum : ratio;
}

static void move(struct weight *weight, double aim)
{
	double step = weight->samples < WEIGHT_SAMPLES ? SLOW_STEP : STEP;
	double off = aim - weight->factor;

	if (fabs(off) > BAND * weight->factor || aim == 1)
		weight->moving = true;
	if (!weight->moving)
		return;
	if (fabs(off) > ARRIVED) {
		weight->factor += off * step;
		return;
	}
	weight->factor = aim;
	weight->moving = false;
}

void weight_step(struct weight *const *pool, size_t count,
		 const struct qs_config_health_weight *config)
{
	double minimum = config->minimum / 1000.0;
	double aims[QS_MAX_BACKENDS];

	if (minimum < 1.0 / QS_FACTOR_ONE)
		minimum = 1.0 / QS_FACTOR_ONE;
	for (size_t i = 0; i < count; i++) {
		if (config->enabled)
			aims[i] = target(pool, count, pool[i], minimum);
		else
			pool[i]->factor = aims[i] = 1;
	}
	for (size_t i = 0; i < count; i++)
		move(pool[i], aims[i]);
}

uint32_t weight_factor(const struct weight *weight)
{
	long factor = lround(weight->factor * QS_FACTOR_ONE);

	return factor < 1 ? 1 : factor;
}
