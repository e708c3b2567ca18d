/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/access.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "loader/lib/clock.h"
#include "loader/lib/parse.h"
#include "terminator/access_line.h"
#include "terminator/access_log.h"
#include "terminator/backends.h"
#include "terminator/exchange_private.h"
#include "terminator/pool.h"
#include "terminator/router_private.h"

struct access_record {
	uint64_t time_ns;    /* CLOCK_REALTIME */
	uint64_t attempt_ns; /* of the last one; uv_hrtime, as the next ones */
	uint64_t connected_ns;
	uint64_t head_ns;
	unsigned attempts;
	bool early_data;
	char client[INET6_ADDRSTRLEN];
	char backend[QS_BACKEND_NAME_SIZE];
	char backend_address[QS_ENDPOINT_TEXT];
	struct access_text method, authority, path, user_agent, referer;
	char text[]; /* of those */
};

static const struct field *find(const struct exchange_request *request,
				const char *name)
{
	for (size_t i = 0; i < request->field_count; i++)
		if (field_is(&request->fields[i], name))
			return &request->fields[i];
	return NULL;
}

static size_t kept_of(const struct field *field, size_t max)
{
	if (!field)
		return 0;
	return field->value_size < max ? field->value_size : max;
}

static struct access_record *make_record(const struct exchange_request *request)
{
	const struct {
		const struct field *field;
		size_t max, offset;
	} kept[] = {
		{&request->method, ACCESS_METHOD_MAX,
		 offsetof(struct access_record, method)},
		{&request->authority, ACCESS_AUTHORITY_MAX,
		 offsetof(struct access_record, authority)},
		{&request->path, ACCESS_PATH_MAX,
		 offsetof(struct access_record, path)},
		{find(request, "user-agent"), ACCESS_USER_AGENT_MAX,
		 offsetof(struct access_record, user_agent)},
		{find(request, "referer"), ACCESS_REFERER_MAX,
		 offsetof(struct access_record, referer)},
	};
	enum { COUNT = sizeof(kept) / sizeof(*kept) };
	struct access_record *record;
	size_t size = 0;
	char *text;

	for (size_t i = 0; i < COUNT; i++)
		size += kept_of(kept[i].field, kept[i].max);
	record = calloc(1, sizeof(*record) + size);
	if (!record)
		return NULL;
	text = record->text;
	for (size_t i = 0; i < COUNT; i++) {
		struct access_text *to =
			(struct access_text *)((char *)record + kept[i].offset);

		if (!kept[i].field || !kept[i].field->value)
			continue;
		to->data = text;
		to->size = kept_of(kept[i].field, kept[i].max);
		memcpy(text, kept[i].field->value, to->size);
		text += to->size;
	}
	return record;
}

void access_begin(struct exchange *exchange,
		  const struct exchange_request *request)
{
	struct access_record *record;

	if (!access_log_wants(exchange->shared->access_log))
		return;
	record = make_record(request);
	if (!record) {
		exchange->shared->stats->counters.access_log_dropped++;
		return;
	}
	exchange->access = record;
	record->time_ns = clock_ns(CLOCK_REALTIME);
	record->early_data = request->early_data;
	strncpy(record->client, request->peer_address,
		sizeof(record->client) - 1);
}

void access_attempt(struct exchange *exchange, const struct backend *backend)
{
	struct access_record *record = exchange->access;
	const struct qs_backend *row;
	struct qs_vip_key address = {};

	if (!record)
		return;
	row = &exchange->shared->rows[backend->row];
	record->attempts++;
	record->attempt_ns = uv_hrtime();
	record->connected_ns = 0;
	memcpy(record->backend, row->name, sizeof(record->backend) - 1);
	memcpy(address.address, row->address, sizeof(address.address));
	address.port = row->port;
	qs_format_endpoint(record->backend_address, &address);
}

void access_connected(struct exchange *exchange)
{
	if (exchange->access)
		exchange->access->connected_ns = uv_hrtime();
}

void access_head(struct exchange *exchange)
{
	if (exchange->access)
		exchange->access->head_ns = uv_hrtime();
}

static uint64_t us_between(uint64_t begin_ns, uint64_t end_ns)
{
	return begin_ns && end_ns ? (end_ns - begin_ns) / 1000 : ACCESS_NO_TIME;
}

void access_end(struct exchange *exchange)
{
	const struct access_record *record = exchange->access;
	uint64_t begun = exchange->begun_ns;
	struct access_line line;

	if (!record)
		return;
	line = (struct access_line){
		.time_ns = record->time_ns,
		.client = record->client,
		.method = record->method,
		.authority = record->authority,
		.path = record->path,
		.protocol = exchange->protocol,
		.early_data = record->early_data,
		.status = exchange->status,
		.end = exchange->finished ? ACCESS_COMPLETE
		       : exchange->broken ? ACCESS_BROKEN
					  : ACCESS_CANCELLED,
		.bytes_received = exchange->request_received,
		.bytes_sent = exchange->response_size,
		.terminator = exchange->shared->via,
		.pool = exchange->upstream->name,
		.backend = record->backend,
		.backend_address = record->backend_address,
		.queue_us = us_between(begun, record->attempt_ns),
		.connect_us =
			us_between(record->attempt_ns, record->connected_ns),
		.first_byte_us = us_between(begun, record->head_ns),
		.total_us = us_between(begun, uv_hrtime()),
		.retries = record->attempts ? record->attempts - 1 : 0,
		.request_id = exchange->request_id,
		.user_agent = record->user_agent,
		.referer = record->referer,
	};
	access_log_add(exchange->shared->access_log, &line);
	free(exchange->access);
	exchange->access = NULL;
}

void access_own(struct router *router, const struct exchange_request *request,
		unsigned status, size_t size)
{
	const struct upstream_shared *shared = router_shared(router);
	struct access_record *record;
	struct access_line line;

	if (!access_log_wants(shared->access_log))
		return;
	record = make_record(request);
	if (!record) {
		shared->stats->counters.access_log_dropped++;
		return;
	}
	line = (struct access_line){
		.time_ns = clock_ns(CLOCK_REALTIME),
		.client = request->peer_address,
		.method = record->method,
		.authority = record->authority,
		.path = record->path,
		.protocol = request->protocol,
		.status = status,
		.end = ACCESS_COMPLETE,
		.bytes_sent = size,
		.terminator = shared->via,
		.pool = "",
		.backend = "",
		.backend_address = "",
		.queue_us = ACCESS_NO_TIME,
		.connect_us = ACCESS_NO_TIME,
		.first_byte_us = ACCESS_NO_TIME,
		.total_us = ACCESS_NO_TIME,
		.request_id = "",
		.user_agent = record->user_agent,
		.referer = record->referer,
	};
	access_log_add(shared->access_log, &line);
	free(record);
}
