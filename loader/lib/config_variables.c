/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/config_variables.h"
#include "loader/lib/utf8.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char name_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

static bool is_utf8(const char *text)
{
	uint32_t character;
	int octets = 1;

	for (; *text && octets; text += octets)
		octets = qs_utf8_next(text, &character);
	return octets;
}

/* Writes the value of what stands between "${" and "}". */
static int write_variable(FILE *out, const char *text, size_t length,
			  char *problem, size_t size)
{
	size_t name_length = strspn(text, name_letters);
	const char *fallback = NULL, *value;
	char name[256];

	if (!name_length || name_length >= sizeof(name) ||
	    strchr("0123456789", *text) ||
	    (name_length < length && strncmp(text + name_length, ":-", 2)) ||
	    memchr(text, '$', length)) {
		snprintf(problem, size,
			 "\"${%.*s}\": not of the form ${NAME} or "
			 "${NAME:-default}, the default without $",
			 length > 60 ? 60 : (int)length, text);
		return -EINVAL;
	}
	memcpy(name, text, name_length);
	name[name_length] = '\0';
	if (name_length < length)
		fallback = text + name_length + 2;
	value = getenv(name);
	if (fallback && (!value || !*value)) {
		fwrite(fallback, 1, text + length - fallback, out);
		return 0;
	}
	if (!value) {
		snprintf(problem, size,
			 "the environment variable %.60s is not set; set it or "
			 "write ${%.60s:-default}",
			 name, name);
		return -EINVAL;
	}
	if (!is_utf8(value)) {
		snprintf(problem, size,
			 "the environment variable %.60s is not UTF-8", name);
		return -EINVAL;
	}
	fputs(value, out);
	return 0;
}

static int expand(FILE *out, const char *text, char *problem, size_t size)
{
	while (*text) {
		size_t plain = strcspn(text, "$");
		const char *end;
		int result;

		fwrite(text, 1, plain, out);
		text += plain;
		if (!*text)
			break;
		if (text[1] == '$') {
			fputc('$', out);
			text += 2;
			continue;
		}
		end = text[1] == '{' ? strchr(text, '}') : NULL;
		if (!end) {
			snprintf(problem, size,
				 text[1] == '{'
					 ? "\"%.60s\": ${ without its }"
					 : "\"%.60s\": a $ begins ${NAME}; "
					   "write $$ for the sign itself",
				 text);
			return -EINVAL;
		}
		result = write_variable(out, text + 2, end - text - 2, problem,
					size);
		if (result)
			return result;
		text = end + 1;
	}
	return 0;
}

int qs_expand(const char *text, char **ret_text, char *problem, size_t size)
{
	char *expanded = NULL;
	size_t length;
	FILE *out = open_memstream(&expanded, &length);
	int result;

	if (!out)
		return -ENOMEM;
	result = expand(out, text, problem, size);
	if (fclose(out) && !result)
		result = -ENOMEM;
	if (result)
		free(expanded);
	else
		*ret_text = expanded;
	return result;
}
