/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/probe.h"
#include "healthd/probe_private.h"
#include "terminator/proxy_protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char request_format[] = "GET %s HTTP/1.1\r\n"
				     "Host: %s\r\n"
				     "User-Agent: quicsteer-healthd\r\n"
				     "Accept: */*\r\n"
				     "Connection: close\r\n"
				     "\r\n";

/* Ends the parse. What was decided first holds. */
static int decide(struct probe *probe, const char *failure)
{
	if (!probe->decided)
		snprintf(probe->failure, sizeof(probe->failure), "%s", failure);
	probe->decided = true;
	return -1;
}

static int decide_status(struct probe *probe, unsigned int status)
{
	char expected[80], failure[PROBE_FAILURE_SIZE];

	expect_format(expected, sizeof(expected), probe->config);
	snprintf(failure, sizeof(failure), "HTTP %u, expected %s", status,
		 expected);
	return decide(probe, failure);
}

static int on_headers_complete(llhttp_t *parser)
{
	struct probe *probe = parser->data;
	unsigned int status = parser->status_code;

	if (status < 200 && status != 101)
		return 1;
	probe->head_done = true;
	if (!expect_status(probe->config, status))
		return decide_status(probe, status);
	if (!probe->config->body)
		return decide(probe, "");
	expect_body_begin(&probe->body, probe->config->body);
	probe->waits_for = "reading the body";
	return 0;
}

static int on_body(llhttp_t *parser, const char *data, size_t size)
{
	struct probe *probe = parser->data;
	int result = expect_body_feed(&probe->body, data, size);

	if (!result)
		return 0;
	if (result == 1)
		return decide(probe, "");
	return decide(probe, result == -ENOMEM
				     ? "out of memory"
				     : "the text is not in the first 64 KiB "
				       "of the body");
}

static int on_message_complete(llhttp_t *parser)
{
	struct probe *probe = parser->data;

	if (!probe->head_done)
		return 0;
	if (probe->body.found)
		return decide(probe, "");
	return decide(probe, "the expected text is not in the body");
}

static const llhttp_settings_t settings = {
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static void conclude(struct probe *probe)
{
	probe_end(probe, *probe->failure ? probe->failure : NULL);
}

void probe_http_input(struct probe *probe, const char *data, size_t size)
{
	llhttp_errno_t error = llhttp_execute(&probe->parser, data, size);

	probe->received += size;
	if (probe->decided)
		conclude(probe);
	else if (error != HPE_OK)
		probe_end(probe, "the answer is not HTTP/1");
	else if (!probe->head_done && probe->received > PROBE_HEAD_MAX)
		probe_end(probe, "the answer's header is over 64 KiB");
}

void probe_http_end(struct probe *probe, int error)
{
	if (error != UV_EOF) {
		probe_end(probe, uv_strerror(error));
		return;
	}
	llhttp_finish(&probe->parser);
	if (probe->decided)
		conclude(probe);
	else if (probe->received)
		probe_end(probe, "closed in the middle of its answer");
	else
		probe_end(probe, "closed without an answer");
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct probe *probe = stream->data;

	if (probe->ended)
		return;
	if (size > 0 && probe->link)
		probe_tls_input(probe, buffer->base, size);
	else if (size > 0)
		probe_http_input(probe, buffer->base, size);
	else if (size < 0)
		probe_http_end(probe, size);
}

/* One for all: it is used up before the next read. */
static void on_allocate(uv_handle_t *handle, size_t hint, uv_buf_t *buffer)
{
	static char room[16 * 1024];

	(void)handle;
	(void)hint;
	*buffer = uv_buf_init(room, sizeof(room));
}

static void on_written(uv_write_t *write, int status)
{
	struct probe *probe = write->data;

	if (status < 0 && !probe->ended)
		probe_end(probe, uv_strerror(status));
}

void probe_http_ask(struct probe *probe)
{
	int size = asprintf(&probe->request, request_format,
			    probe->config->path, probe->host);
	uv_buf_t buffer;

	if (size < 0) {
		probe->request = NULL;
		probe_end(probe, "out of memory");
		return;
	}
	probe->waits_for = "waiting for the answer";
	if (probe->link) {
		probe_tls_send(probe, probe->request, size);
		return;
	}
	buffer = uv_buf_init(probe->request, size);
	uv_write(&probe->write, (uv_stream_t *)&probe->tcp, &buffer, 1,
		 on_written);
}

void probe_http_begin(struct probe *probe)
{
	uint8_t header[PROXY_PROTOCOL_SIZE];
	uv_buf_t buffer = uv_buf_init((char *)header, 0);

	llhttp_init(&probe->parser, HTTP_RESPONSE, &settings);
	probe->parser.data = probe;
	probe->write.data = probe;
	if (probe->config->proxy_header) {
		/* So few octets always fit, so all else is behind them. */
		buffer.len = proxy_protocol_write(header, NULL, NULL);
		uv_try_write((uv_stream_t *)&probe->tcp, &buffer, 1);
	}
	if (probe->tls)
		probe_tls_begin(probe);
	else
		probe_http_ask(probe);
	if (!probe->ended)
		uv_read_start((uv_stream_t *)&probe->tcp, on_allocate, on_read);
}

void probe_http_free(struct probe *probe)
{
	expect_body_free(&probe->body);
	free(probe->request);
}

char *probe_host(char *text, size_t size, const struct qs_config_check *config,
		 const struct qs_config_backend *backend)
{
	bool brackets = strchr(backend->host, ':');
	char port[8] = "";

	if (config->host) {
		snprintf(text, size, "%s", config->host);
		return text;
	}
	if (backend->address.port != (backend->is_tls ? 443 : 80))
		snprintf(port, sizeof(port), ":%u", backend->address.port);
	snprintf(text, size, brackets ? "[%s]%s" : "%s%s", backend->host, port);
	return text;
}
