/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words for the values of abi.h and counters.h, the same in lbctl, metrics and
 * messages. Each function returns a constant string, "unknown" for a value
 * that is out of range.
 */
#ifndef QS_LOADER_LIB_NAMES_H
#define QS_LOADER_LIB_NAMES_H

#include "quicsteer/abi.h"
#include "quicsteer/counters.h"

#include <stddef.h>

/* A counter's name and what it means. */
struct qs_counter_text {
	const char *name;
	const char *help;
};

extern const struct qs_counter_text qs_verdict_texts[QS_VERDICT_COUNT];
extern const struct qs_counter_text qs_delivery_texts[QS_DELIVERY_COUNT];
extern const struct qs_counter_text qs_icmp_relay_texts[QS_ICMP_RELAY_COUNT];
extern const struct qs_counter_text
	qs_terminator_counter_texts[QS_TERMINATOR_COUNTER_COUNT];
extern const struct qs_counter_text
	qs_terminator_gauge_texts[QS_TERMINATOR_GAUGE_COUNT];
extern const struct qs_counter_text qs_close_texts[QS_CLOSE_REASON_COUNT];
extern const struct qs_counter_text
	qs_terminator_histogram_texts[QS_TERMINATOR_HISTOGRAM_COUNT];
extern const struct qs_counter_text
	qs_pool_counter_texts[QS_POOL_COUNTER_COUNT];
extern const struct qs_counter_text
	qs_backend_counter_texts[QS_BACKEND_COUNTER_COUNT];
extern const struct qs_counter_text
	qs_backend_gauge_texts[QS_BACKEND_GAUGE_COUNT];

/* qs_state_name: of an enum qs_terminator_state: "live", "draining", ... */
const char *qs_state_name(unsigned int state);

/* qs_breaker_name: of an enum qs_breaker: "closed", "open", "half-open". */
const char *qs_breaker_name(unsigned int breaker);

/* qs_breaker_wish_name: of an enum qs_breaker_wish: "auto", "open", "closed".
 */
const char *qs_breaker_wish_name(unsigned int wish);

/* qs_backend_state_name: of an enum qs_backend_state: "active", ... */
const char *qs_backend_state_name(unsigned int state);

/* qs_health_name: of an enum qs_backend_health: "unknown", "up", "down". */
const char *qs_health_name(unsigned int health);

/* qs_encoding_name: of an enum qs_encoding: "plaintext", "single-pass", ... */
const char *qs_encoding_name(unsigned int encoding);

/* qs_attach_mode_name: of an enum qs_attach_mode: "native-link", ... */
const char *qs_attach_mode_name(unsigned int mode);

/* qs_attach_mode_cost: what the mode means for speed, one sentence. */
const char *qs_attach_mode_cost(unsigned int mode);

#endif
