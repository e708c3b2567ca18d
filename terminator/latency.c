/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/latency.h"

#include <math.h>

static double left(const struct latency *latency, uint64_t now_ns)
{
	uint64_t passed = now_ns > latency->at_ns ? now_ns - latency->at_ns : 0;

	return exp(-(double)passed / LATENCY_DECAY_NS);
}

void latency_observe(struct latency *latency, uint64_t us, uint64_t now_ns,
		     bool failed)
{
	double share = left(latency, now_ns);

	if (us < latency->us && failed)
		return;
	if (us >= latency->us)
		latency->us = us;
	else
		latency->us = latency->us * share + us * (1 - share);
	latency->at_ns = now_ns;
}

uint32_t latency_us(const struct latency *latency, uint64_t now_ns)
{
	double us = latency->us * left(latency, now_ns);

	if (!latency->us)
		return 0;
	if (us < 1)
		return 1;
	return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}
