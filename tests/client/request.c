/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING_MAX = 256 * 1024 };

int request_begin(struct request *request, const struct request_plan *plan,
		  bool show)
{
	memset(request, 0, sizeof(*request));
	request->plan = plan;
	request->stream = -1;
	request->sum = PATTERN_HASH_START;
	if (plan->has_body && plan->body_size > 0) {
		request->ring_size = plan->body_size < RING_MAX
					     ? (size_t)plan->body_size
					     : RING_MAX;
		request->ring = malloc(request->ring_size);
		if (!request->ring)
			return -ENOMEM;
	}
	if (show)
		request->log = json_pack(
			"{s:s, s:s, s:[], s:[], s:[]}", "method", plan->method,
			"path", plan->path, "interim", "fields", "trailers");
	return 0;
}

void request_end(struct request *request)
{
	free(request->ring);
	request->ring = NULL;
	json_decref(request->log);
	request->log = NULL;
}

void request_expand(const char *text, uint32_t number, char *expanded,
		    size_t size)
{
	const char *mark = strstr(text, "%u");

	if (mark)
		snprintf(expanded, size, "%.*s%" PRIu32 "%s",
			 (int)(mark - text), text, number, mark + 2);
	else
		snprintf(expanded, size, "%s", text);
}

static bool is(nghttp3_vec name, const char *text)
{
	return name.len == strlen(text) &&
	       memcmp(name.base, text, name.len) == 0;
}

static void copy(char *target, size_t size, nghttp3_vec value)
{
	size_t length = value.len < size ? value.len : size - 1;

	memcpy(target, value.base, length);
	target[length] = '\0';
}

/* Of "1.1 other, 1.1 t2" the last hop's name: the one nearest to us. */
static void take_via(struct request *request, nghttp3_vec value)
{
	char text[256];
	const char *hop, *name;

	copy(text, sizeof(text), value);
	hop = strrchr(text, ',');
	hop = hop ? hop + 1 : text;
	while (*hop == ' ')
		hop++;
	name = strchr(hop, ' ');
	snprintf(request->terminator, sizeof(request->terminator), "%.*s",
		 (int)sizeof(request->terminator) - 1, name ? name + 1 : hop);
}

/* Without its attributes. */
static void take_cookie(struct request *request, nghttp3_vec value)
{
	copy(request->cookie, sizeof(request->cookie), value);
	request->cookie[strcspn(request->cookie, ";")] = '\0';
}

static void log_field(struct request *request, const char *section,
		      nghttp3_vec name, nghttp3_vec value)
{
	json_t *pair = json_array();

	json_array_append_new(
		pair, json_stringn_nocheck((char *)name.base, name.len));
	json_array_append_new(
		pair, json_stringn_nocheck((char *)value.base, value.len));
	json_array_append_new(json_object_get(request->log, section), pair);
}

/* A second :status means that the fields so far were an interim response's. */
static void take_status(struct request *request, nghttp3_vec value)
{
	char text[8];

	if (request->status >= 100 && request->status < 200) {
		request->interim++;
		if (request->log) {
			json_array_append_new(
				json_object_get(request->log, "interim"),
				json_pack("{s:i, s:O}", "status",
					  (int)request->status, "fields",
					  json_object_get(request->log,
							  "fields")));
			json_object_set_new(request->log, "fields",
					    json_array());
		}
	}
	copy(text, sizeof(text), value);
	request->status = (unsigned int)strtoul(text, NULL, 10);
	if (request->log)
		json_object_set_new(request->log, "status",
				    json_integer(request->status));
}

void request_header(struct request *request, nghttp3_vec name,
		    nghttp3_vec value, bool trailer)
{
	if (trailer) {
		if (request->log)
			log_field(request, "trailers", name, value);
		return;
	}
	if (is(name, ":status")) {
		take_status(request, value);
		return;
	}
	if (is(name, "via"))
		take_via(request, value);
	if (is(name, "server"))
		copy(request->server, sizeof(request->server), value);
	if (is(name, "set-cookie"))
		take_cookie(request, value);
	if (is(name, "x-backend"))
		copy(request->backend, sizeof(request->backend), value);
	if (request->log)
		log_field(request, "fields", name, value);
}

