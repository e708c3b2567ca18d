/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of section terminator. */
#include "loader/lib/config_tables.h"

static const cyaml_strval_t retries[] = {
	{"never", QS_RETRY_NEVER},
	{"auto", QS_RETRY_AUTO},
	{"always", QS_RETRY_ALWAYS},
};

static const cyaml_strval_t http_choices[] = {{"serve", false},
					      {"redirect", true}};

static const struct qs_config_key terminator_keys[] = {
	{
		.name = "certificate",
		ANY_FILE,
		MEMBER(struct qs_config_terminator, certificate),
		.help = "PEM file with the certificate and its chain; without "
			"one, the loader makes a self-signed one and keeps it",
	},
	{
		.name = "private_key",
		ANY_FILE,
		MEMBER(struct qs_config_terminator, private_key),
		.help = "PEM file with the certificate's private key",
	},
	{
		.name = "certificates",
		LIST(struct qs_config_terminator, certificates,
		     certificate_count),
		.minimum = 1,
		.maximum = 1024,
		.mapping = &qs_config_certificate_mapping,
		.help = "more of them; clients get the one for the name that "
			"they ask for, ECDSA before RSA, else the first of all",
	},
	{
		.name = "self_signed_names",
		LIST(struct qs_config_terminator, self_signed_names,
		     self_signed_name_count),
		.entry = QS_KIND_TEXT,
		.flags = QS_KEY_LOWER_CASE,
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_SELF_SIGNED,
		.pattern = HOST_PATTERN,
		.form = HOST_FORM,
		.help = "hosts of the self-signed certificate; default: "
			"localhost, those of the routes and the VIPs",
	},
	{
		.name = "retry",
		.kind = QS_KIND_CHOICE,
		.fallback = "auto",
		MEMBER(struct qs_config_terminator, retry),
		CHOICES(retries),
		.help = "have clients prove their address by Retry: never, "
			"under load (auto) or always",
	},
	{
		.name = "retry_threshold",
		.kind = QS_KIND_NUMBER,
		.fallback = "256",
		MEMBER(struct qs_config_terminator, retry_threshold),
		.minimum = 1,
		.maximum = 1000000,
		.help = "unfinished handshakes of a terminator from which auto "
			"sends Retry",
	},
	{
		.name = "idle_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "30s",
		MEMBER(struct qs_config_terminator, idle_timeout_ms),
		.minimum = SECOND,
		.maximum = 10 * MINUTE,
		.help = "a silent connection is closed; for new connections",
	},
	{
		.name = "handshake_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "10s",
		MEMBER(struct qs_config_terminator, handshake_timeout_ms),
		.minimum = 100,
		.maximum = 5 * MINUTE,
		.help = "an unfinished handshake is given up",
	},
	{
		.name = "plain_http",
		.kind = QS_KIND_CHOICE,
		.fallback = "serve",
		MEMBER(struct qs_config_terminator, redirect_http),
		CHOICES(http_choices),
		.help = "requests at loader.http: serve them like others, or "
			"redirect them to https; pages of our own are served "
			"in both cases",
	},
	{
		.name = "drain_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "30s",
		MEMBER(struct qs_config_terminator, drain_timeout_ms),
		.maximum = 24 * HOUR,
		.help = "how long a terminator that drains waits for its last "
			"connection",
	},
	{
		.name = "loader_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "10s",
		MEMBER(struct qs_config_terminator, loader_timeout_ms),
		.minimum = 100,
		.maximum = HOUR,
		.restart = "the terminators",
		.help = "how long a starting terminator waits for the loader",
	},
	{
		.name = "limits",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_terminator, limits),
		.mapping = &qs_config_limits_mapping,
		.help = "what clients may do",
	},
	{
		.name = "health",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_terminator, health),
		.mapping = &qs_config_health_page_mapping,
		.help = "the load balancer's own page of its health",
	},
	{
		.name = "metrics",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_terminator, metrics),
		.mapping = &qs_config_metrics_page_mapping,
		.help = "the loader's metrics for clients of the terminators",
	},
	{
		.name = "access_log",
		.kind = QS_KIND_MAPPING,
		.fallback = "none",
		MEMBER(struct qs_config_terminator, access_log),
		.mapping = &qs_config_access_log_mapping,
		.help = "a line for each request",
	},
	{
		.name = "compression_streams",
		.kind = QS_KIND_NUMBER,
		.fallback = "256",
		MEMBER(struct qs_config_terminator, compression_streams),
		.minimum = 1,
		.maximum = 100000,
		.help = "responses that a terminator compresses at once, each "
			"in up to 2 MiB of memory; others are sent as they are",
	},
	{
		.name = "forwarded",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_terminator, forwarded),
		.mapping = &qs_config_forwarded_mapping,
		.help = "what backends are told of the client",
	},
	{
		.name = "request_id",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_terminator, request_id),
		.mapping = &qs_config_request_id_mapping,
		.help = "an ID of each request, for logs",
	},
	{
		.name = "quic",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_terminator, quic),
		.mapping = &qs_config_quic_mapping,
		.help = "options of QUIC and of TLS sessions",
	},
	{},
};

const struct qs_config_mapping qs_config_terminator_mapping = {
	terminator_keys, sizeof(struct qs_config_terminator)};
