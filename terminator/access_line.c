/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/access_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "loader/lib/json_text.h"

enum { GIVEN_UP = 499 };

/* Where a line is written to. */
struct output {
	char *data;
	size_t used;
};

static const char *const protocols[QS_PROTOCOL_COUNT] = {
	[QS_PROTOCOL_h1] = "HTTP/1.1",
	[QS_PROTOCOL_h2] = "HTTP/2.0",
	[QS_PROTOCOL_h3] = "HTTP/3.0",
};

static const char *const ends[] = {
	[ACCESS_COMPLETE] = "complete",
	[ACCESS_BROKEN] = "broken",
	[ACCESS_CANCELLED] = "cancelled",
};

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

static void put(struct output *out, const void *data, size_t size)
{
	memcpy(out->data + out->used, data, size);
	out->used += size;
}

static void put_string(struct output *out, const char *string)
{
	put(out, string, strlen(string));
}

static void put_number(struct output *out, uint64_t number)
{
	out->used += sprintf(out->data + out->used, "%" PRIu64, number);
}

/* JSON: each member begins with a comma but the first, which is the time. */

static void put_name(struct output *out, const char *name)
{
	put_string(out, ",\"");
	put_string(out, name);
	put_string(out, "\":");
}

static void put_text(struct output *out, const char *name, const char *data,
		     size_t size)
{
	put_name(out, name);
	if (!data) {
		put_string(out, "null");
		return;
	}
	put_string(out, "\"");
	out->used += qs_json_text(out->data + out->used,
				  size * QS_JSON_OCTET_MAX, data, size);
	put_string(out, "\"");
}

static void put_field(struct output *out, const char *name,
		      const struct access_text *text, size_t max)
{
	put_text(out, name, text->data, least(text->size, max));
}

static void put_known(struct output *out, const char *name, const char *string)
{
	put_text(out, name, *string ? string : NULL, strlen(string));
}

static void put_count(struct output *out, const char *name, uint64_t number)
{
	put_name(out, name);
	put_number(out, number);
}

static void put_duration(struct output *out, const char *name, uint64_t us)
{
	if (us != ACCESS_NO_TIME) {
		put_count(out, name, us);
		return;
	}
	put_name(out, name);
	put_string(out, "null");
}

static void put_time(struct output *out, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	out->used += strftime(out->data + out->used, 48,
			      "{\"time\":\"%Y-%m-%dT%H:%M:%S", &utc);
	out->used += sprintf(out->data + out->used, ".%03uZ\"",
			     (unsigned)(ns / 1000000 % 1000));
}

static void put_request(struct output *out, const struct access_line *line)
{
	put_known(out, "client", line->client);
	put_field(out, "method", &line->method, ACCESS_METHOD_MAX);
	put_field(out, "authority", &line->authority, ACCESS_AUTHORITY_MAX);
	put_field(out, "path", &line->path, ACCESS_PATH_MAX);
	put_known(out, "protocol", protocols[line->protocol]);
	put_name(out, "early_data");
	put_string(out, line->early_data ? "true" : "false");
}

size_t access_line_json(const struct access_line *line, char *to)
{
	struct output out = {.data = to};

	put_time(&out, line->time_ns);
	put_request(&out, line);
	put_duration(&out, "status",
		     line->status ? line->status : ACCESS_NO_TIME);
	put_known(&out, "end", ends[line->end]);
	put_count(&out, "bytes_received", line->bytes_received);
	put_count(&out, "bytes_sent", line->bytes_sent);
	put_known(&out, "terminator", line->terminator);
	put_known(&out, "pool", line->pool);
	put_known(&out, "backend", line->backend);
	put_known(&out, "backend_address", line->backend_address);
	put_duration(&out, "queue_us", line->queue_us);
	put_duration(&out, "connect_us", line->connect_us);
	put_duration(&out, "first_byte_us", line->first_byte_us);
	put_duration(&out, "total_us", line->total_us);
	put_count(&out, "retries", line->retries);
	put_known(&out, "request_id", line->request_id);
	put_field(&out, "user_agent", &line->user_agent, ACCESS_USER_AGENT_MAX);
	put_field(&out, "referer", &line->referer, ACCESS_REFERER_MAX);
	put_string(&out, "}\n");
	return out.used;
}

/* The combined format */

static void put_escaped(struct output *out, const struct access_text *text,
			size_t max)
{
	size_t size = least(text->size, max);

	if (!size)
		put_string(out, "-");
	for (size_t i = 0; i < size; i++) {
		unsigned char octet = text->data[i];

		if (octet < ' ' || octet > '~')
			out->used += sprintf(out->data + out->used, "\\x%02x",
					     octet);
		else if (octet == '"' || octet == '\\')
			out->used +=
				sprintf(out->data + out->used, "\\%c", octet);
		else
			out->data[out->used++] = octet;
	}
}

static void put_local_time(struct output *out, uint64_t ns)
{
	/* strftime's names depend on the locale. */
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr",
					     "May", "Jun", "Jul", "Aug",
					     "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	out->used +=
		sprintf(out->data + out->used,
			" - - [%02d/%s/%04d:%02d:%02d:%02d +0000] \"",
			utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900,
			utc.tm_hour, utc.tm_min, utc.tm_sec);
}

size_t access_line_combined(const struct access_line *line, char *to)
{
	struct output out = {.data = to};

	put_string(&out, *line->client ? line->client : "-");
	put_local_time(&out, line->time_ns);
	put_escaped(&out, &line->method, ACCESS_METHOD_MAX);
	put_string(&out, " ");
	put_escaped(&out, &line->path, ACCESS_PATH_MAX);
	put_string(&out, " ");
	put_string(&out, protocols[line->protocol]);
	put_string(&out, "\" ");
	put_number(&out, line->status ? line->status : GIVEN_UP);
	put_string(&out, " ");
	if (line->bytes_sent)
		put_number(&out, line->bytes_sent);
	else
		put_string(&out, "-");
	put_string(&out, " \"");
	put_escaped(&out, &line->referer, ACCESS_REFERER_MAX);
	put_string(&out, "\" \"");
	put_escaped(&out, &line->user_agent, ACCESS_USER_AGENT_MAX);
	put_string(&out, "\"\n");
	return out.used;
}
