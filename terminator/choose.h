/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which backend an exchange goes to: by the rows as they are at that moment, so
 * that a change of weight or breaker is seen at once. For the upstream's own
 * files.
 */
#ifndef TERMINATOR_CHOOSE_H
#define TERMINATOR_CHOOSE_H

#include <stdbool.h>

#include "terminator/exchange_private.h"

/* choose_backend gives the backend that the exchange's session is bound to,
 * else the one whose turn it is by the pool's way of balancing, of those that
 * the exchange has not tried and that have a connection to give; NULL if there
 * is none even after a look at all rows. Takes a trial if its breaker is half
 * open. *ret_busy tells whether there is one that just has no connection to
 * give now. */
struct backend *choose_backend(struct exchange *exchange, bool *ret_busy);

/* choose_mark_tried has the exchange not choose this backend again, for
 * `failure`. */
void choose_mark_tried(struct exchange *exchange, const struct backend *backend,
		       enum exchange_failure failure);

/* choose_is_left tells whether there is a backend that the exchange has not
 * tried and that takes requests; one that is busy counts if `busy_too`. */
bool choose_is_left(const struct exchange *exchange, bool busy_too);

/* choose_observe notes how many microseconds a response of the backend took to
 * come, or not to come. */
void choose_observe(struct backend *backend, uint64_t us, bool failed);

#endif
