/* SPDX-License-Identifier: GPL-2.0-only */
/* From an open file to the head of its response. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "terminator/answer.h"
#include "terminator/conditions.h"
#include "terminator/files_private.h"
#include "terminator/http_date.h"
#include "terminator/media_types.h"
#include "terminator/random.h"

enum { HEAD_FIELDS = EXCHANGE_ANSWER_FIELDS };

/* The fields of a head with the text that they point to. */
struct head {
	const struct files_work *work;
	const char *type; /* of the file, whatever the response is */
	int64_t now;
	int64_t modified;
	char etag[64];
	char last_modified[HTTP_DATE_SIZE];
	char length[24];
	char range[80];
	char multipart[64];
	struct field fields[HEAD_FIELDS];
	size_t count;
};

static void add(struct head *head, const char *name, const char *value)
{
	head->fields[head->count++] = field_make(name, value);
}

static void init(struct head *head, const struct files_work *work)
{
	const struct stat *status = &work->open.status;
	enum coding coding = work->open.coding;
	uint64_t ns = (uint64_t)status->st_mtim.tv_sec * 1000000000u +
		      status->st_mtim.tv_nsec;

	head->work = work;
	head->count = 0;
	head->now = time(NULL);
	/* Not later than the response itself (RFC 9110, 8.8.2.1). */
	head->modified = status->st_mtim.tv_sec < head->now
				 ? status->st_mtim.tv_sec
				 : head->now;
	snprintf(head->etag, sizeof(head->etag),
		 "\"%" PRIx64 "-%" PRIx64 "%s%s\"", ns,
		 (uint64_t)status->st_size,
		 coding == CODING_IDENTITY ? "" : "-",
		 coding == CODING_IDENTITY ? "" : coding_name(coding));
	http_date_write(head->last_modified, head->modified);
	head->type = media_type_of(work->open.is_directory ? work->open.index
							   : work->name);
}

/* What is in 200, 206 and 304. */
static void add_validators(struct head *head)
{
	const struct files *files = head->work->files;

	add(head, "etag", head->etag);
	add(head, "last-modified", head->last_modified);
	if (files->cache_control)
		add(head, "cache-control", files->cache_control);
	if (files->precompressed)
		add(head, "vary", "accept-encoding");
}

static const struct field *find(const struct field_list *list, const char *name,
				size_t *ret_count)
{
	const struct field *found = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < list->count; i++)
		if (field_is(&list->fields[i], name)) {
			found = &list->fields[i];
			++*ret_count;
		}
	return found;
}

/* Plans the body. Returns false if no range can be had. */
static bool plan(struct head *head, struct files_work *work,
		 const struct validators *validators)
{
	uint64_t size = work->open.status.st_size, random;
	struct byte_ranges ranges;
	size_t count;
	const struct field *field = find(&work->fields, "range", &count);

	files_plan_whole(&work->plan, size);
	if (count != 1 || work->exchange->message.head ||
	    !conditions_allow_range(work->fields.fields, work->fields.count,
				    validators, head->now))
		return true;
	switch (byte_ranges_parse(&ranges, field->value, field->value_size,
				  size)) {
	case BYTE_RANGES_NONE:
		return true;
	case BYTE_RANGES_UNSATISFIABLE:
		return false;
	case BYTE_RANGES_SOME:
		break;
	}
	random_bytes(&random, sizeof(random));
	files_plan_ranges(&work->plan, size, &ranges, head->type, random);
	return true;
}

static void add_content(struct head *head, const struct files_plan *plan)
{
	if (plan->multipart) {
		snprintf(head->multipart, sizeof(head->multipart),
			 "multipart/byteranges; boundary=%s", plan->boundary);
		add(head, "content-type", head->multipart);
	} else {
		add(head, "content-type", head->type);
	}
	if (plan->partial && !plan->multipart) {
		snprintf(head->range, sizeof(head->range),
			 "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
			 plan->ranges.list[0].first, plan->ranges.list[0].last,
			 plan->size);
		add(head, "content-range", head->range);
	}
	snprintf(head->length, sizeof(head->length), "%" PRIu64, plan->length);
	add(head, "content-length", head->length);
	if (head->work->open.coding != CODING_IDENTITY)
		add(head, "content-encoding",
		    coding_name(head->work->open.coding));
	add(head, "accept-ranges", "bytes");
}

static void tell(struct head *head, struct files_work *work)
{
	struct exchange *exchange = work->exchange;
	bool end = exchange->message.head || !work->plan.length;

	add_content(head, &work->plan);
	add_validators(head);
	exchange_got_head(exchange, work->plan.partial ? 206 : 200,
			  head->fields, head->count, end);
	if (end)
		exchange_got_end(exchange, NULL, 0);
	else
		files_send(work);
}

static void tell_unsatisfiable(struct head *head)
{
	snprintf(head->range, sizeof(head->range), "bytes */%" PRIu64,
		 (uint64_t)head->work->open.status.st_size);
	add(head, "content-range", head->range);
	answer_failure(head->work->exchange, 416,
		       "416 Range Not Satisfiable: the file is shorter\n",
		       head->fields, head->count);
}

void files_head(struct files_work *work)
{
	struct head head;
	struct validators validators;

	init(&head, work);
	validators = (struct validators){head.etag, head.modified};
	switch (conditions_check(work->fields.fields, work->fields.count,
				 &validators, head.now)) {
	case CONDITIONS_NOT_MODIFIED:
		add_validators(&head);
		exchange_answer(work->exchange, 304, head.fields, head.count,
				NULL, 0);
		return;
	case CONDITIONS_FAILED:
		answer_failure(work->exchange, 412,
			       "412 Precondition Failed: the file is another "
			       "one now\n",
			       NULL, 0);
		return;
	case CONDITIONS_SEND:
		break;
	}
	if (plan(&head, work, &validators))
		tell(&head, work);
	else
		tell_unsatisfiable(&head);
}
