/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of pools that say how the health of backends is judged. */
#include "loader/lib/config_tables.h"

static const cyaml_strval_t check_types[] = {
	{"http", QS_CHECK_HTTP},
	{"tcp", QS_CHECK_TCP},
	{"none", QS_CHECK_NONE},
};

static const struct qs_config_key check_keys[] = {
	{
		.name = "type",
		.kind = QS_KIND_CHOICE,
		.fallback = "http",
		MEMBER(struct qs_config_check, type),
		CHOICES(check_types),
		.help = "ask for a page, only connect, or do not check",
	},
	{
		.name = "path",
		.kind = QS_KIND_TEXT,
		.fallback = "/",
		MEMBER(struct qs_config_check, path),
		.minimum = 1,
		.maximum = 1024,
		.pattern = "^/[!\"$-~]*$",
		.form = "a path begins with / and holds no blanks and no #",
		.help = "what an http check asks for",
	},
	{
		.name = "host",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_check, host),
		.minimum = 1,
		.maximum = 253,
		.pattern = "^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+)"
			   "(:[0-9]{1,5})?$",
		.form = "a host is a name or an address, with or without a "
			"port",
		.help = "Host field of an http check; default: the backend's "
			"own",
	},
	{
		.name = "expect_status",
		.kind = QS_KIND_STATUSES,
		.fallback = "200-399",
		MEMBER(struct qs_config_check, statuses),
		.count_offset = offsetof(struct qs_config_check, status_count),
		.minimum = 100,
		.maximum = 599,
		.help = "statuses that pass an http check, such as "
			"\"200-299,304\"",
	},
	{
		.name = "expect_body",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_check, body),
		.minimum = 1,
		.maximum = 1024,
		.help = "text that the first 64 KiB of the body must hold",
	},
	{
		.name = "interval",
		.kind = QS_KIND_DURATION,
		.fallback = "2s",
		MEMBER(struct qs_config_check, interval_ms),
		.minimum = 10,
		.maximum = HOUR,
		.help = "from check to check of a backend that is up",
	},
	{
		.name = "interval_down",
		.kind = QS_KIND_DURATION,
		.fallback = "500ms",
		MEMBER(struct qs_config_check, interval_down_ms),
		.minimum = 10,
		.maximum = HOUR,
		.help = "from check to check of a backend that is down",
	},
	{
		.name = "timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "1s",
		MEMBER(struct qs_config_check, timeout_ms),
		.minimum = 1,
		.maximum = 5 * MINUTE,
		.help = "a check that takes longer has failed; at most the "
			"interval",
	},
	{
		.name = "rise",
		.kind = QS_KIND_NUMBER,
		.fallback = "2",
		MEMBER(struct qs_config_check, rise),
		.minimum = 1,
		.maximum = 100,
		.help = "checks in a row that must pass until it is up",
	},
	{
		.name = "fall",
		.kind = QS_KIND_NUMBER,
		.fallback = "3",
		MEMBER(struct qs_config_check, fall),
		.minimum = 1,
		.maximum = 100,
		.help = "checks in a row that must fail until it is down",
	},
	{
		.name = "jitter",
		.kind = QS_KIND_SHARE,
		.fallback = "10%",
		MEMBER(struct qs_config_check, jitter),
		.maximum = 500,
		.help = "by how much an interval varies, so that checks do not "
			"fall together",
	},
	{},
};

const struct qs_config_mapping qs_config_check_mapping = {
	check_keys, sizeof(struct qs_config_check)};

static const struct qs_config_key breaker_keys[] = {
	{
		.name = "enabled",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_breaker, enabled),
		.help = "whether failed requests eject a backend",
	},
	{
		.name = "consecutive_failures",
		.kind = QS_KIND_NUMBER,
		.fallback = "5",
		MEMBER(struct qs_config_breaker, consecutive_failures),
		.maximum = 1000000,
		.help = "failures in a row that open it; 0: not by these",
	},
	{
		.name = "error_rate",
		.kind = QS_KIND_SHARE,
		.fallback = "50%",
		MEMBER(struct qs_config_breaker, error_rate),
		.maximum = 1000,
		.help = "share of failures in the window that opens it; 0%: "
			"not by this",
	},
	{
		.name = "minimum_requests",
		.kind = QS_KIND_NUMBER,
		.fallback = "20",
		MEMBER(struct qs_config_breaker, minimum_requests),
		.minimum = 1,
		.maximum = 1000000,
		.help = "requests in the window for the rate to count",
	},
	{
		.name = "window",
		.kind = QS_KIND_DURATION,
		.fallback = "10s",
		MEMBER(struct qs_config_breaker, window_ms),
		.minimum = 100,
		.maximum = 10 * MINUTE,
		.help = "how far back the rate looks",
	},
	{
		.name = "open_time",
		.kind = QS_KIND_DURATION,
		.fallback = "5s",
		MEMBER(struct qs_config_breaker, open_ms),
		.minimum = 10,
		.maximum = 24 * HOUR,
		.help = "how long it is open; doubled each time in a row",
	},
	{
		.name = "open_time_max",
		.kind = QS_KIND_DURATION,
		.fallback = "5m",
		MEMBER(struct qs_config_breaker, open_max_ms),
		.minimum = 10,
		.maximum = 24 * HOUR,
		.help = "the cap of that",
	},
	{
		.name = "half_open_requests",
		.kind = QS_KIND_NUMBER,
		.fallback = "3",
		MEMBER(struct qs_config_breaker, half_open_requests),
		.minimum = 1,
		.maximum = 1000,
		.help = "trials after it was open; all must succeed to close "
			"it",
	},
	{
		.name = "max_ejected",
		.kind = QS_KIND_PERCENT,
		.fallback = "80%",
		MEMBER(struct qs_config_breaker, max_ejected),
		.maximum = 100,
		.help = "share of the pool that breakers and checks may eject",
	},
	{},
};

const struct qs_config_mapping qs_config_breaker_mapping = {
	breaker_keys, sizeof(struct qs_config_breaker)};

static const struct qs_config_key health_weight_keys[] = {
	{
		.name = "enabled",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_health_weight, enabled),
		.help = "whether a backend slower than its peers gets less",
	},
	{
		.name = "minimum",
		.kind = QS_KIND_SHARE,
		.fallback = "10%",
		MEMBER(struct qs_config_health_weight, minimum),
		.minimum = 1,
		.maximum = 1000,
		.help = "share of its weight that a slow backend keeps",
	},
	{
		.name = "window",
		.kind = QS_KIND_DURATION,
		.fallback = "10s",
		MEMBER(struct qs_config_health_weight, window_ms),
		.minimum = 100,
		.maximum = 10 * MINUTE,
		.help = "over which response times are smoothed",
	},
	{},
};

const struct qs_config_mapping qs_config_health_weight_mapping = {
	health_weight_keys, sizeof(struct qs_config_health_weight)};
