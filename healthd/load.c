/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/load.h"

#include <math.h>

#define STEP 0.1
#define LAG_STEP 0.1
#define ARRIVED 0.005
#define BAND 0.05
#define LEAST_BY_CONNECTIONS 0.5

void load_begin(struct load *load, uint32_t factor)
{
	bool valid = factor >= 1 && factor <= QS_FACTOR_ONE;

	*load = (struct load){
		.factor = valid ? factor / (double)QS_FACTOR_ONE : 1,
	};
}

static double by_lag(double lag_us, uint32_t target_ms)
{
	double target_us = target_ms * 1000.0;

	return lag_us <= target_us ? 1 : target_us / lag_us;
}

static double by_connections(const struct load_input *own, double all,
			     double weights)
{
	double bound, part;

	if (weights <= 0 || own->connections < LOAD_CONNECTIONS_LEAST)
		return 1;
	bound = all * own->weight / weights *
		(1 + LOAD_CONNECTIONS_MORE / 100.0);
	if (own->connections <= bound)
		return 1;
	part = bound / own->connections;
	return part < LEAST_BY_CONNECTIONS ? LEAST_BY_CONNECTIONS : part;
}

static void move(struct load *load, double target)
{
	double off = target - load->factor;

	if (fabs(off) > ARRIVED)
		load->factor += off * STEP;
	else
		load->factor = target;
}

void load_step(struct load *const *loads, const struct load_input *inputs,
	       size_t count, const struct qs_config_healthd *config)
{
	double minimum = config->terminator_minimum / 1000.0;
	double all = 0, weights = 0;

	for (size_t i = 0; i < count; i++) {
		all += inputs[i].connections;
		weights += inputs[i].weight;
	}
	for (size_t i = 0; i < count; i++) {
		struct load *load = loads[i];
		double target;

		load->lag_us += (inputs[i].lag_us - load->lag_us) * LAG_STEP;
		target = by_lag(load->lag_us, config->lag_target_ms) *
			 by_connections(&inputs[i], all, weights);
		move(load, target < minimum ? minimum : target);
	}
}

uint32_t load_factor(const struct load *load, uint32_t current)
{
	long factor = lround(load->factor * QS_FACTOR_ONE);
	double off = fabs((double)factor - current);

	if (factor < 1)
		factor = 1;
	if (current < 1 || current > QS_FACTOR_ONE)
		return factor;
	if (off >= BAND * current || factor == QS_FACTOR_ONE)
		return factor;
	return current;
}
