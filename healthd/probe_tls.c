/* SPDX-License-Identifier: GPL-2.0-only */
/* The TLS of a check, with what the terminators use for the same backends. */
#include "healthd/probe_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sealed {
	uv_write_t write;
	struct text text;
};

static void on_written(uv_write_t *write, int status)
{
	struct probe *probe = write->handle->data;
	struct sealed *sealed = (struct sealed *)write;

	text_free(&sealed->text);
	free(sealed);
	if (status < 0 && !probe->ended)
		probe_end(probe, uv_strerror(status));
}

/* Sends what TLS has to say. */
static void flush(struct probe *probe)
{
	struct sealed *sealed = calloc(1, sizeof(*sealed));
	uv_buf_t buffer;

	if (!sealed || tls_link_take(probe->link, &sealed->text)) {
		if (sealed)
			text_free(&sealed->text);
		free(sealed);
		probe_end(probe, "out of memory");
		return;
	}
	if (!sealed->text.size) {
		free(sealed);
		return;
	}
	buffer = uv_buf_init(sealed->text.data, sealed->text.size);
	if (uv_write(&sealed->write, (uv_stream_t *)&probe->tcp, &buffer, 1,
		     on_written)) {
		text_free(&sealed->text);
		free(sealed);
		probe_end(probe, "cannot send");
	}
}

static void fail(struct probe *probe)
{
	char text[PROBE_FAILURE_SIZE];

	snprintf(text, sizeof(text), "TLS: %s", tls_link_error(probe->link));
	probe_end(probe, text);
}

void probe_tls_send(struct probe *probe, const char *data, size_t size)
{
	if (tls_link_write(probe->link, data, size))
		fail(probe);
	else
		flush(probe);
}

/* Returns whether the backend is known and verified. */
static bool go_on(struct probe *probe)
{
	int result = tls_link_handshake(probe->link);

	flush(probe);
	if (probe->ended)
		return false;
	if (result < 0)
		fail(probe);
	return result > 0;
}

void probe_tls_begin(struct probe *probe)
{
	static const struct tls_resumption none;

	probe->link = tls_link_new(probe->tls, probe->name, &none);
	if (!probe->link) {
		probe_end(probe, "out of memory");
		return;
	}
	probe->waits_for = "in the TLS handshake";
	go_on(probe);
}

void probe_tls_input(struct probe *probe, const char *data, size_t size)
{
	static char plain[16 * 1024];
	ssize_t got;

	tls_link_feed(probe->link, data, size);
	if (!probe->is_open) {
		if (!go_on(probe))
			return;
		probe->is_open = true;
		probe_http_ask(probe);
	}
	while (!probe->ended) {
		got = tls_link_read(probe->link, plain, sizeof(plain));
		if (!got)
			return;
		if (got > 0)
			probe_http_input(probe, plain, got);
		else if (got == UV_EOF)
			probe_http_end(probe, UV_EOF);
		else
			fail(probe);
	}
}

void probe_tls_free(struct probe *probe)
{
	tls_link_free(probe->link);
}
