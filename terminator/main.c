/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quicsteer-terminator: registers with the loader, serves HTTP/3 on the socket
 * that it got, and drains when asked to end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "loader/lib/log.h"
#include "loader/lib/parse.h"
#include "terminator/cid.h"
#include "terminator/control.h"
#include "terminator/options.h"
#include "terminator/quic.h"
#include "terminator/router.h"
#include "terminator/tls.h"

enum { HEARTBEAT_MS = 100, SOCKET_BUFFER = 8 * 1024 * 1024 };

struct terminator {
	struct options options;
	uv_loop_t loop;
	uv_signal_t sigterm, sigint;
	uv_timer_t heartbeat;
	struct control control;
	struct identity identity;
	struct qs_terminator_stats own_stats; /* until the loader gives a row */
	struct qs_terminator_stats *stats;
	struct quic quic;
	bool draining;
	bool ending;
	int status;
};

/* A socket in a SO_REUSEPORT group: the kernel's hash chooses the process. */
static int open_socket(const struct qs_vip_key *listen)
{
	int on = 1, off = 0, buffer = SOCKET_BUFFER, err;
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(listen->port),
	};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* 0.0.0.0, too, means every address of this host. */
	if (!qs_endpoint_is_any(listen))
		memcpy(&address.sin6_addr, listen->address, 16);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	/* Beyond rmem_max only with privilege; what we get is what we have. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Without a loader. Returns the UDP socket, or -errno after a message. */
static int stand_alone(struct terminator *t)
{
	char text[QS_ENDPOINT_TEXT];
	int fd;

	identity_random(&t->identity);
	fd = open_socket(&t->options.listen);
	if (fd < 0)
		log_error("%s: cannot listen: %s",
			  qs_format_endpoint(text, &t->options.listen),
			  strerror(-fd));
	return fd;
}

static int join_loader(struct terminator *t)
{
	const char *error;
	int err = control_register(&t->control, t->options.control,
				   t->options.name,
				   t->options.loader_timeout_ms, &error);

	if (err) {
		log_error("cannot register as %s: %s", t->options.name, error);
		return err;
	}
	err = identity_from_welcome(&t->identity, &t->control.welcome);
	if (err) {
		log_error("the loader sent a CID configuration that is not "
			  "legal");
		return err;
	}
	t->identity.terminators = t->control.terminators;
	t->stats = t->control.stats;
	log_info("registered as %s: slot %u, instance %u", t->options.name,
		 t->identity.slot, t->identity.instance);
	return t->control.udp_fd;
}

static bool add_backends(struct terminator *t)
{
	const struct options *options = &t->options;
	size_t bad;
	int err;

	t->quic.router = router_new(&t->loop, options->name, t->stats);
	err = t->quic.router ? router_apply_urls(t->quic.router, &options->pool,
						 options->backends,
						 options->backend_count, &bad)
			     : -ENOMEM;
	if (err == -EINVAL)
		log_error("--backend %s: must be http://ADDRESS[:PORT]",
			  options->backends[bad]);
	else if (err)
		log_error("out of memory");
	return !err;
}

static bool load_tls(struct terminator *t)
{
	const char *error;

	t->quic.tls =
		tls_new(t->options.certificate, t->options.private_key, &error);
	if (!t->quic.tls)
		log_error("%s", error);
	return t->quic.tls;
}

static void on_heartbeat(uv_timer_t *timer)
{
	struct terminator *t = timer->data;

	t->stats->heartbeat_ns = uv_hrtime();
}

/* Closes all handles; the loop then ends. */
static void end(struct terminator *t)
{
	if (t->ending)
		return;
	t->ending = true;
	uv_close((uv_handle_t *)&t->sigterm, NULL);
	uv_close((uv_handle_t *)&t->sigint, NULL);
	uv_close((uv_handle_t *)&t->heartbeat, NULL);
	quic_close(&t->quic);
	router_close(t->quic.router);
	if (!t->options.standalone)
		control_close(&t->control);
}

static void on_drained(void *user)
{
	log_info("drained");
	end(user);
}

static void on_sigterm(uv_signal_t *handle, int signum)
{
	struct terminator *t = handle->data;

	(void)signum;
	if (t->draining) {
		end(t);
		return;
	}
	t->draining = true;
	log_info("draining: %llu connections, at most %u s",
		 (unsigned long long)t->stats->gauges.connections_open,
		 t->options.drain_timeout_ms / 1000);
	if (!t->options.standalone)
		control_drain(&t->control);
	quic_drain(&t->quic, t->options.drain_timeout_ms);
}

static void on_sigint(uv_signal_t *handle, int signum)
{
	(void)signum;
	end(handle->data);
}

static void on_refused(void *user, const char *reason)
{
	struct terminator *t = user;

	log_error("the loader does not take us back: %s", reason);
	t->status = 1;
	end(t);
}

static void start_signals(struct terminator *t)
{
	uv_signal_init(&t->loop, &t->sigterm);
	uv_signal_init(&t->loop, &t->sigint);
	t->sigterm.data = t->sigint.data = t;
	uv_signal_start(&t->sigterm, on_sigterm, SIGTERM);
	uv_signal_start(&t->sigint, on_sigint, SIGINT);
	uv_timer_init(&t->loop, &t->heartbeat);
	t->heartbeat.data = t;
	uv_timer_start(&t->heartbeat, on_heartbeat, 0, HEARTBEAT_MS);
}

static int serve(struct terminator *t, int fd)
{
	int err;

	t->quic.options = t->options.quic;
	t->quic.identity = &t->identity;
	t->quic.stats = t->stats;
	t->quic.on_drained = on_drained;
	t->quic.user = t;
	err = quic_start(&t->quic, &t->loop, fd);
	if (err) {
		log_error("cannot serve on the UDP socket: %s", strerror(-err));
		return 1;
	}
	t->control.on_refused = on_refused;
	t->control.user = t;
	if (!t->options.standalone)
		control_start(&t->control, &t->loop);
	start_signals(t);
	log_info("serving HTTP/3 as %s, pid %d", t->options.name, getpid());
	uv_run(&t->loop, UV_RUN_DEFAULT);
	return t->status;
}

/* Registering makes an older process of our name drain: what can fail for
 * reasons of ours has been done before. */
static int join_and_serve(struct terminator *t)
{
	int fd = t->options.standalone ? stand_alone(t) : join_loader(t);

	if (fd < 0)
		return 1;
	tls_set_ticket_keys(t->quic.tls, t->identity.secrets.ticket);
	router_use_memory(t->quic.router,
			  &(struct router_memory){.stats = t->stats});
	return serve(t, fd);
}

static int run(struct terminator *t)
{
	int status = 1;

	t->stats = &t->own_stats;
	if (load_tls(t) && add_backends(t))
		status = join_and_serve(t);
	if (t->quic.router && !t->ending)
		router_close(t->quic.router);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	if (t->quic.tls)
		tls_free(t->quic.tls);
	return status;
}

int main(int argc, char **argv)
{
	struct terminator *t = calloc(1, sizeof(*t));
	int status;

	if (!t)
		return 1;
	if (options_parse(&t->options, argc, argv, &status)) {
		uv_loop_init(&t->loop);
		status = run(t);
		uv_loop_close(&t->loop);
	}
	explicit_bzero(&t->identity, sizeof(t->identity));
	free(t);
	return status;
}
