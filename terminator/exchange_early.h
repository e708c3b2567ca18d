/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests that came in 0-RTT (RFC 8470). Anybody who saw one on the network
 * can send it again, so one that is not safe waits until the handshake is
 * complete, which only its sender can do; its body is held meanwhile.
 */
#ifndef TERMINATOR_EXCHANGE_EARLY_H
#define TERMINATOR_EXCHANGE_EARLY_H

#include "terminator/exchange_private.h"

/* exchange_early_handler gives the handler of the exchange's route, or one that
 * waits for exchange_confirmed first. Counts requests of 0-RTT. */
const struct exchange_handler *
exchange_early_handler(struct exchange *exchange,
		       const struct exchange_request *request);

#endif
