/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of certificates beside the first one. */
#include "loader/lib/config_tables.h"

static const struct qs_config_key certificate_keys[] = {
	{
		.name = "certificate",
		NEEDED_FILE,
		MEMBER(struct qs_config_certificate, certificate),
		.help = "PEM file with the certificate and its chain",
	},
	{
		.name = "private_key",
		NEEDED_FILE,
		MEMBER(struct qs_config_certificate, private_key),
		.help = "PEM file with the certificate's private key",
	},
	{
		.name = "names",
		LIST(struct qs_config_certificate, names, name_count),
		.entry = QS_KIND_TEXT,
		.flags = QS_KEY_LOWER_CASE,
		.minimum = 1,
		.maximum = 256,
		.pattern = HOST_PATTERN,
		.form = HOST_FORM,
		.help = "hosts that it is for; default: those in it",
	},
	{},
};

const struct qs_config_mapping qs_config_certificate_mapping = {
	certificate_keys, sizeof(struct qs_config_certificate)};
