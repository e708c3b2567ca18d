/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of pools. */
#include "loader/lib/config_tables.h"

static const cyaml_strval_t balances[] = {
	{"round-robin", QS_BALANCE_ROUND_ROBIN},
	{"least-requests", QS_BALANCE_LEAST_REQUESTS},
	{"hash", QS_BALANCE_HASH},
	{"latency", QS_BALANCE_LATENCY},
};

static const cyaml_strval_t affinities[] = {
	{"none", QS_AFFINITY_NONE},
	{"client-ip", QS_AFFINITY_CLIENT_IP},
	{"header", QS_AFFINITY_HEADER},
	{"cookie", QS_AFFINITY_COOKIE},
};

static const cyaml_strval_t proxy_protocols[] = {
	{"none", QS_PROXY_NONE},
	{"v2", QS_PROXY_V2},
};

static const struct qs_config_key backend_keys[] = {
	{
		.name = "url",
		.kind = QS_KIND_URL,
		.flags = QS_KEY_REQUIRED,
		.size = sizeof(struct qs_config_backend),
		.help = "http://HOST[:PORT] or https://HOST[:PORT]; each "
			"address of a host name is a backend of its own",
	},
	{
		.name = "name",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_backend, name),
		.minimum = 1,
		.maximum = QS_NAME_SIZE - 1,
		.pattern = "^[a-z0-9._-]+$",
		.form = "a backend's name is 1 to 31 of a-z, 0-9, ., _ and -",
		.help = "unique in the file; default: POOL-N, N from 1",
	},
	{
		.name = "weight",
		.kind = QS_KIND_NUMBER,
		.fallback = "100",
		MEMBER(struct qs_config_backend, weight),
		.maximum = QS_WEIGHT_MAX,
		.help = "share of the pool's requests, beside the others'",
	},
	{},
};

static const struct qs_config_mapping backend_mapping = {
	backend_keys, sizeof(struct qs_config_backend)};

