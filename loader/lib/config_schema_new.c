/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of loader.new_connections. */
#include "loader/lib/config_tables.h"

#define TRIE(member, count)                                    \
	LIST(struct qs_config_new_connections, member, count), \
		.entry = QS_KIND_PREFIX, .maximum = QS_MAX_PREFIXES

static const struct qs_config_key keys[] = {
	{
		.name = "per_source",
		.kind = QS_KIND_NUMBER,
		.fallback = "0",
		MEMBER(struct qs_config_new_connections, per_source),
		.maximum = QS_CONFIG_MAX_RATE,
		.help = "new connections a second from one source prefix; 0: "
			"no limit",
	},
	{
		.name = "per_source_burst",
		.kind = QS_KIND_NUMBER,
		.fallback = "100",
		MEMBER(struct qs_config_new_connections, per_source_burst),
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_RATE,
		.help = "how many of them may come at once",
	},
	{
		.name = "prefix_v4",
		.kind = QS_KIND_NUMBER,
		.fallback = "32",
		MEMBER(struct qs_config_new_connections, prefix_v4),
		.minimum = 8,
		.maximum = 32,
		.help = "bits of an IPv4 address that make it one source",
	},
	{
		.name = "prefix_v6",
		.kind = QS_KIND_NUMBER,
		.fallback = "64",
		MEMBER(struct qs_config_new_connections, prefix_v6),
		.minimum = 16,
		.maximum = 128,
		.help = "bits of an IPv6 address that make it one source",
	},
	{
		.name = "total",
		.kind = QS_KIND_NUMBER,
		.fallback = "0",
		MEMBER(struct qs_config_new_connections, total),
		.maximum = QS_CONFIG_MAX_RATE,
		.help = "new connections a second from all sources together; "
			"0: no limit",
	},
	{
		.name = "total_burst",
		.kind = QS_KIND_NUMBER,
		.fallback = "1000",
		MEMBER(struct qs_config_new_connections, total_burst),
		.minimum = 1,
		.maximum = QS_CONFIG_MAX_RATE,
		.help = "how many of them may come at once",
	},
	{
		.name = "allow",
		TRIE(allow, allow_count),
		.help = "new connections only from these prefixes; by default "
			"from any",
	},
	{
		.name = "deny",
		TRIE(deny, deny_count),
		.help = "no new connections from these prefixes, even if they "
			"are within allowed ones",
	},
	{},
};

const struct qs_config_mapping qs_config_new_mapping = {
	keys, sizeof(struct qs_config_new_connections)};