static bool is_pattern(const uint8_t *data, size_t size, uint64_t position)
{
	uint8_t expected[2048];

	while (size > 0) {
		size_t part = size < sizeof(expected) ? size : sizeof(expected);

		pattern_fill(expected, position, part);
		if (memcmp(data, expected, part) != 0)
			return false;
		data += part;
		position += part;
		size -= part;
	}
	return true;
}

static bool status_fits(const struct request *request)
{
	if (request->plan->status == 0)
		return request->status / 100 == 2;
	return request->status == request->plan->status;
}

const char *request_body(struct request *request, const uint8_t *data,
			 size_t size)
{
	const struct request_plan *plan = request->plan;
	uint64_t offset = request->received;

	request->received += size;
	if (offset < REQUEST_KEPT_MAX) {
		size_t room = REQUEST_KEPT_MAX - (size_t)offset;

		memcpy(request->kept + offset, data, size < room ? size : room);
	}
	if (!status_fits(request))
		return NULL; /* the verdict says so */
	if (plan->checked && !is_pattern(data, size, offset))
		return "body differs from the pattern";
	if (plan->checked && plan->size != UINT64_MAX &&
	    request->received > plan->size)
		return "body is longer than expected";
	return NULL;
}

static void finish_log(const struct request *request, bool closed_with_code,
		       uint64_t code)
{
	json_object_set_new(request->log, "size",
			    json_integer((json_int_t)request->received));
	if (closed_with_code)
		json_object_set_new(request->log, "reset",
				    json_integer((json_int_t)code));
	if (!request->plan->checked)
		json_object_set_new(request->log, "body",
				    json_string(request->kept));
}

/* The test backend's answer to /upload tells what it got. */
static bool sum_fits(const struct request *request)
{
	char expected[80];

	snprintf(expected, sizeof(expected),
		 "{\"size\":%" PRIu64 ",\"fnv1a64\":\"%016" PRIx64 "\"",
		 request->made, request->sum);
	return strncmp(request->kept, expected, strlen(expected)) == 0;
}

bool request_upload_is_checked(const struct request *request)
{
	return request->plan->has_body &&
	       strcmp(request->server, "quicsteer-backend") == 0 &&
	       strncmp(request->plan->path, "/upload", 7) == 0;
}

int request_verdict(const struct request *request, bool closed_with_code,
		    uint64_t code, char *reason, size_t size)
{
	const struct request_plan *plan = request->plan;
	bool reset = closed_with_code && code != NGHTTP3_H3_NO_ERROR;

	reason[0] = '\0';
	if (request->log)
		finish_log(request, closed_with_code, code);
	if (request->cancelled)
		return 0;
	if (reset != plan->reset_expected)
		snprintf(reason, size,
			 reset ? "%s: stream reset 0x%" PRIx64
			       : "%s: stream not reset (0x%" PRIx64 ")",
			 plan->path, code);
	else if (!reset && !status_fits(request))
		snprintf(reason, size, "%s: status %u", plan->path,
			 request->status);
	else if (!reset && plan->size != UINT64_MAX &&
		 request->received != plan->size)
		snprintf(reason, size,
			 "%s: body of %" PRIu64 " octets, expected %" PRIu64,
			 plan->path, request->received, plan->size);
	else if (!reset && plan->has_body && request->made != plan->body_size)
		snprintf(reason, size, "%s: answered before the upload's end",
			 plan->path);
	else if (!reset && request_upload_is_checked(request) &&
		 !sum_fits(request))
		snprintf(reason, size, "%s: the backend got %.60s", plan->path,
			 request->kept);
	return reason[0] ? -1 : 0;
}

nghttp3_vec request_make(struct request *request, uint64_t limit)
{
	const struct request_plan *plan = request->plan;
	nghttp3_vec made = {NULL, 0};
	size_t at, room;
	uint64_t left;

	if (request->ring_size == 0)
		return made;
	at = (size_t)(request->made % request->ring_size);
	room = request->ring_size - (size_t)(request->made - request->acked);
	left = plan->body_size - request->made;
	if (room > request->ring_size - at)
		room = request->ring_size - at;
	if (room > left)
		room = (size_t)left;
	if (room > limit)
		room = (size_t)limit;
	made.base = request->ring + at;
	made.len = room;
	pattern_fill(made.base, request->made, room);
	request->sum = pattern_hash(request->sum, made.base, room);
	request->made += room;
	return made;
}

void request_acked(struct request *request, uint64_t size)
{
	request->acked += size;
}
