/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool expect_status(const struct qs_config_check *config, unsigned int status)
{
	for (size_t i = 0; i < config->status_count; i++) {
		if (status >= config->statuses[i].first &&
		    status <= config->statuses[i].last)
			return true;
	}
	return false;
}

char *expect_format(char *text, size_t size,
		    const struct qs_config_check *config)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < config->status_count && used < size; i++) {
		const struct qs_config_statuses *range = &config->statuses[i];

		used += snprintf(text + used, size - used, "%s%u", i ? "," : "",
				 range->first);
		if (range->last != range->first && used < size)
			used += snprintf(text + used, size - used, "-%u",
					 range->last);
	}
	return text;
}

void expect_body_begin(struct expect_body *body, const char *wanted)
{
	expect_body_free(body);
	*body = (struct expect_body){.wanted = wanted, .found = !*wanted};
}

int expect_body_feed(struct expect_body *body, const char *data, size_t size)
{
	size_t wanted = strlen(body->wanted);
	size_t room = EXPECT_BODY_MAX - body->size;
	size_t from = body->size > wanted ? body->size - wanted : 0;

	if (body->found)
		return 1;
	if (!body->data)
		body->data = malloc(EXPECT_BODY_MAX);
	if (!body->data)
		return -ENOMEM;
	if (size > room)
		size = room;
	memcpy(body->data + body->size, data, size);
	body->size += size;
	body->found = memmem(body->data + from, body->size - from, body->wanted,
			     wanted);
	if (body->found)
		return 1;
	return body->size == EXPECT_BODY_MAX ? -ENOENT : 0;
}

void expect_body_free(struct expect_body *body)
{
	free(body->data);
	*body = (struct expect_body){};
}
