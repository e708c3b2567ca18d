/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/backend/mode.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	[MODE_OK] = "ok",     [MODE_FAIL] = "fail",   [MODE_SLOW] = "slow",
	[MODE_HANG] = "hang", [MODE_RESET] = "reset", [MODE_REFUSE] = "refuse",
};

static bool read_number(const char *text, uint64_t *ret_number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret_number = strtoull(text, &end, 10);
	return *end == '\0';
}

bool mode_parse(const char *text, struct mode *ret_mode)
{
	size_t size = strcspn(text, ":");
	bool has_parameter = text[size] == ':';
	struct mode mode = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) != size || strncmp(text, names[i], size))
			continue;
		mode.kind = (enum mode_kind)i;
		mode.parameter = mode.kind == MODE_FAIL ? 100 : 0;
		if (has_parameter &&
		    !read_number(text + size + 1, &mode.parameter))
			return false;
		if (has_parameter && mode.kind != MODE_FAIL &&
		    mode.kind != MODE_SLOW)
			return false;
		if (mode.kind == MODE_SLOW && !has_parameter)
			return false;
		*ret_mode = mode;
		return true;
	}
	return false;
}

const char *mode_name(const struct mode *mode)
{
	return names[mode->kind];
}

bool mode_fails(struct mode *mode)
{
	uint64_t before = mode->requests * mode->parameter / 100;

	mode->requests++;
	return mode->kind == MODE_FAIL &&
	       mode->requests * mode->parameter / 100 > before;
}
