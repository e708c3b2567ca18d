/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/probe.h"
#include "healthd/probe_private.h"
#include "loader/lib/parse.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_closed(uv_handle_t *handle)
{
	struct probe *probe = handle->data;

	if (--probe->handles)
		return;
	probe_tls_free(probe);
	probe_http_free(probe);
	free(probe);
}

void probe_cancel(struct probe *probe)
{
	if (probe->ended)
		return;
	probe->ended = true;
	uv_close((uv_handle_t *)&probe->tcp, on_closed);
	uv_close((uv_handle_t *)&probe->timer, on_closed);
}

void probe_end(struct probe *probe, const char *failure)
{
	if (probe->ended)
		return;
	probe_cancel(probe);
	probe->done(probe->user, failure);
}

static void on_timeout(uv_timer_t *timer)
{
	struct probe *probe = timer->data;
	char text[PROBE_FAILURE_SIZE];

	if (probe->connect_error) {
		probe_end(probe, uv_strerror(probe->connect_error));
		return;
	}
	snprintf(text, sizeof(text), "timed out %s", probe->waits_for);
	probe_end(probe, text);
}

static void on_connect(uv_connect_t *connect, int status)
{
	struct probe *probe = connect->data;

	if (probe->ended)
		return;
	if (status < 0)
		probe_end(probe, uv_strerror(status));
	else if (probe->config->type == QS_CHECK_HTTP)
		probe_http_begin(probe);
	else
		probe_end(probe, NULL);
}

static void make_address(struct sockaddr_storage *storage,
			 const struct qs_vip_key *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	if (qs_endpoint_is_v4(address)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(address->port);
		memcpy(&v4->sin_addr, address->address + 12, 4);
	} else {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(address->port);
		memcpy(&v6->sin6_addr, address->address, 16);
	}
}

struct probe *probe_start(uv_loop_t *loop, const struct qs_vip_key *address,
			  const struct qs_config_check *config,
			  const struct probe_names *names, probe_done done,
			  void *user)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	struct sockaddr_storage storage;

	if (!probe)
		return NULL;
	probe->config = config;
	probe->host = names->host;
	probe->name = names->row;
	probe->tls = names->tls;
	probe->done = done;
	probe->user = user;
	probe->waits_for = "connecting";
	uv_tcp_init(loop, &probe->tcp);
	uv_timer_init(loop, &probe->timer);
	probe->handles = 2;
	probe->tcp.data = probe;
	probe->timer.data = probe;
	probe->connect.data = probe;
	make_address(&storage, address);
	probe->connect_error =
		uv_tcp_connect(&probe->connect, &probe->tcp,
			       (struct sockaddr *)&storage, on_connect);
	uv_timer_start(&probe->timer, on_timeout,
		       probe->connect_error ? 0 : config->timeout_ms, 0);
	return probe;
}
