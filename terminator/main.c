/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quicsteer-terminator: registers with the loader, serves HTTP/3 on the socket
 * that it got, and drains when asked to end. What may happen meanwhile is in
 * terminator.c.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "loader/lib/log.h"
#include "loader/lib/parse.h"
#include "terminator/access_log.h"
#include "terminator/terminator.h"
#include "terminator/udp_open.h"

/* Without a loader. Fills `fds` and returns 0, or -errno after a message. */
static int stand_alone(struct terminator *t, int fds[QS_MAX_PORTS])
{
	char text[QS_ENDPOINT_TEXT];
	int fd;

	identity_random(&t->identity);
	fd = udp_open(&t->options.listen);
	if (fd < 0)
		log_error("%s: cannot listen: %s",
			  qs_format_endpoint(text, &t->options.listen),
			  strerror(-fd));
	fds[0] = fd;
	return fd < 0 ? fd : 0;
}

static void use_maps(struct terminator *t)
{
	struct router_memory memory = {
		.backends = t->control.backends,
		.trials = t->control.trials,
		.secret = t->identity.secrets.token,
		.secret_size = sizeof(t->identity.secrets.token),
		.proxy = t->control.proxy,
		.stats = t->control.stats,
	};

	t->identity.terminators = t->control.terminators;
	t->stats = t->control.stats;
	t->row = &t->control.terminators[t->identity.slot];
	t->wish = &t->row->wish;
	router_use_memory(t->quic.router, &memory);
}

/* Likewise with one. */
static int join_loader(struct terminator *t, int fds[QS_MAX_PORTS])
{
	const struct settings *settings = &t->reload.current->settings;
	const char *name = t->options.name, *error;
	int err = control_register(&t->control, settings->control, name,
				   settings->loader_timeout_ms, &error);

	if (err) {
		log_error("cannot register as %s: %s", name, error);
		return err;
	}
	err = identity_from_welcome(&t->identity, &t->control.welcome);
	if (err) {
		log_error("the loader sent a CID configuration that is not "
			  "legal");
		return err;
	}
	use_maps(t);
	log_info("registered as %s: slot %u, instance %u", name,
		 t->identity.slot, t->identity.instance);
	memcpy(fds, t->control.udp_fds, sizeof(t->control.udp_fds));
	return 0;
}

static bool has_certificate(struct terminator *t)
{
	char text[1024];

	if (t->reload.current->tls)
		return true;
	if (!setup_load_self_signed(t->reload.current,
				    t->control.certificate_fd, text,
				    sizeof(text))) {
		log_error("%s", text);
		return false;
	}
	log_warn("serving with the loader's self-signed certificate: "
		 "terminator.certificate is not set");
	return true;
}

/* Registering makes an older process of our name drain: what can fail for
 * reasons of ours has been done before. */
static int join_and_serve(struct terminator *t)
{
	int fds[QS_MAX_PORTS];
	int err;

	memset(fds, 0xff, sizeof(fds)); /* -1 each */
	err = t->options.standalone ? stand_alone(t, fds) : join_loader(t, fds);
	if (err || !has_certificate(t))
		return 1;
	return terminator_serve(t, fds);
}

/* Backends come with the registration: until then there are none, and no names
 * to be looked up here. */
static void await_maps(struct terminator *t)
{
	static const struct qs_backend none[QS_MAX_BACKENDS];
	struct router_memory memory = {.backends = none, .stats = t->stats};

	if (!t->options.standalone)
		router_use_memory(t->quic.router, &memory);
}

/* Reads and checks everything before anybody knows of us. */
static bool prepare(struct terminator *t)
{
	char text[1024];

	t->stats = &t->own_stats;
	t->quic.stats = t->stats;
	t->reload.options = &t->options;
	t->control.certificate_fd = -1;
	t->reload.certificate_fd = &t->control.certificate_fd;
	t->reload.quic = &t->quic;
	t->reload.tcp = &t->tcp;
	t->reload.current = setup_load(&t->options, text, sizeof(text));
	if (!t->reload.current) {
		log_error("%s", text);
		return false;
	}
	qs_log_set_level(t->reload.current->settings.log_level);
	qs_log_set_format(t->reload.current->settings.log_format);
	t->quic.router = router_new(&t->loop, t->options.name, t->stats);
	t->reload.access_log = access_log_new();
	if (!t->quic.router || !t->reload.access_log) {
		log_error("out of memory");
		return false;
	}
	router_use_access_log(t->quic.router, t->reload.access_log);
	terminator_tell_health(t);
	if (limits_start(&t->limits, &t->loop, &t->stats)) {
		log_error("out of memory");
		return false;
	}
	t->limits.options = t->reload.current->settings.limits;
	t->quic.limits = &t->limits;
	router_use_limits(t->quic.router, &t->limits);
	await_maps(t);
	if (setup_apply_pools(t->reload.current, &t->options, t->quic.router,
			      text, sizeof(text)) ||
	    setup_start_access_log(t->reload.current, t->reload.access_log,
				   text, sizeof(text))) {
		log_error("%s", text);
		return false;
	}
	setup_apply_access_log(t->reload.current, t->reload.access_log);
	return true;
}

static void close_access_log(struct access_log *log)
{
	uint64_t lost = log ? access_log_close(log) : 0;

	if (lost)
		log_warn("access log: %llu lines were dropped at the end",
			 (unsigned long long)lost);
}

static int run(struct terminator *t)
{
	int status = 1;

	if (prepare(t))
		status = join_and_serve(t);
	if (t->quic.router && !t->ending)
		router_close(t->quic.router);
	if (t->quic.limits && !t->ending)
		limits_close(&t->limits);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	close_access_log(t->reload.access_log);
	reload_free(&t->reload);
	return status;
}

/* Connections come and go by the hundred: the heap need not shrink and grow
 * with each. */
static void keep_heap(void)
{
	mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
	mallopt(M_TOP_PAD, 1024 * 1024);
}

int main(int argc, char **argv)
{
	struct terminator *t = calloc(1, sizeof(*t));
	int status;

	if (!t)
		return 1;
	keep_heap();
	t->argv = argv;
	/* Until there is a log that can be opened again. */
	signal(SIGUSR1, SIG_IGN);
	if (options_parse(&t->options, argc, argv, &status)) {
		qs_log_set_name(t->options.name);
		uv_loop_init(&t->loop);
		status = run(t);
		uv_loop_close(&t->loop);
	}
	explicit_bzero(&t->identity, sizeof(t->identity));
	free(t);
	return status;
}
