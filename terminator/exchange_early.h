/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests that came in 0-RTT (RFC 8470). Anybody who saw one on the network
 * can send it again, so one that is not safe waits until the handshake is
 * complete, which only its sender can do; its body is held meanwhile. Others
 * are marked by Early-Data; those that a backend finds to be too early are sent
 * again after the handshake.
 */
#ifndef TERMINATOR_EXCHANGE_EARLY_H
#define TERMINATOR_EXCHANGE_EARLY_H

#include "terminator/exchange_private.h"

/* exchange_early_handler gives the handler of the exchange's route, or one that
 * waits for exchange_confirmed first. Counts requests of 0-RTT. */
const struct exchange_handler *
exchange_early_handler(struct exchange *exchange,
		       const struct exchange_request *request);

/* exchange_early_again tells, when a backend has answered 425, whether the
 * request is to be sent again, once and without Early-Data: at once, or after
 * exchange_confirmed if exchange_early_waits. */
bool exchange_early_again(struct exchange *exchange);
bool exchange_early_waits(const struct exchange *exchange);

#endif
