/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a backend takes to answer, as far as choosing one goes: the peak
 * counts at once, and is forgotten with a time constant of LATENCY_DECAY_NS, so
 * that one who is not asked any more comes to be tried again. Pure.
 */
#ifndef TERMINATOR_LATENCY_H
#define TERMINATOR_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#define LATENCY_DECAY_NS 3000000000ULL

/* All zeros: nothing is known. */
struct latency {
	double us;
	uint64_t at_ns;
};

/* latency_observe takes in a response, or a time-out, after `us` microseconds.
 * One that failed can only make it longer: to fail fast is no merit. */
void latency_observe(struct latency *latency, uint64_t us, uint64_t now_ns,
		     bool failed);

/* latency_us gives what is left of it: at least 1, or 0 if nothing is known. */
uint32_t latency_us(const struct latency *latency, uint64_t now_ns);

#endif
