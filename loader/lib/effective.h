/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What share a terminator or a backend really gets: the operator's wish, the
 * configured weight and the observed health together. Pure.
 */
#ifndef QS_LOADER_LIB_EFFECTIVE_H
#define QS_LOADER_LIB_EFFECTIVE_H

#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stddef.h>

/* Effective weights of backends are so much finer than configured ones. */
enum { QS_EFFECTIVE_SCALE = 256 };

/*
 * qs_terminators_effective: sets `effective` of all `count` terminators. A
 * live one gets the wished or else its own weight, times its health factor (at
 * least 1 unless the weight is 0); one that drains, or whose breaker is open,
 * gets 0. If that would leave no live terminator with a share, open breakers
 * that healthd (not the operator) opened are disregarded: a hung process may
 * recover, an empty lookup drops everything.
 */
void qs_terminators_effective(struct qs_terminator *terminators, size_t count);

/*
 * qs_pool_effective: sets `effective` and `kept` of the active rows of `pool`
 * among `count` rows, and `effective` 0 of its draining ones. A row is ejected
 * if its breaker is open or its health is down; not if the operator wants the
 * breaker closed. At most max_ejected per cent of the pool's active rows
 * (rounded down) stay ejected, those whose breaker changed longest ago first;
 * the rest are `kept`: they get their share all the same. Rows that the
 * operator drains, opens or gives weight 0 get 0 and do not count. A row that
 * is half open keeps its weight; terminators limit it by trials. Slow
 * start withholds a part of the weight (row->withheld).
 */
void qs_pool_effective(struct qs_backend *rows, size_t count, const char *pool);

/* qs_backend_is_broken: whether breaker, checks or the operator's wish for the
 * breaker keep requests from it. */
bool qs_backend_is_broken(const struct qs_backend *row);

/* qs_backend_wanted_weight: its weight before health and slow start have their
 * say; 0 if the operator drains it. */
__u32 qs_backend_wanted_weight(const struct qs_backend *row);

#endif
