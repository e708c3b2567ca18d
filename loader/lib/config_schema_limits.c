/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of what terminators allow clients. */
#include "loader/lib/config_tables.h"

static const struct qs_config_key limits_keys[] = {
	{
		.name = "header_fields",
		.kind = QS_KIND_NUMBER,
		.fallback = "128",
		MEMBER(struct qs_config_limits, header_fields),
		.minimum = 16,
		.maximum = 2048,
		.help = "fields of a request's header section; more get 431",
	},
	{
		.name = "header_size",
		.kind = QS_KIND_NUMBER,
		.fallback = "65536",
		MEMBER(struct qs_config_limits, header_size),
		.minimum = 1024,
		.maximum = 1048576,
		.help = "octets of a header section, counted with 32 for each "
			"field (RFC 9114); a larger one gets 431",
	},
	{
		.name = "uri_length",
		.kind = QS_KIND_NUMBER,
		.fallback = "8192",
		MEMBER(struct qs_config_limits, uri_length),
		.minimum = 64,
		.maximum = 65536,
		.help = "octets of path and query; longer ones get 414",
	},
	{
		.name = "body_mib",
		.kind = QS_KIND_NUMBER,
		.fallback = "1024",
		MEMBER(struct qs_config_limits, body_mib),
		.maximum = 1048576,
		.help = "MiB of a request's body, 0 for no limit; a larger one "
			"gets 413",
	},
	{
		.name = "streams",
		.kind = QS_KIND_NUMBER,
		.fallback = "100",
		MEMBER(struct qs_config_limits, streams),
		.minimum = 1,
		.maximum = 10000,
		.help = "requests under way on a connection; for new "
			"connections",
	},
	{
		.name = "connection_requests",
		.kind = QS_KIND_NUMBER,
		.fallback = "1000000",
		MEMBER(struct qs_config_limits, connection_requests),
		.maximum = 4294967295,
		.help = "requests of a connection over its life, 0 for no "
			"limit; then it is ended by GOAWAY",
	},
	{
		.name = "client_connections",
		.kind = QS_KIND_NUMBER,
		.fallback = "10000",
		MEMBER(struct qs_config_limits, client_connections),
		.maximum = 1000000,
		.help = "connections of a client address (of IPv6: a /64) to "
			"each terminator, 0 for no limit; more are refused",
	},
	{
		.name = "client_requests",
		.kind = QS_KIND_NUMBER,
		.fallback = "0",
		MEMBER(struct qs_config_limits, client_requests),
		.maximum = 1000000,
		.help = "requests a second of a client address to each "
			"terminator, 0 for no limit; more get 429",
	},
	{
		.name = "client_burst",
		.kind = QS_KIND_NUMBER,
		.fallback = "100",
		MEMBER(struct qs_config_limits, client_burst),
		.minimum = 1,
		.maximum = 1000000,
		.help = "requests that a client may make at once beyond "
			"client_requests",
	},
	{
		.name = "header_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "10s",
		MEMBER(struct qs_config_limits, header_timeout_ms),
		.minimum = 100,
		.maximum = 10 * MINUTE,
		.help = "from a request's first octet to the end of its "
			"header section; then it is reset",
	},
	{
		.name = "body_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "30s",
		MEMBER(struct qs_config_limits, body_timeout_ms),
		.minimum = 100,
		.maximum = HOUR,
		.help = "the time over which body_minimum_rate is measured",
	},
	{
		.name = "body_minimum_rate",
		.kind = QS_KIND_NUMBER,
		.fallback = "100",
		MEMBER(struct qs_config_limits, body_minimum_rate),
		.maximum = 1000000000,
		.help = "octets a second of a request's body until its "
			"response begins, unless the backend is the slower "
			"one; slower ones get 408",
	},
	{},
};

const struct qs_config_mapping qs_config_limits_mapping = {
	limits_keys, sizeof(struct qs_config_limits)};
