/* SPDX-License-Identifier: GPL-2.0-only */
/* Where an exchange meets the limits (limits.h), if there are any. */
#ifndef TERMINATOR_EXCHANGE_LIMITS_H
#define TERMINATOR_EXCHANGE_LIMITS_H

#include "terminator/exchange_private.h"

/* exchange_limits_check judges the request. Returns the failure to be told, or
 * -1 when it may go on. */
int exchange_limits_check(const struct exchange *exchange,
			  const struct exchange_request *request);

/* exchange_limits_body tells whether the request's body may be as long as it is
 * by now. */
bool exchange_limits_body(const struct exchange *exchange);

#endif
