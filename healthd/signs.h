/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The passive signs of health: what the requests of the terminators came to at
 * each backend, since the last look. Pure but for reading the mapped rows.
 */
#ifndef HEALTHD_SIGNS_H
#define HEALTHD_SIGNS_H

#include "quicsteer/abi.h"
#include "quicsteer/counters.h"

#include <stdbool.h>
#include <stdint.h>

struct sign_counts {
	uint64_t successes;   /* responses but for 5xx */
	uint64_t failures;    /* no or no proper response, or 5xx */
	uint64_t responses;   /* whose time was measured */
	uint64_t response_us; /* sum of these times */
};

/* What a terminator's row of a backend said at the last look. */
struct sign_last {
	struct sign_counts counts;
	uint32_t id;	   /* of the backend; 0: none yet */
	uint16_t instance; /* of the terminator */
};

struct signs {
	struct sign_last last[QS_MAX_TERMINATORS][QS_MAX_BACKENDS];
	bool primed; /* a first look was taken: counts from here on are new */
};

/* What is new of one backend, over all terminators. */
struct sign_sum {
	struct sign_counts counts; /* since the last look */
	uint64_t in_flight;	   /* requests, now */
};

/* The mapped rows to look at. */
struct sign_source {
	const struct qs_terminator *terminators; /* QS_MAX_TERMINATORS */
	const struct qs_proxy_stats *proxy;	 /* by slot */
	const struct qs_backend *rows;		 /* QS_MAX_BACKENDS */
	uint64_t real_ns;			 /* CLOCK_REALTIME */
};

/*
 * signs_delta: adds to `sum` what `stats` counted since `last`, and has `last`
 * follow. A row of another backend counts nothing. Counters that began again
 * (another terminator or backend in the row) count from 0; on a first look
 * (`first`) nothing is new.
 */
void signs_delta(struct sign_last *last, const struct qs_backend_stats *stats,
		 uint32_t id, uint16_t instance, bool first,
		 struct sign_counts *sum);

/*
 * signs_collect: sets sums[row] of all rows that are not free. Terminators that
 * are dead are looked at once more after their death, and have nothing in
 * flight.
 */
void signs_collect(struct signs *signs, const struct sign_source *source,
		   struct sign_sum sums[static QS_MAX_BACKENDS]);

#endif
