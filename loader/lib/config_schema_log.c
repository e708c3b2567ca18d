/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of terminator.access_log. */
#include "loader/lib/config_tables.h"

static const cyaml_strval_t formats[] = {
	{"none", QS_ACCESS_NONE},
	{"json", QS_ACCESS_JSON},
	{"combined", QS_ACCESS_COMBINED},
};

static const struct qs_config_key keys[] = {
	{
		.name = "format",
		.kind = QS_KIND_CHOICE,
		.fallback = "json",
		MEMBER(struct qs_config_access_log, format),
		CHOICES(formats),
		.help = "one JSON object a line, Apache's combined format, or "
			"none",
	},
	{
		.name = "file",
		.kind = QS_KIND_TEXT,
		.fallback = "-",
		MEMBER(struct qs_config_access_log, file),
		.minimum = 1,
		.maximum = 4095,
		.pattern = "^(-|/.*[^/])$",
		.form = "an absolute path is needed, or - for the standard "
			"output",
		.help = "file that lines are added to, also by several "
			"terminators; - is the standard output; SIGUSR1 has it "
			"opened again after it was moved away",
	},
	{
		.name = "sample",
		.kind = QS_KIND_SHARE,
		.fallback = "100%",
		MEMBER(struct qs_config_access_log, sample),
		.minimum = 1,
		.maximum = 1000,
		.help = "share of the requests that get a line, evenly spread",
	},
	{},
};

const struct qs_config_mapping qs_config_access_log_mapping = {
	keys, sizeof(struct qs_config_access_log)};
