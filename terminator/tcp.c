/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/tcp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "loader/lib/log.h"
#include "terminator/tcp_conn.h"

/* Who has no descriptors left gets some by and by. */
#define ACCEPT_PAUSE_NS (100 * UINT64_C(1000000))

static void before_sleep(uv_prepare_t *handle)
{
	struct tcp *tcp = handle->data;

	while (tcp->dirty) {
		struct tcp_conn *conn = tcp->dirty;

		LL_DELETE2(tcp->dirty, conn, next_dirty);
		conn->marked = false;
		tcp_conn_run(conn);
	}
}

void tcp_start(struct tcp *tcp, uv_loop_t *loop)
{
	tcp->loop = loop;
	uv_prepare_init(loop, &tcp->before_sleep);
	tcp->before_sleep.data = tcp;
	uv_prepare_start(&tcp->before_sleep, before_sleep);
}

static void apply_accept(struct tcp *tcp)
{
	struct listener *listener;

	DL_FOREACH (tcp->listeners, listener)
		listener_accept(listener, tcp->accepting && !tcp->resume_ns);
}

static void on_accept(struct listener *listener, int fd)
{
	struct tcp *tcp = listener->user;

	if (tcp_conn_new(tcp, fd, listener->key.kind))
		return;
	tcp->stats->counters.accept_errors++;
	close(fd);
}

static void on_error(struct listener *listener, int error)
{
	struct tcp *tcp = listener->user;

	if (!tcp->resume_ns)
		log_warn("connections cannot be accepted: %s", strerror(error));
	tcp->stats->counters.accept_errors++;
	tcp->resume_ns = uv_hrtime() + ACCEPT_PAUSE_NS;
	apply_accept(tcp);
}

static struct listener *find(const struct tcp *tcp,
			     const struct qs_listener_key *key)
{
	struct listener *listener;

	DL_FOREACH (tcp->listeners, listener)
		if (!memcmp(&listener->key, key, sizeof(*key)))
			return listener;
	return NULL;
}

int tcp_listen(struct tcp *tcp, const struct qs_listener_key *key, int fd)
{
	struct listener *old = find(tcp, key), *listener = NULL;
	int err = 0;

	if (fd >= 0)
		err = listener_new(&listener, tcp->loop, key, fd);
	if (err)
		return err;
	if (old) {
		DL_DELETE(tcp->listeners, old);
		listener_close(old);
	}
	if (listener) {
		listener->on_accept = on_accept;
		listener->on_error = on_error;
		listener->user = tcp;
		DL_APPEND(tcp->listeners, listener);
		apply_accept(tcp);
	}
	return 0;
}

void tcp_accept(struct tcp *tcp, bool accept)
{
	if (tcp->accepting == accept)
		return;
	tcp->accepting = accept;
	apply_accept(tcp);
}

void tcp_drain(struct tcp *tcp)
{
	struct tcp_conn *conn;

	tcp->draining = true;
	DL_FOREACH (tcp->conns, conn)
		tcp_conn_drain(conn);
}

void tcp_undrain(struct tcp *tcp)
{
	tcp->draining = false;
}

void tcp_step(struct tcp *tcp)
{
	uint64_t now_ns = uv_hrtime();
	struct tcp_conn *conn, *next;

	if (tcp->resume_ns && now_ns >= tcp->resume_ns) {
		tcp->resume_ns = 0;
		apply_accept(tcp);
	}
	DL_FOREACH_SAFE (tcp->conns, conn, next)
		tcp_conn_step(conn, now_ns);
}

uint16_t tcp_tls_port(const struct tcp *tcp)
{
	const struct listener *listener;

	DL_FOREACH (tcp->listeners, listener)
		if (listener->key.kind == QS_LISTENER_TLS)
			return listener->key.address.port;
	return 0;
}

void tcp_close_all(struct tcp *tcp, enum qs_close_reason reason)
{
	while (tcp->conns)
		tcp_conn_leave(tcp->conns, reason);
}

void tcp_close(struct tcp *tcp, enum qs_close_reason reason)
{
	struct listener *listener, *next;

	tcp_close_all(tcp, reason);
	DL_FOREACH_SAFE (tcp->listeners, listener, next)
		listener_close(listener);
	tcp->listeners = NULL;
	uv_close((uv_handle_t *)&tcp->before_sleep, NULL);
}
