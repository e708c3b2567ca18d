/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/config_tables.h"

static const cyaml_strval_t log_levels[] = {
	{"error", QS_LOG_ERROR},
	{"warn", QS_LOG_WARN},
	{"info", QS_LOG_INFO},
	{"debug", QS_LOG_DEBUG},
};

static const cyaml_strval_t log_formats[] = {
	{"text", QS_LOG_TEXT},
	{"json", QS_LOG_JSON},
};

static const cyaml_strval_t modes[] = {
	{"auto", QS_MODE_AUTO},
	{"native", QS_MODE_NATIVE},
	{"generic", QS_MODE_GENERIC},
	{"tc", QS_MODE_TC},
};

static const cyaml_strval_t dispatchers[] = {{"auto", true}, {"never", false}};

static const cyaml_strval_t option_choices[] = {{"steer", false},
						{"drop", true}};
static const cyaml_strval_t connection_keys[] = {{"4-tuple", false},
						 {"client-ip", true}};

static const struct qs_config_key loader_keys[] = {
	{
		.name = "interface",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_loader, interface),
		.minimum = 1,
		.maximum = 15,
		.pattern = "^[!-.0-~]+$",
		.form = "an interface name is 1 to 15 characters without / and "
			"blanks",
		.restart = "the loader",
		.help = "network interface whose packets are steered",
	},
	{
		.name = "vips",
		LIST(struct qs_config_loader, vips, vip_count),
		.entry = QS_KIND_ENDPOINT,
		.flags = QS_KEY_REQUIRED | QS_KEY_INLINE,
		.minimum = 1,
		.maximum = QS_MAX_VIPS,
		.help = "addresses and ports that clients connect to, of at "
			"most 8 different ports; 0.0.0.0 and [::] stand for "
			"every address of both families",
	},
	{
		.name = "tcp",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_loader, tcp),
		.help = "serve HTTP/2 and HTTP/1.1 over TLS on TCP at the "
			"addresses and ports of the VIPs",
	},
	{
		.name = "http",
		LIST(struct qs_config_loader, http, http_count),
		.entry = QS_KIND_ENDPOINT,
		.flags = QS_KEY_INLINE,
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_HTTP,
		.help = "addresses and TCP ports of plain HTTP/1.1; see "
			"terminator.plain_http",
	},
	{
		.name = "mode",
		.kind = QS_KIND_CHOICE,
		.fallback = "auto",
		MEMBER(struct qs_config_loader, mode),
		CHOICES(modes),
		.restart = "the loader",
		.help = "XDP in the driver (native), in the stack (generic), "
			"none but the tc program alone (tc), or the best of "
			"these that works (auto)",
	},
	{
		.name = "dispatcher",
		.kind = QS_KIND_CHOICE,
		.fallback = "auto",
		MEMBER(struct qs_config_loader, dispatcher),
		CHOICES(dispatchers),
		.restart = "the loader",
		.help = "share the interface with other XDP programs through "
			"libxdp's dispatcher where the kernel allows it",
	},
	{
		.name = "ip_options",
		.kind = QS_KIND_CHOICE,
		.fallback = "steer",
		MEMBER(struct qs_config_loader, drop_options),
		CHOICES(option_choices),
		.help = "packets to VIPs with IPv4 options or IPv6 extension "
			"headers: steer them like others, or drop them",
	},
	{
		.name = "new_connection_key",
		.kind = QS_KIND_CHOICE,
		.fallback = "4-tuple",
		MEMBER(struct qs_config_loader, key_client_ip),
		CHOICES(connection_keys),
		.help = "what places new connections on terminators: both "
			"addresses and ports (4-tuple), or the client's "
			"address alone, so that all its connections go to one "
			"(client-ip)",
	},
	{
		.name = "cpu_steering",
		.kind = QS_KIND_SWITCH,
		.fallback = "false",
		MEMBER(struct qs_config_loader, cpu_steering),
		.restart = "the loader",
		.help = "have the CPU that a terminator runs on take in its "
			"packets",
	},
	{
		.name = "metrics",
		.kind = QS_KIND_LISTENER,
		.fallback = "127.0.0.1:9464",
		.size = sizeof(struct qs_config_loader),
		.restart = "the loader",
		.help = "where /metrics is served, or none",
	},
	{
		.name = "cid_rotation",
		.kind = QS_KIND_DURATION,
		.fallback = "0s",
		MEMBER(struct qs_config_loader, cid_rotation_ms),
		.maximum = 480 * HOUR,
		.help = "how often new connections get CIDs of a new "
			"configuration with a new key; 0s: when lbctl cid "
			"rotate says so",
	},
	{
		.name = "cid_max_age",
		.kind = QS_KIND_DURATION,
		.fallback = "24h",
		MEMBER(struct qs_config_loader, cid_max_age_ms),
		.maximum = 480 * HOUR,
		.help = "connections with CIDs of a configuration that was "
			"replaced so long ago are told to leave; 0s: never",
	},
	{
		.name = "cid_configs",
		LIST(struct qs_config_loader, cid_configs, cid_config_count),
		.maximum = QS_CONFIG_MAX_CID,
		.mapping = &qs_config_cid_mapping,
		.help = "CID configurations of terminators of other makes, "
			"which have server IDs of their own, beside those "
			"that the loader makes",
	},
	{
		.name = "terminator_user",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_loader, terminator_user),
		.minimum = 1,
		.maximum = 32,
		.pattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
		.form = "a user name is of letters, digits, _, . and -",
		.restart = "the loader",
		.help = "user whose processes may register as terminators, "
			"beside root and the loader's own",
	},
	{
		.name = "new_connections",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_loader, new_connections),
		.mapping = &qs_config_new_mapping,
		.help = "who may open connections, and how many; packets of "
			"established ones are never touched by it",
	},
	{},
};

