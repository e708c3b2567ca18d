/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The active checks of all backends, each row in its own time. What they find
 * is kept for whoever asks, once.
 */
#ifndef HEALTHD_CHECKS_H
#define HEALTHD_CHECKS_H

#include "healthd/check.h"
#include "healthd/probe.h"
#include "healthd/rows.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct checker {
	uv_timer_t timer;		      /* to the next check */
	struct probe *probe;		      /* under way, or NULL */
	const struct qs_config_check *config; /* borrowed; NULL: no checks */
	struct check check;
	struct qs_vip_key address;
	char host[300];
	char name[QS_BACKEND_NAME_SIZE];   /* of the row */
	const struct qs_config_pool *pool; /* that `tls` is of; borrowed */
	struct backend_tls *tls;	   /* owned; NULL: in the clear */
	char tls_error[QS_REASON_SIZE];	   /* why there is none; else empty */
	uint64_t begun_ms;		   /* uv_now() of the last check */
	bool news;			   /* the fields below are new */
	bool changed;			   /* the health, too */
	uint64_t checked_ns;		   /* CLOCK_REALTIME */
	char failure[QS_REASON_SIZE];	   /* empty: passed */
};

struct checks {
	uv_loop_t *loop;
	struct checker checkers[QS_MAX_BACKENDS]; /* by row */
};

/* checks_init: no row is checked. */
void checks_init(struct checks *checks, uv_loop_t *loop);

/*
 * checks_start: checks what `wanted` has in its row from now on, with this
 * health so far; at once, unless `later`: it was checked until now, and goes
 * on by the new configuration. The configuration is borrowed until the next
 * checks_start or checks_stop of the row.
 */
void checks_start(struct checks *checks, const struct wanted *wanted,
		  enum qs_backend_health health, bool later);

/* checks_stop: no more checks of this row; its news are forgotten. */
void checks_stop(struct checks *checks, int row);

/* checks_close: stops all and closes the handles, in the loop's time. */
void checks_close(struct checks *checks);

#endif
