/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of pools[].retries, .queue and .tls, and what is told to backends of
 * the client: terminator.forwarded and .request_id. */
#include "loader/lib/config_tables.h"

static const struct qs_config_key retries_keys[] = {
	{
		.name = "attempts",
		.kind = QS_KIND_NUMBER,
		.fallback = "2",
		MEMBER(struct qs_config_retries, attempts),
		.maximum = 10,
		.help = "other backends that a request may be sent to when one "
			"fails, if it is safe to send it again; 0: none",
	},
	{
		.name = "budget",
		.kind = QS_KIND_SHARE,
		.fallback = "20%",
		MEMBER(struct qs_config_retries, budget),
		.maximum = 1000,
		.help = "retries, as a share of the pool's requests in the "
			"last 10 s at a terminator",
	},
	{
		.name = "minimum",
		.kind = QS_KIND_NUMBER,
		.fallback = "10",
		MEMBER(struct qs_config_retries, minimum),
		.maximum = 100000,
		.help = "retries in 10 s that the budget always allows",
	},
	{
		.name = "on_timeout",
		.kind = QS_KIND_SWITCH,
		.fallback = "false",
		MEMBER(struct qs_config_retries, on_timeout),
		.help = "whether a safe request is sent again when the "
			"response_timeout is over",
	},
	{
		.name = "on_status",
		.kind = QS_KIND_STATUSES,
		MEMBER(struct qs_config_retries, statuses),
		.count_offset =
			offsetof(struct qs_config_retries, status_count),
		.minimum = 400,
		.maximum = 599,
		.help = "responses after which a safe request is sent again: "
			"502-504; default: none",
	},
	{},
};

const struct qs_config_mapping qs_config_retries_mapping = {
	retries_keys, sizeof(struct qs_config_retries)};

static const struct qs_config_key queue_keys[] = {
	{
		.name = "size",
		.kind = QS_KIND_NUMBER,
		.fallback = "1024",
		MEMBER(struct qs_config_queue, size),
		.maximum = 1000000,
		.help = "requests that wait for a connection, at each "
			"terminator; more get 503",
	},
	{
		.name = "timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "5s",
		MEMBER(struct qs_config_queue, timeout_ms),
		.minimum = 1,
		.maximum = HOUR,
		.help = "one that waited so long gets 503",
	},
	{},
};

const struct qs_config_mapping qs_config_queue_mapping = {
	queue_keys, sizeof(struct qs_config_queue)};

static const struct qs_config_key tls_keys[] = {
	{
		.name = "ca_file",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_pool_tls, ca_file),
		.minimum = 2,
		.maximum = 1024,
		.pattern = FILE_PATTERN,
		.form = FILE_FORM,
		.help = "PEM file with the authorities that certificates of "
			"https backends must come from; default: the system's",
	},
	{
		.name = "server_name",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_pool_tls, server_name),
		.minimum = 1,
		.maximum = 253,
		.pattern = "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
			   "(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$",
		.form = "a host name is needed, without port",
		.help = "name that their certificates must be for; default: "
			"the host of each URL",
	},
	{
		.name = "verify",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_pool_tls, verify),
		.help = "whether their certificates are checked",
	},
	{},
};

const struct qs_config_mapping qs_config_pool_tls_mapping = {
	tls_keys, sizeof(struct qs_config_pool_tls)};

static const struct qs_config_key forwarded_keys[] = {
	{
		.name = "trusted",
		LIST(struct qs_config_forwarded, trusted, trusted_count),
		.entry = QS_KIND_PREFIX,
		.minimum = 1,
		.maximum = QS_MAX_PREFIXES,
		.help = "proxies before us, by prefix, whose X-Forwarded-*, "
			"Forwarded and request ID are believed; default: none",
	},
	{
		.name = "standard",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_forwarded, standard),
		.help = "whether backends get Forwarded (RFC 7239) beside "
			"X-Forwarded-*",
	},
	{},
};

const struct qs_config_mapping qs_config_forwarded_mapping = {
	forwarded_keys, sizeof(struct qs_config_forwarded)};

static const struct qs_config_key request_id_keys[] = {
	{
		.name = "enabled",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_request_id, enabled),
		.help = "whether each request has an ID: a trusted proxy's, or "
			"else a new UUID",
	},
	{
		.name = "field",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_LOWER_CASE,
		.fallback = "x-request-id",
		MEMBER(struct qs_config_request_id, field),
		.minimum = 1,
		.maximum = 63,
		.pattern = "^" TOKEN "+$",
		.form = "a field's name is made of letters, digits and "
			"!#$%&'*+-.^_`|~",
		.help = "the field that tells it to backends",
	},
	{
		.name = "respond",
		.kind = QS_KIND_SWITCH,
		.fallback = "false",
		MEMBER(struct qs_config_request_id, respond),
		.help = "whether clients are told it, too",
	},
	{},
};

const struct qs_config_mapping qs_config_request_id_mapping = {
	request_id_keys, sizeof(struct qs_config_request_id)};
