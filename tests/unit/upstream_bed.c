/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/upstream_bed.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend/pattern.h"

enum {
	BODY_KEPT = 64 * 1024,
	UPLOAD_PIECE = 24000,
	BUSY_TURNS = 20,
	FIELDS_MAX = 16
};

void bed_open_bare(struct bed *bed)
{
	memset(bed, 0, sizeof(*bed));
	cr_assert_eq(uv_loop_init(&bed->loop), 0);
	uv_timer_init(&bed->loop, &bed->guard);
	bed->guard.data = bed;
	upstream_default_pool(&bed->options);
	bed->router = router_new(&bed->loop, "test", &bed->stats);
	cr_assert(bed->router);
}

void bed_open(struct bed *bed, void (*change)(struct qs_config_pool *))
{
	bed_open_bare(bed);
	if (change)
		change(&bed->options);
	cr_assert_eq(bed_apply(bed), 0);
}

int bed_apply(struct bed *bed)
{
	size_t bad;

	return router_apply_urls(bed->router, &bed->options, bed->urls,
				 bed->url_count, &bad);
}

int bed_add(struct bed *bed, const char *url)
{
	int result;

	cr_assert_lt(bed->url_count, BED_MAX_URLS);
	bed->urls[bed->url_count++] = strdup(url);
	result = bed_apply(bed);
	if (result < 0)
		free((char *)bed->urls[--bed->url_count]);
	return result;
}

void bed_close(struct bed *bed)
{
	router_close(bed->router);
	while (bed->url_count)
		free((char *)bed->urls[--bed->url_count]);
	uv_close((uv_handle_t *)&bed->guard, NULL);
	uv_run(&bed->loop, UV_RUN_DEFAULT);
	cr_expect_eq(uv_loop_close(&bed->loop), 0, "handles are left");
	cr_expect_eq(bed->stats.gauges.body_bytes_held, 0);
	cr_expect_eq(bed->stats.gauges.upstream_idle, 0);
	cr_expect_eq(bed->stats.gauges.requests_open, 0);
}

static void on_guard(uv_timer_t *timer)
{
	struct bed *bed = timer->data;

	bed->expired = true;
}

static void note_held(struct bed *bed)
{
	if (bed->most_held < bed->stats.gauges.body_bytes_held)
		bed->most_held = bed->stats.gauges.body_bytes_held;
}

void bed_run(struct bed *bed, bool (*done)(void *data), void *data)
{
	bed->expired = false;
	uv_update_time(&bed->loop);
	uv_timer_start(&bed->guard, on_guard, 30000, 0);
	while (!done(data) && !bed->expired) {
		uv_run(&bed->loop, UV_RUN_ONCE);
		note_held(bed);
	}
	uv_timer_stop(&bed->guard);
	cr_assert(!bed->expired, "it took over thirty seconds");
}

void bed_wait(struct bed *bed, unsigned ms)
{
	bed->expired = false;
	uv_update_time(&bed->loop);
	uv_timer_start(&bed->guard, on_guard, ms, 0);
	while (!bed->expired)
		uv_run(&bed->loop, UV_RUN_ONCE);
	for (unsigned i = 0; i < BUSY_TURNS; i++)
		uv_run(&bed->loop, UV_RUN_NOWAIT);
}

static void add_fields(struct text *text, const struct field *fields,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		text_add(text, fields[i].name, fields[i].name_size);
		text_add_string(text, ": ");
		text_add(text, fields[i].value, fields[i].value_size);
		text_add_string(text, "\n");
	}
}

static void on_interim(void *user, unsigned status, const struct field *fields,
		       size_t count)
{
	struct front *front = user;

	cr_assert_eq(front->status, 0);
	cr_assert_lt(front->interim_count, 16);
	front->interims[front->interim_count++] = status;
	add_fields(&front->fields, fields, count);
}

static void on_head(void *user, unsigned status, const struct field *fields,
		    size_t count, bool end)
{
	struct front *front = user;

	cr_assert_eq(front->status, 0, "head came twice");
	cr_assert(front->exchange, "head came inside exchange_new");
	front->status = status;
	front->sent_before_head = front->upload_sent;
	front->head_end = end;
	front->complete = end;
	text_clear(&front->fields);
	add_fields(&front->fields, fields, count);
}

static void take(struct front *front, const unsigned char *octets, size_t size)
{
	for (size_t i = 0; i < size && front->pattern; i++)
		front->pattern = octets[i] == pattern_octet(front->size + i);
	front->hash = pattern_hash(front->hash, octets, size);
	front->size += size;
	if (front->body.size < BODY_KEPT)
		text_add(&front->body, octets, size);
}