static const struct qs_config_mapping loader_mapping = {
	loader_keys, sizeof(struct qs_config_loader)};

static const struct qs_config_key healthd_keys[] = {
	{
		.name = "terminator_timeout",
		.kind = QS_KIND_DURATION,
		.fallback = "1s",
		MEMBER(struct qs_config_healthd, terminator_timeout_ms),
		.minimum = 200,
		.maximum = MINUTE,
		.help = "a terminator whose heartbeat is older gets no new "
			"connections",
	},
	{
		.name = "terminator_hold",
		.kind = QS_KIND_DURATION,
		.fallback = "2s",
		MEMBER(struct qs_config_healthd, terminator_hold_ms),
		.maximum = 10 * MINUTE,
		.help = "how long it must beat again until it gets new "
			"connections",
	},
	{
		.name = "lag_target",
		.kind = QS_KIND_DURATION,
		.fallback = "20ms",
		MEMBER(struct qs_config_healthd, lag_target_ms),
		.minimum = 1,
		.maximum = 10 * SECOND,
		.help = "event-loop lag up to which a terminator keeps its "
			"whole weight",
	},
	{
		.name = "terminator_minimum",
		.kind = QS_KIND_SHARE,
		.fallback = "10%",
		MEMBER(struct qs_config_healthd, terminator_minimum),
		.minimum = 1,
		.maximum = 1000,
		.help = "share of its weight that a slow terminator keeps",
	},
	{},
};

static const struct qs_config_mapping healthd_mapping = {
	healthd_keys, sizeof(struct qs_config_healthd)};

static const struct qs_config_key file_keys[] = {
	{
		.name = "log_level",
		.kind = QS_KIND_CHOICE,
		.fallback = "info",
		MEMBER(struct qs_config, log_level),
		CHOICES(log_levels),
		.help = "messages above this level are left out",
	},
	{
		.name = "log_format",
		.kind = QS_KIND_CHOICE,
		.fallback = "text",
		MEMBER(struct qs_config, log_format),
		CHOICES(log_formats),
		.help = "messages of all programs as lines of text, or as one "
			"JSON object a line",
	},
	{
		.name = "pin_dir",
		.kind = QS_KIND_TEXT,
		.fallback = QS_PIN_DIR,
		MEMBER(struct qs_config, pin_dir),
		.minimum = 2,
		.maximum = 200,
		.pattern = FILE_PATTERN,
		.form = FILE_FORM,
		.restart = "the loader and healthd",
		.help = "where the BPF maps and links are pinned, on a bpffs",
	},
	{
		.name = "control",
		.kind = QS_KIND_TEXT,
		.fallback = QS_CONTROL_SOCKET,
		MEMBER(struct qs_config, control),
		.minimum = 2,
		.maximum = 107,
		.pattern = FILE_PATTERN,
		.form = FILE_FORM,
		.restart = "the loader and the terminators",
		.help = "the loader's control socket",
	},
	{
		.name = "state_dir",
		.kind = QS_KIND_TEXT,
		.fallback = QS_STATE_DIR,
		MEMBER(struct qs_config, state_dir),
		.minimum = 2,
		.maximum = 4000,
		.pattern = FILE_PATTERN,
		.form = FILE_FORM,
		.restart = "the loader",
		.help = "where the loader keeps its secrets over restarts",
	},
	{
		.name = "loader",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config, loader),
		.mapping = &loader_mapping,
		.help = "steering; the loader needs it",
	},
	{
		.name = "terminator",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config, terminator),
		.mapping = &qs_config_terminator_mapping,
		.help = "QUIC and TLS; the terminators need it",
	},
	{
		.name = "healthd",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config, healthd),
		.mapping = &healthd_mapping,
		.help = "how the terminators' health is judged",
	},
	{
		.name = "pools",
		LIST(struct qs_config, pools, pool_count),
		.flags = QS_KEY_REQUIRED,
		.minimum = 1,
		.maximum = QS_MAX_POOLS,
		.mapping = &qs_config_pool_mapping,
		.help = "groups of backends that answer the same requests",
	},
	{
		.name = "routes",
		LIST(struct qs_config, routes, route_count),
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_ROUTES,
		.mapping = &qs_config_route_mapping,
		.help = "what answers a request; the first that matches holds; "
			"by default all go to the first pool",
	},
	{
		.name = "error_pages",
		LIST(struct qs_config, error_pages, error_page_count),
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_ERROR_PAGES,
		.mapping = &qs_config_error_page_mapping,
		.help = "files in place of the texts of the terminators' own "
			"failures, for routes without a page of their own",
	},
	{},
};

const struct qs_config_mapping qs_config_file = {file_keys,
						 sizeof(struct qs_config)};
