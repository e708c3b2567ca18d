/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a connection ended, in the words of counters.h. Pure.
 */
#ifndef TERMINATOR_CLOSE_REASON_H
#define TERMINATOR_CLOSE_REASON_H

#include <ngtcp2/ngtcp2.h>

#include "quicsteer/counters.h"

/* close_reason tells it from the error `rv` that ngtcp2 returned. `ours` is
 * what a callback of ours left as its reason (error_code 0: nothing); `peers`
 * is what the client's CONNECTION_CLOSE said, looked at only if there was
 * one. */
enum qs_close_reason close_reason(int rv, const ngtcp2_ccerr *ours,
				  const ngtcp2_ccerr *peers);

#endif
