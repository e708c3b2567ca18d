/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/files_plan.h"

#include <inttypes.h>
#include <stdio.h>

void files_plan_whole(struct files_plan *plan, uint64_t size)
{
	*plan = (struct files_plan){.size = size, .length = size};
	if (!size)
		return;
	plan->ranges.count = 1;
	plan->ranges.list[0] = (struct byte_range){0, size - 1};
}

size_t files_plan_before(const struct files_plan *plan, size_t index,
			 char text[static FILES_PLAN_TEXT])
{
	const struct byte_range *range = &plan->ranges.list[index];
	int size;

	if (!plan->multipart)
		return 0;
	if (index == plan->ranges.count)
		size = snprintf(text, FILES_PLAN_TEXT, "\r\n--%s--\r\n",
				plan->boundary);
	else
		size = snprintf(text, FILES_PLAN_TEXT,
				"%s--%s\r\n"
				"Content-Type: %.128s\r\n"
				"Content-Range: bytes %" PRIu64 "-%" PRIu64
				"/%" PRIu64 "\r\n\r\n",
				index ? "\r\n" : "", plan->boundary, plan->type,
				range->first, range->last, plan->size);
	return (size_t)size;
}

void files_plan_ranges(struct files_plan *plan, uint64_t size,
		       const struct byte_ranges *ranges, const char *type,
		       uint64_t random)
{
	char text[FILES_PLAN_TEXT];

	*plan = (struct files_plan){
		.ranges = *ranges,
		.partial = true,
		.multipart = ranges->count > 1,
		.size = size,
		.type = type,
	};
	snprintf(plan->boundary, sizeof(plan->boundary), "%016" PRIx64, random);
	for (size_t i = 0; i < ranges->count; i++)
		plan->length += ranges->list[i].last - ranges->list[i].first +
				1 + files_plan_before(plan, i, text);
	plan->length += files_plan_before(plan, ranges->count, text);
}
