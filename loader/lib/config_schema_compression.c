/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of routes[].compression, and what an entry of a list is. */
#include "loader/lib/config_tables.h"

enum { TEXT_MAX = 127 };

static const cyaml_strval_t codings[] = {
	{"br", QS_CODING_BR},
	{"zstd", QS_CODING_ZSTD},
	{"gzip", QS_CODING_GZIP},
};

static const cyaml_strval_t efforts[] = {
	{"low", QS_EFFORT_LOW},
	{"medium", QS_EFFORT_MEDIUM},
	{"high", QS_EFFORT_HIGH},
};

static const struct qs_config_key keys[] = {
	{
		.name = "enabled",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_compression, enabled),
		.help = "whether responses are compressed",
	},
	{
		.name = "encodings",
		LIST(struct qs_config_compression, encodings, encoding_count),
		.entry = QS_KIND_CHOICE,
		CHOICES(codings),
		.minimum = 1,
		.maximum = 3,
		.help = "br, zstd and gzip, the best first: it holds where a "
			"client likes several alike; default: these, in this "
			"order",
	},
	{
		.name = "types",
		LIST(struct qs_config_compression, types, type_count),
		.entry = QS_KIND_TEXT,
		.flags = QS_KEY_LOWER_CASE,
		.minimum = 1,
		.maximum = 64,
		.pattern = "^" TOKEN "+/" TOKEN "+$",
		.form = "a media type such as text/html, or text/* for all of "
			"text, is needed, without parameters",
		.help = "media types that are compressed, text/* for all of "
			"text; default: text/* but event streams, JSON, XML, "
			"JavaScript, SVG, WebAssembly and fonts that are not "
			"compressed",
	},
	{
		.name = "minimum_size",
		.kind = QS_KIND_NUMBER,
		.fallback = "1024",
		MEMBER(struct qs_config_compression, minimum_size),
		.maximum = 1 << 30,
		.help = "octets that a response must have at least, if its "
			"Content-Length says how many it has",
	},
	{
		.name = "effort",
		.kind = QS_KIND_CHOICE,
		.fallback = "medium",
		MEMBER(struct qs_config_compression, effort),
		CHOICES(efforts),
		.help = "how much time is spent on making it smaller",
	},
	{},
};

const struct qs_config_mapping qs_config_compression_mapping = {
	keys, sizeof(struct qs_config_compression)};

struct qs_config_key qs_config_entry(const struct qs_config_key *list)
{
	return (struct qs_config_key){
		.kind = list->entry,
		.flags = list->flags & QS_KEY_LOWER_CASE,
		.size = list->size,
		.minimum = 1,
		.maximum = TEXT_MAX,
		.choices = list->choices,
		.choice_count = list->choice_count,
		.pattern = list->pattern,
		.form = list->form,
	};
}
