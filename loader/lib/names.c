/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/names.h"

#define TEXT(name, help) {#name, help},

const struct qs_counter_text qs_verdict_texts[] = {QS_VERDICTS(TEXT)};
const struct qs_counter_text qs_delivery_texts[] = {QS_DELIVERIES(TEXT)};
const struct qs_counter_text qs_icmp_relay_texts[] = {QS_ICMP_RELAYS(TEXT)};
const struct qs_counter_text qs_terminator_counter_texts[] = {
	QS_TERMINATOR_COUNTERS(TEXT)};
const struct qs_counter_text qs_terminator_gauge_texts[] = {
	QS_TERMINATOR_GAUGES(TEXT)};
const struct qs_counter_text qs_close_texts[] = {QS_CLOSE_REASONS(TEXT)};
const struct qs_counter_text qs_terminator_histogram_texts[] = {
	QS_TERMINATOR_HISTOGRAMS(TEXT)};
const struct qs_counter_text qs_pool_counter_texts[] = {QS_POOL_COUNTERS(TEXT)};
const struct qs_counter_text qs_backend_counter_texts[] = {
	QS_BACKEND_COUNTERS(TEXT)};
const struct qs_counter_text qs_backend_gauge_texts[] = {
	QS_BACKEND_GAUGES(TEXT)};

static const char *const state_names[] = {
	[QS_TERMINATOR_FREE] = "free",
	[QS_TERMINATOR_LIVE] = "live",
	[QS_TERMINATOR_DRAINING] = "draining",
	[QS_TERMINATOR_DEAD] = "dead",
};

static const char *const breaker_names[] = {
	[QS_BREAKER_CLOSED] = "closed",
	[QS_BREAKER_OPEN] = "open",
	[QS_BREAKER_HALF_OPEN] = "half-open",
};

static const char *const breaker_wish_names[] = {
	[QS_WISH_AUTO] = "auto",
	[QS_WISH_OPEN] = "open",
	[QS_WISH_CLOSED] = "closed",
};

static const char *const backend_state_names[] = {
	[QS_BACKEND_FREE] = "free",
	[QS_BACKEND_ACTIVE] = "active",
	[QS_BACKEND_DRAINING] = "draining",
};

static const char *const health_names[] = {
	[QS_HEALTH_UNKNOWN] = "unknown",
	[QS_HEALTH_UP] = "up",
	[QS_HEALTH_DOWN] = "down",
};

static const char *const encoding_names[] = {
	[QS_ENCODING_NONE] = "none",
	[QS_ENCODING_PLAINTEXT] = "plaintext",
	[QS_ENCODING_SINGLE_PASS] = "single-pass",
	[QS_ENCODING_FOUR_PASS] = "four-pass",
};

static const char *const mode_names[] = {
	[QS_ATTACH_NONE] = "none",
	[QS_ATTACH_NATIVE_LINK] = "native-link",
	[QS_ATTACH_GENERIC_LINK] = "generic-link",
	[QS_ATTACH_NATIVE_DISPATCHER] = "native-dispatcher",
	[QS_ATTACH_GENERIC_DISPATCHER] = "generic-dispatcher",
	[QS_ATTACH_TC] = "tc",
};

static const char *const mode_costs[] = {
	[QS_ATTACH_NONE] = "no XDP program is attached: nothing is steered",
	[QS_ATTACH_NATIVE_LINK] =
		"runs in the driver before the kernel allocates anything; one "
		"program, replaced atomically; no other XDP program fits "
		"beside "
		"it",
	[QS_ATTACH_GENERIC_LINK] =
		"runs after the kernel has allocated each packet, several "
		"times "
		"slower than native; one program, replaced atomically",
	[QS_ATTACH_NATIVE_DISPATCHER] =
		"runs in the driver behind libxdp's dispatcher, one indirect "
		"call "
		"a packet more; other XDP programs can run beside it",
	[QS_ATTACH_GENERIC_DISPATCHER] =
		"runs after the kernel has allocated each packet, behind "
		"libxdp's "
		"dispatcher; other XDP programs can run beside it",
	[QS_ATTACH_TC] =
		"no XDP program: every packet goes through the stack up to tc, "
		"also those that are dropped, several times slower than "
		"native; where GRO merged datagrams of several connections of "
		"one 4-tuple, all go to the terminator of the first",
};

#define WORD(table, value) \
	((value) < sizeof(table) / sizeof(*table) ? table[value] : "unknown")

const char *qs_state_name(unsigned int state)
{
	return WORD(state_names, state);
}

const char *qs_encoding_name(unsigned int encoding)
{
	return WORD(encoding_names, encoding);
}

const char *qs_attach_mode_name(unsigned int mode)
{
	return WORD(mode_names, mode);
}

const char *qs_attach_mode_cost(unsigned int mode)
{
	return WORD(mode_costs, mode);
}

const char *qs_breaker_name(unsigned int breaker)
{
	return WORD(breaker_names, breaker);
}

const char *qs_breaker_wish_name(unsigned int wish)
{
	return WORD(breaker_wish_names, wish);
}

const char *qs_backend_state_name(unsigned int state)
{
	return WORD(backend_state_names, state);
}

const char *qs_health_name(unsigned int health)
{
	return WORD(health_names, health);
}
