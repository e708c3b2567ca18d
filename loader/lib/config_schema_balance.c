/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of pools[].affinity_cookie. */
#include "loader/lib/config_tables.h"

static const cyaml_strval_t same_sites[] = {
	{"lax", QS_SAME_SITE_LAX},
	{"strict", QS_SAME_SITE_STRICT},
	{"none", QS_SAME_SITE_NONE},
};

static const struct qs_config_key keys[] = {
	{
		.name = "name",
		.kind = QS_KIND_TEXT,
		MEMBER(struct qs_config_affinity_cookie, name),
		.minimum = 1,
		.maximum = 63,
		.pattern = "^" TOKEN "+$",
		.form = "a cookie's name is made of letters, digits and "
			"!#$%&'*+-.^_`|~",
		.help = "of one pool only; default: quicsteer-POOL",
	},
	{
		.name = "max_age",
		.kind = QS_KIND_DURATION,
		.fallback = "0s",
		MEMBER(struct qs_config_affinity_cookie, max_age_ms),
		.maximum = 2592000000, /* 30 days */
		.help = "how long a session is bound after its cookie was "
			"renewed; 0s: until the browser is closed",
	},
	{
		.name = "path",
		.kind = QS_KIND_TEXT,
		.fallback = "/",
		MEMBER(struct qs_config_affinity_cookie, path),
		.minimum = 1,
		.maximum = 127,
		.pattern = "^/[!-:<-~]*$",
		.form = "a cookie's path begins with / and holds no blanks and "
			"no ;",
		.help = "of the site, for which the cookie is",
	},
	{
		.name = "same_site",
		.kind = QS_KIND_CHOICE,
		.fallback = "lax",
		MEMBER(struct qs_config_affinity_cookie, same_site),
		CHOICES(same_sites),
		.help = "whether requests that other sites cause have it",
	},
	{
		.name = "secure",
		.kind = QS_KIND_SWITCH,
		.fallback = "true",
		MEMBER(struct qs_config_affinity_cookie, secure),
		.help = "whether it is for https only",
	},
	{},
};

const struct qs_config_mapping qs_config_affinity_cookie_mapping = {
	keys, sizeof(struct qs_config_affinity_cookie)};
