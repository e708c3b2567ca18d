/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of routes, and of what answers besides pools. */
#include "loader/lib/config_tables.h"

#define PATH_PATTERN "^/[!\"$->@-~]*$"
#define PATH_FORM "a path begins with / and holds no blanks, no ? and no #"
#define VALUE_PATTERN "^[!-~]([ -~]*[!-~])?$"
#define VALUE_FORM "printable ASCII, without blanks at the ends"

static const struct qs_config_key field_keys[] = {
	{
		.name = "name",
		.kind = QS_KIND_FIELD,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_field, name),
		.help = "of the header field",
	},
	{
		.name = "value",
		.kind = QS_KIND_TEMPLATE,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_field, value),
		.maximum = 4096,
		.help = "text with variables such as {host}, {uri}, {path}, "
			"{client_ip}, {request_id}; {{ and }} are braces",
	},
	{},
};

static const struct qs_config_mapping field_mapping = {
	field_keys, sizeof(struct qs_config_field)};

static const struct qs_config_key rules_keys[] = {
	{
		.name = "remove",
		LIST(struct qs_config_rules, remove, remove_count),
		.entry = QS_KIND_FIELD,
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_RULES,
		.help = "fields to take out, before the others are put in",
	},
	{
		.name = "set",
		LIST(struct qs_config_rules, set, set_count),
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_RULES,
		.mapping = &field_mapping,
		.help = "fields to put in place of all that have the name",
	},
	{
		.name = "add",
		LIST(struct qs_config_rules, add, add_count),
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_RULES,
		.mapping = &field_mapping,
		.help = "fields to put beside those that have the name",
	},
	{},
};

static const struct qs_config_mapping rules_mapping = {
	rules_keys, sizeof(struct qs_config_rules)};

static const struct qs_config_key files_keys[] = {
	{
		.name = "root",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_files, root),
		.minimum = 2,
		.maximum = 4000,
		.pattern = FILE_PATTERN,
		.form = FILE_FORM,
		.help = "directory in which the rest of the request's path, "
			"behind the route's, is looked up",
	},
	{
		.name = "index",
		.kind = QS_KIND_TEXT,
		.fallback = "index.html",
		MEMBER(struct qs_config_files, index),
		.minimum = 1,
		.maximum = 255,
		.pattern = "^[!-.0-~]+$",
		.form = "a file name without / and blanks is needed",
		.help = "file that stands for a directory",
	},
	{
		.name = "precompressed",
		.kind = QS_KIND_SWITCH,
		.fallback = "false",
		MEMBER(struct qs_config_files, precompressed),
		.help = "send FILE.br, FILE.zst or FILE.gz in place of FILE to "
			"clients that accept it",
	},
	{
		.name = "hidden",
		.kind = QS_KIND_SWITCH,
		.fallback = "false",
		MEMBER(struct qs_config_files, hidden),
		.help = "serve files and directories whose names begin with a "
			"dot, too; .well-known is served in any case",
	},
	{
		.name = "cache_control",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_files, cache_control),
		.minimum = 1,
		.maximum = 255,
		.pattern = VALUE_PATTERN,
		.form = VALUE_FORM,
		.help = "Cache-Control field of the files; default: none",
	},
	{},
};

static const struct qs_config_mapping files_mapping = {
	files_keys, sizeof(struct qs_config_files)};

static const struct qs_config_key redirect_keys[] = {
	{
		.name = "to",
		.kind = QS_KIND_TEMPLATE,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_redirect, to),
		.minimum = 1,
		.maximum = 4096,
		.help = "Location field, such as https://{host}{uri}; "
			"variables as in header rules",
	},
	{
		.name = "status",
		.kind = QS_KIND_NUMBER,
		.fallback = "308",
		MEMBER(struct qs_config_redirect, status),
		.minimum = 301,
		.maximum = 308,
		.help = "301, 302, 303, 307 or 308; 308 and 307 keep the "
			"method, 308 and 301 are for good",
	},
	{},
};

static const struct qs_config_mapping redirect_mapping = {
	redirect_keys, sizeof(struct qs_config_redirect)};

static const struct qs_config_key respond_keys[] = {
	{
		.name = "status",
		.kind = QS_KIND_NUMBER,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_respond, status),
		.minimum = 200,
		.maximum = 599,
		.help = "status code of the answer",
	},
	{
		.name = "body",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_respond, body),
		.minimum = 1,
		.maximum = 65536,
		.help = "text of the answer; default: none",
	},
	{
		.name = "content_type",
		.kind = QS_KIND_TEXT,
		.fallback = "text/plain; charset=utf-8",
		MEMBER(struct qs_config_respond, content_type),
		.minimum = 1,
		.maximum = 255,
		.pattern = VALUE_PATTERN,
		.form = VALUE_FORM,
		.help = "Content-Type field of an answer with a body",
	},
	{},
};

static const struct qs_config_mapping respond_mapping = {
	respond_keys, sizeof(struct qs_config_respond)};

