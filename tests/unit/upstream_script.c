/* SPDX-License-Identifier: GPL-2.0-only */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "tests/unit/upstream_bed.h"

struct script_peer {
	struct script_peer *prev;
	struct script_peer *next;
	struct script *script;
	uv_tcp_t tcp;
	struct text input;
	char buffer[65536];
};

static void on_peer_closed(uv_handle_t *handle)
{
	struct script_peer *peer = handle->data;

	text_free(&peer->input);
	free(peer);
}

static void close_peer(struct script_peer *peer, bool reset)
{
	DL_DELETE(peer->script->peers, peer);
	peer->script->open--;
	if (reset)
		uv_tcp_close_reset(&peer->tcp, on_peer_closed);
	else
		uv_close((uv_handle_t *)&peer->tcp, on_peer_closed);
}

static void say(struct script_peer *peer, const char *octets)
{
	uv_buf_t buffer = uv_buf_init((char *)octets, strlen(octets));

	cr_assert_eq(uv_try_write((uv_stream_t *)&peer->tcp, &buffer, 1),
		     (int)buffer.len);
}

static bool contains(const struct text *text, const char *part)
{
	return memmem(text->data, text->size, part, strlen(part));
}

static void follow(struct script_peer *peer)
{
	struct script *script = peer->script;
	const struct step *step = &script->steps[script->step];

	if (script->step == script->step_count ||
	    !contains(&peer->input, step->until))
		return;
	script->answers++;
	if (!script->repeat)
		script->step++;
	text_clear(&script->last);
	text_add(&script->last, peer->input.data, peer->input.size);
	text_clear(&peer->input);
	if (step->reply)
		say(peer, step->reply);
	if (step->then != STEP_KEEP)
		close_peer(peer, step->then == STEP_RESET);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct script_peer *peer = stream->data;

	if (size < 0) {
		close_peer(peer, false);
		return;
	}
	peer->script->received += size;
	/* Of a large body nothing but its start matters. */
	if (peer->input.size < 1 << 20)
		text_add(&peer->input, buffer->base, size);
	follow(peer);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct script_peer *peer = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(peer->buffer, sizeof(peer->buffer));
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct script *script = listener->data;
	struct script_peer *peer = calloc(1, sizeof(*peer));

	cr_assert(peer && status == 0);
	peer->script = script;
	peer->tcp.data = peer;
	uv_tcp_init(listener->loop, &peer->tcp);
	cr_assert_eq(uv_accept(listener, (uv_stream_t *)&peer->tcp), 0);
	uv_tcp_nodelay(&peer->tcp, 1);
	DL_APPEND(script->peers, peer);
	script->connections++;
	script->open++;
	if (!script->deaf)
		uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read);
}

void script_listen(struct script *script, struct bed *bed,
		   const struct step *steps, size_t count)
{
	struct sockaddr_in address;
	int size = sizeof(address);

	memset(script, 0, sizeof(*script));
	script->steps = steps;
	script->step_count = count;
	script->listener.data = script;
	uv_tcp_init(&bed->loop, &script->listener);
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_bind(&script->listener, (struct sockaddr *)&address, 0);
	cr_assert_eq(
		uv_listen((uv_stream_t *)&script->listener, 64, on_connection),
		0);
	uv_tcp_getsockname(&script->listener, (struct sockaddr *)&address,
			   &size);
	script->port = ntohs(address.sin_port);
}

void script_start(struct script *script, struct bed *bed,
		  const struct step *steps, size_t count)
{
	char url[64];

	script_listen(script, bed, steps, count);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", script->port);
	cr_assert_eq(bed_add(bed, url), 0);
}

bool script_is_left(void *data)
{
	const struct script *script = data;

	return script->open == 0;
}

void script_say(struct script *script, const char *octets)
{
	struct script_peer *peer;

	DL_FOREACH (script->peers, peer)
		say(peer, octets);
}

void script_close_peers(struct script *script, bool reset)
{
	while (script->peers)
		close_peer(script->peers, reset);
}

void script_stop(struct script *script)
{
	script_close_peers(script, false);
	uv_close((uv_handle_t *)&script->listener, NULL);
	text_free(&script->last);
}