static const struct qs_config_key pool_keys[] = {
	{
		.name = "name",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_pool, name),
		.minimum = 1,
		.maximum = QS_NAME_SIZE - 1,
		.pattern = NAME_PATTERN,
		.form = NAME_FORM,
		.help = "what routes call it; unique",
	},
	{
		.name = "connect_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "5s",
		MEMBER(struct qs_config_pool, connect_timeout_ms),
		.minimum = 1,
		.maximum = 5 * MINUTE,
		.help = "a connection to a backend must be made in this time",
	},
	{
		.name = "response_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "60s",
		MEMBER(struct qs_config_pool, response_timeout_ms),
		.minimum = 1,
		.maximum = HOUR,
		.help = "from the whole request to the response's header",
	},
	{
		.name = "body_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "60s",
		MEMBER(struct qs_config_pool, body_timeout_ms),
		.minimum = 1,
		.maximum = HOUR,
		.help = "between two pieces of the response's body",
	},
	{
		.name = "total_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "0s",
		MEMBER(struct qs_config_pool, total_timeout_ms),
		.maximum = 24 * HOUR,
		.help = "the whole of a request and its response, retries "
			"included; 0s: none",
	},
	{
		.name = "keepalive",
		.kind = QS_KIND_DURATION,
		.fallback = "30s",
		MEMBER(struct qs_config_pool, keepalive_ms),
		.maximum = HOUR,
		.help = "an unused connection to a backend is closed",
	},
	{
		.name = "keepalive_connections",
		.kind = QS_KIND_NUMBER,
		.fallback = "512",
		MEMBER(struct qs_config_pool, keepalive_connections),
		.maximum = 65535,
		.help = "unused connections that each terminator keeps to each "
			"backend",
	},
	{
		.name = "max_connections",
		.kind = QS_KIND_NUMBER,
		.fallback = "1024",
		MEMBER(struct qs_config_pool, max_connections),
		.minimum = 1,
		.maximum = 65535,
		.help = "connections of each terminator to each backend",
	},
	{
		.name = "queue",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_pool, queue),
		.mapping = &qs_config_queue_mapping,
		.help = "requests that wait when all connections are busy",
	},
	{
		.name = "retries",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_pool, retries),
		.mapping = &qs_config_retries_mapping,
		.help = "requests sent again when a backend fails",
	},
	{
		.name = "proxy_protocol",
		.kind = QS_KIND_CHOICE,
		.fallback = "none",
		MEMBER(struct qs_config_pool, proxy_protocol),
		CHOICES(proxy_protocols),
		.help = "header with the client's address before each "
			"connection's first request; each connection is for "
			"one client's requests only",
	},
	{
		.name = "tls",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_pool, tls),
		.mapping = &qs_config_pool_tls_mapping,
		.help = "how https backends are verified",
	},
	{
		.name = "balance",
		.kind = QS_KIND_CHOICE,
		.fallback = "round-robin",
		MEMBER(struct qs_config_pool, balance),
		CHOICES(balances),
		.help = "in turn, to the less busy of two, by a hash of the "
			"request, or to the faster of two",
	},
	{
		.name = "hash_key",
		.kind = QS_KIND_TEXT,
		.fallback = "client-ip",
		MEMBER(struct qs_config_pool, hash_key),
		.minimum = 1,
		.maximum = 70,
		.pattern = "^(client-ip|path|uri|(header|cookie):" TOKEN
			   "{1,63})$",
		.form = "a hash key is client-ip, path, uri, header:NAME or "
			"cookie:NAME",
		.help = "what of the request balance: hash goes by",
	},
	{
		.name = "hash_bound",
		.kind = QS_KIND_SHARE,
		.fallback = "125%",
		MEMBER(struct qs_config_pool, hash_bound),
		.maximum = 10000,
		.help = "a backend with more than this of its share of all "
			"requests in progress is passed over; 0%: none is",
	},
	{
		.name = "slow_start",
		.kind = QS_KIND_DURATION,
		.fallback = "0s",
		MEMBER(struct qs_config_pool, slow_start_ms),
		.maximum = HOUR,
		.help = "so long the weight of a backend that is new or comes "
			"back grows to all of it",
	},
	{
		.name = "affinity",
		.kind = QS_KIND_CHOICE,
		.fallback = "none",
		MEMBER(struct qs_config_pool, affinity),
		CHOICES(affinities),
		.help = "what binds the requests of a session to one backend",
	},
	{
		.name = "affinity_header",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_LOWER_CASE,
		MEMBER(struct qs_config_pool, affinity_header),
		.minimum = 1,
		.maximum = 63,
		.pattern = "^" TOKEN "+$",
		.form = "a field's name is made of letters, digits and "
			"!#$%&'*+-.^_`|~",
		.help = "the field of affinity: header",
	},
	{
		.name = "affinity_cookie",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_pool, affinity_cookie),
		.mapping = &qs_config_affinity_cookie_mapping,
		.help = "the cookie of affinity: cookie",
	},
	{
		.name = "resolve_interval",
		.kind = QS_KIND_DURATION,
		.fallback = "2s",
		MEMBER(struct qs_config_pool, resolve_ms),
		.minimum = 100,
		.maximum = HOUR,
		.help = "how often host names of backends are looked up",
	},
	{
		.name = "drain_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "30s",
		MEMBER(struct qs_config_pool, drain_ms),
		.maximum = 24 * HOUR,
		.help = "a backend that is removed may finish its requests",
	},
	{
		.name = "health",
		.kind = QS_KIND_MAPPING,
		.fallback = "none",
		MEMBER(struct qs_config_pool, check),
		.mapping = &qs_config_check_mapping,
		.help = "active checks; without it there are none",
	},
	{
		.name = "breaker",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_pool, breaker),
		.mapping = &qs_config_breaker_mapping,
		.help = "circuit breakers, by what requests meet",
	},
	{
		.name = "health_weight",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_pool, health_weight),
		.mapping = &qs_config_health_weight_mapping,
		.help = "less for backends that are slower than their peers",
	},
	{
		.name = "backends",
		LIST(struct qs_config_pool, backends, backend_count),
		.flags = QS_KEY_REQUIRED,
		.minimum = 1,
		.maximum = QS_MAX_BACKENDS,
		.mapping = &backend_mapping,
		.help = "servers that speak HTTP/1.1",
	},
	{},
};

const struct qs_config_mapping qs_config_pool_mapping = {
	pool_keys, sizeof(struct qs_config_pool)};

static const char *choice_name(const cyaml_strval_t *choices, size_t count,
			       int64_t value)
{
	for (size_t i = 0; i < count; i++) {
		if (choices[i].val == value)
			return choices[i].str;
	}
	return "unknown";
}

const char *qs_config_balance_name(enum qs_config_balance balance)
{
	return choice_name(balances, sizeof(balances) / sizeof(*balances),
			   balance);
}

const char *qs_config_affinity_name(enum qs_config_affinity affinity)
{
	return choice_name(affinities, sizeof(affinities) / sizeof(*affinities),
			   affinity);
}
