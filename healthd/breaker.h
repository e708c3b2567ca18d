/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The circuit breaker of one backend, driven by what its requests came to.
 * Pure: no clock, no maps.
 *
 *   closed     opens by consecutive failures or by the error rate of a sliding
 *              window.
 *   open       lasts open_ms, doubled with each opening since it was last
 *              closed, at most open_max_ms; then it is half open.
 *   half open  half_open_requests trials. All succeed: closed. One fails: open
 *              again. Too little traffic to take them all: closed after the
 *              longer of open_ms and the window, if no trial failed and active
 *              checks (where there are any) do not say that it is down. All
 *              taken but neither succeeded nor failed (clients gave up): as
 *              many new ones after the same time. While requests are in flight
 *              this waits for them, at most as long as they can take.
 */
#ifndef HEALTHD_BREAKER_H
#define HEALTHD_BREAKER_H

#include "loader/lib/config.h"
#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_BUCKETS = 10 };

/* Times are CLOCK_REALTIME, so that they outlive the process. What the row of
 * the backend does not hold is lost with the process: counts towards the next
 * opening. */
struct breaker {
	enum qs_breaker state;
	uint64_t changed_ns;
	uint64_t open_end_ns;
	uint32_t openings, half_openings, closings; /* in all */
	uint32_t openings_in_row;
	uint32_t trial_episode;
	uint64_t trial_successes;  /* in this episode */
	uint64_t episode_begin_ns; /* of the trials */
	uint32_t consecutive;	   /* failures since the last success */
	struct breaker_bucket {
		uint64_t number; /* time divided by a bucket's width */
		uint64_t successes, failures;
	} buckets[BREAKER_BUCKETS];
	char reason[QS_REASON_SIZE]; /* of the last opening */
};

/* What was seen since the last step. */
struct breaker_input {
	uint64_t successes, failures; /* requests that ended so */
	uint64_t in_flight;	      /* requests, now */
	uint32_t trials_taken;	      /* of trial_episode, in all */
	uint32_t answer_ms; /* a request takes no longer than this to fail */
	bool down;	    /* by the active checks */
};

/*
 * breaker_resume: takes up what a row says, as an earlier process left it.
 * Values that cannot be are set right. Trials of a half-open time begin anew.
 */
void breaker_resume(struct breaker *breaker, const struct qs_backend *row,
		    uint64_t now_ns);

/*
 * breaker_step: goes on to now. Returns whether something changed that the row
 * is to show.
 */
bool breaker_step(struct breaker *breaker,
		  const struct qs_config_breaker *config, uint64_t now_ns,
		  const struct breaker_input *input);

/* breaker_trial_limit: how many trials a half-open time allows, at least 1. */
uint32_t breaker_trial_limit(const struct qs_config_breaker *config);

#endif
