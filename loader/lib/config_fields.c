/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/config_fields.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *why;
} refused[] = {
	{"connection", "it is of one connection and never passed on"},
	{"proxy-connection", "it is of one connection and never passed on"},
	{"keep-alive", "it is of one connection and never passed on"},
	{"te", "it is of one connection and never passed on"},
	{"upgrade", "it is of one connection and never passed on"},
	{"http2-settings", "it is of one connection and never passed on"},
	{"transfer-encoding", "it frames the body"},
	{"content-length", "it frames the body"},
	{"trailer", "it frames the body"},
	{"host", "it is the request's own, which routes look at"},
	{"expect", "it controls the exchange"},
	{"via", "every proxy adds itself to it"},
	{"forwarded", "it tells backends who the client is"},
	{"x-forwarded-for", "it tells backends who the client is"},
	{"x-forwarded-host", "it tells backends who the client is"},
	{"x-forwarded-proto", "it tells backends who the client is"},
};

static int is_token(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) || (unsigned char)*c >= 0x80) {
			if (!strchr("!#$%&'*+-.^_`|~", *c))
				return 0;
		}
	return *name != '\0';
}

int qs_config_check_field_name(const char *name,
			       char lower[static QS_CONFIG_FIELD_NAME_SIZE],
			       char *problem, size_t size)
{
	size_t length = strlen(name);

	if (length >= QS_CONFIG_FIELD_NAME_SIZE || !is_token(name)) {
		snprintf(problem, size,
			 "the name of a header field is 1 to %d letters, "
			 "digits and !#$%%&'*+-.^_`|~",
			 QS_CONFIG_FIELD_NAME_SIZE - 1);
		return -EINVAL;
	}
	for (size_t i = 0; i <= length; i++)
		lower[i] = tolower((unsigned char)name[i]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (strcmp(lower, refused[i].name))
			continue;
		snprintf(problem, size, "no rule may touch this field: %s",
			 refused[i].why);
		return -EINVAL;
	}
	return 0;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

int qs_config_check_field_value(const char *value, char *problem, size_t size)
{
	size_t length = strlen(value);

	for (const char *c = value; *c; c++) {
		if (((unsigned char)*c >= ' ' && *c != 0x7f) || *c == '\t')
			continue;
		snprintf(problem, size,
			 "a field's value has no line ends and no other "
			 "control characters");
		return -EINVAL;
	}
	if (length && (is_blank(value[0]) || is_blank(value[length - 1]))) {
		snprintf(problem, size,
			 "a field's value has no blanks at its ends");
		return -EINVAL;
	}
	return 0;
}