static const struct qs_config_key error_page_keys[] = {
	{
		.name = "status",
		.kind = QS_KIND_STATUSES,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_error_page, statuses),
		.count_offset =
			offsetof(struct qs_config_error_page, status_count),
		.minimum = 400,
		.maximum = 599,
		.help = "statuses that get the page, such as \"404\" or "
			"\"500-599\"",
	},
	{
		.name = "file",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_REQUIRED | QS_KEY_FILE,
		MEMBER(struct qs_config_error_page, file),
		.minimum = 2,
		.maximum = 4095,
		.pattern = FILE_PATTERN,
		.form = FILE_FORM,
		.help = "the page, at most 64 KiB, read when the configuration "
			"is applied; its name tells the type",
	},
	{},
};

const struct qs_config_mapping qs_config_error_page_mapping = {
	error_page_keys, sizeof(struct qs_config_error_page)};

static const struct qs_config_key health_page_keys[] = {
	{
		.name = "enabled",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_health_page, enabled),
		.help = "whether there is this page; it comes before all "
			"routes",
	},
	{
		.name = "path",
		.kind = QS_KIND_TEXT,
		.fallback = "/health",
		MEMBER(struct qs_config_health_page, path),
		.minimum = 1,
		.maximum = 1024,
		.pattern = PATH_PATTERN,
		.form = PATH_FORM,
		.help = "where it is, on every host",
	},
	{},
};

const struct qs_config_mapping qs_config_health_page_mapping = {
	health_page_keys, sizeof(struct qs_config_health_page)};

static const struct qs_config_key metrics_page_keys[] = {
	{
		.name = "enabled",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_metrics_page, enabled),
		.help = "whether there is this page; it comes before all "
			"routes",
	},
	{
		.name = "path",
		.kind = QS_KIND_TEXT,
		.fallback = "/metrics",
		MEMBER(struct qs_config_metrics_page, path),
		.minimum = 1,
		.maximum = 1024,
		.pattern = PATH_PATTERN,
		.form = PATH_FORM,
		.help = "where it is, on every host",
	},
	{
		.name = "allow",
		LIST(struct qs_config_metrics_page, allow, allow_count),
		.entry = QS_KIND_PREFIX,
		.minimum = 1,
		.maximum = QS_MAX_PREFIXES,
		.help = "clients that get it, by prefix; others get 403; "
			"default: 127.0.0.0/8 and ::1",
	},
	{},
};

const struct qs_config_mapping qs_config_metrics_page_mapping = {
	metrics_page_keys, sizeof(struct qs_config_metrics_page)};

static const struct qs_config_key route_keys[] = {
	{
		.name = "host",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_LOWER_CASE,
		MEMBER(struct qs_config_route, host),
		.minimum = 1,
		.maximum = 253,
		.pattern = "^(\\[[0-9A-Fa-f:.]+\\]|(\\*\\.)?[A-Za-z0-9_-]+"
			   "(\\.[A-Za-z0-9_-]+)*)$",
		.form = "a host is a name such as www.example.com, "
			"*.example.com or an address, without a port",
		.help = "of the request, without port; *.example.com for all "
			"below; default: any",
	},
	{
		.name = "path",
		.kind = QS_KIND_TEXT,
		.fallback = "/",
		MEMBER(struct qs_config_route, path),
		.minimum = 1,
		.maximum = 1024,
		.pattern = PATH_PATTERN,
		.form = PATH_FORM,
		.help = "how the request's path begins",
	},
	{
		.name = "pool",
		.kind = QS_KIND_POOL,
		.flags = QS_KEY_ONE_OF,
		MEMBER(struct qs_config_route, pool),
		.help = "name of the pool that answers",
	},
	{
		.name = "files",
		.kind = QS_KIND_MAPPING,
		.flags = QS_KEY_ONE_OF,
		MEMBER(struct qs_config_route, files),
		.mapping = &files_mapping,
		.help = "static files that answer",
	},
	{
		.name = "redirect",
		.kind = QS_KIND_MAPPING,
		.flags = QS_KEY_ONE_OF,
		MEMBER(struct qs_config_route, redirect),
		.mapping = &redirect_mapping,
		.help = "another place that clients are sent to",
	},
	{
		.name = "respond",
		.kind = QS_KIND_MAPPING,
		.flags = QS_KEY_ONE_OF,
		MEMBER(struct qs_config_route, respond),
		.mapping = &respond_mapping,
		.help = "an answer that is always the same",
	},
	{
		.name = "request_headers",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_route, request_headers),
		.mapping = &rules_mapping,
		.help = "changes of the header that backends get",
	},
	{
		.name = "response_headers",
		.kind = QS_KIND_MAPPING,
		MEMBER(struct qs_config_route, response_headers),
		.mapping = &rules_mapping,
		.help = "changes of the header that clients get",
	},
	{
		.name = "compression",
		.kind = QS_KIND_MAPPING,
		.fallback = "false",
		MEMBER(struct qs_config_route, compression),
		.mapping = &qs_config_compression_mapping,
		.help = "compress responses for clients that take it; not for "
			"pages that hold both secrets and text of the "
			"request's (BREACH)",
	},
	{
		.name = "error_pages",
		LIST(struct qs_config_route, error_pages, error_page_count),
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_ERROR_PAGES,
		.mapping = &qs_config_error_page_mapping,
		.help = "files in place of the texts of the terminator's own "
			"failures, before those of the file as a whole",
	},
	{},
};

const struct qs_config_mapping qs_config_route_mapping = {
	route_keys, sizeof(struct qs_config_route)};