void front_take(struct front *front, size_t size)
{
	struct iovec vector;

	cr_assert_eq(exchange_peek(front->exchange, &vector, 1), 1);
	cr_assert_leq(size, vector.iov_len);
	take(front, vector.iov_base, size);
	exchange_read(front->exchange, size);
	exchange_release(front->exchange, size);
}

void front_read(struct front *front)
{
	const struct field *trailers;
	struct iovec vector;
	size_t count;

	note_held(front->bed);
	while (exchange_peek(front->exchange, &vector, 1))
		front_take(front, vector.iov_len);
	if (front->complete ||
	    !exchange_at_end(front->exchange, &trailers, &count))
		return;
	front->complete = true;
	add_fields(&front->trailers, trailers, count);
}

static void on_readable(void *user)
{
	struct front *front = user;

	cr_assert_neq(front->status, 0, "body came before head");
	cr_assert(!front->head_end, "body came after the end");
	if (!front->hold)
		front_read(front);
}

static void on_broken(void *user)
{
	struct front *front = user;

	cr_assert_neq(front->status, 0);
	cr_assert(!front->broken && !front->complete);
	front->broken = true;
}

/* Sends as much as the window allows, as a front with flow control does. */
static void upload(struct front *front)
{
	unsigned char piece[UPLOAD_PIECE];

	if (front->in_upload || !front->exchange)
		return;
	front->in_upload = true;
	while (front->upload_sent < front->upload_size && front->result == 0) {
		uint64_t size = front->upload_size - front->upload_sent;
		uint64_t window = EXCHANGE_REQUEST_WINDOW -
				  (front->upload_sent - front->consumed);

		size = size < sizeof(piece) ? size : sizeof(piece);
		size = size < window ? size : window;
		if (!size)
			break;
		pattern_fill(piece, front->upload_sent, size);
		front->upload_sent += size;
		front->result =
			exchange_request_body(front->exchange, piece, size);
		note_held(front->bed);
	}
	front->in_upload = false;
	if (front->upload_open || front->upload_sent < front->upload_size)
		return;
	front->upload_open = true;
	front->result = exchange_request_end(front->exchange, NULL, 0);
}

static void on_consumed(void *user, size_t size)
{
	struct front *front = user;

	front->consumed += size;
	cr_assert_leq(front->consumed, front->upload_sent);
	if (front->upload_size)
		upload(front);
}

static const struct exchange_front callbacks = {
	.interim = on_interim,
	.head = on_head,
	.readable = on_readable,
	.request_consumed = on_consumed,
	.broken = on_broken,
};

static struct field make_field(const char *name, const char *value)
{
	return (struct field){name, strlen(name), value, strlen(value)};
}

void front_start(struct front *front, struct bed *bed, const char *target,
		 const char *const *fields)
{
	const char *path = strchr(target, '/');
	struct field list[FIELDS_MAX];
	struct exchange_request request = {
		.method = {.value = target, .value_size = path - target - 1},
		.scheme = make_field("", "https"),
		.authority = make_field("", "a.example"),
		.path = make_field("", path),
		.fields = list,
		.end = !front->upload_size && !front->upload_open,
		.peer_address = "192.0.2.9",
		.protocol = QS_PROTOCOL_h3,
	};

	/* RFC 9114, 4.4 */
	if (!strncmp(target, "CONNECT ", 8) && !front->tunnel) {
		request.authority = make_field("", "a.example:443");
		request.scheme = request.path = (struct field){0};
	}
	if (front->tunnel)
		request.tunnel = make_field("", front->tunnel);
	for (; fields && fields[0]; fields += 2)
		list[request.field_count++] = make_field(fields[0], fields[1]);
	front->bed = bed;
	front->hash = PATTERN_HASH_START;
	front->pattern = true;
	switch (exchange_new(bed->router, &callbacks, front, &request,
			     &front->exchange)) {
	case 0:
		break;
	case -EPROTO:
		front->malformed = true;
		return;
	default:
		cr_assert_fail("no exchange");
	}
	if (front->upload_size)
		upload(front);
}

bool front_done(void *data)
{
	const struct front *front = data;

	return front->complete || front->broken;
}

bool front_has_head(void *data)
{
	const struct front *front = data;

	return front->status != 0;
}

const char *front_body(struct front *front)
{
	text_add(&front->body, "", 1);
	return front->body.data;
}

bool front_has_field(const struct front *front, const char *field)
{
	size_t size = strlen(field);
	const char *at = front->fields.data;
	const char *end = at + front->fields.size;

	while (at < end) {
		const char *line_end = memchr(at, '\n', end - at);

		if ((size_t)(line_end - at) == size && !memcmp(at, field, size))
			return true;
		at = line_end + 1;
	}
	return false;
}

void front_free(struct front *front)
{
	if (front->exchange)
		exchange_free(front->exchange);
	text_free(&front->fields);
	text_free(&front->body);
	text_free(&front->trailers);
	memset(front, 0, sizeof(*front));
}
