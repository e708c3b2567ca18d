/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of QUIC's and TLS's options. */
#include "loader/lib/config_tables.h"

static const cyaml_strval_t controls[] = {
	{"cubic", QS_CONGESTION_CUBIC},
	{"bbr", QS_CONGESTION_BBR},
	{"reno", QS_CONGESTION_RENO},
};

static const struct qs_config_key keys[] = {
	{
		.name = "early_data",
		.kind = QS_KIND_SWITCH,
		.fallback = "false",
		MEMBER(struct qs_config_quic, early_data),
		.help = "take 0-RTT: safe requests go to backends at once with "
			"Early-Data: 1, others wait for the handshake. An "
			"attacker can replay safe ones: only for backends that "
			"answer 425 where this matters (RFC 8470)",
	},
	{
		.name = "ticket_rotation",
		.kind = QS_KIND_DURATION,
		.fallback = "12h",
		MEMBER(struct qs_config_quic, ticket_rotation_ms),
		.minimum = SECOND,
		.maximum = 168 * HOUR,
		.help = "how often the key of session tickets, of TCP too, and "
			"the secret behind it change; a ticket lives as long, "
			"and the former ones still open it",
	},
	{
		.name = "congestion_control",
		.kind = QS_KIND_CHOICE,
		.fallback = "cubic",
		MEMBER(struct qs_config_quic, congestion_control),
		CHOICES(controls),
		.help = "how sending adapts to the path; for new connections",
	},
	{
		.name = "prefer_v2",
		.kind = QS_KIND_SWITCH,
		.fallback = "false",
		MEMBER(struct qs_config_quic, prefer_v2),
		.help = "have clients of QUIC version 1 that know version 2 go "
			"over to it (RFC 9369); both are served in any case",
	},
	{
		.name = "qlog_directory",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_quic, qlog_directory),
		.minimum = 2,
		.maximum = 3000,
		.pattern = FILE_PATTERN,
		.form = FILE_FORM,
		.help = "directory in which each new QUIC connection has a "
			"file of qlog events; for debugging only",
	},
	{
		.name = "keylog_file",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_quic, keylog_file),
		.minimum = 2,
		.maximum = 4095,
		.pattern = FILE_PATTERN,
		.form = FILE_FORM,
		.help = "file that TLS secrets, of TCP too, are added to in "
			"the form of SSLKEYLOGFILE: whoever reads it can "
			"decrypt the traffic; for debugging only",
	},
	{
		.name = "preferred_address",
		LIST(struct qs_config_quic, preferred_address,
		     preferred_address_count),
		.entry = QS_KIND_ENDPOINT,
		.flags = QS_KEY_INLINE,
		.minimum = 1,
		.maximum = 2,
		.help = "a VIP of IPv4, one of IPv6, or both: clients that can "
			"go over to it when their handshake is complete "
			"(RFC 9000, 9.6)",
	},
	{},
};

const struct qs_config_mapping qs_config_quic_mapping = {
	keys, sizeof(struct qs_config_quic)};
