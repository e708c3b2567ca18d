/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/daemon.h"
#include "loader/lib/log.h"
#include "loader/lib/version.h"

#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Threads that look up host names; a slow name server holds one each. */
#define LOOKUP_THREADS "16"

/* Turns of the loop that closing its handles takes, and some more. */
enum { CLOSE_ROUNDS = 10 };

struct run {
	struct daemon daemon;
	uv_loop_t loop;
	uv_signal_t interrupt, terminate, hang_up;
};

static int print_libbpf(enum libbpf_print_level level, const char *format,
			va_list arguments)
{
	char line[900];

	(void)level;
	if (!qs_log_enabled(QS_LOG_DEBUG))
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	log_debug("%s", line);
	return 0;
}

static void on_end(uv_signal_t *handle, int signal)
{
	(void)signal;
	uv_stop(handle->loop);
}

static void on_hang_up(uv_signal_t *handle, int signal)
{
	struct run *run = handle->data;

	(void)signal;
	daemon_reload(&run->daemon);
}

static void watch(struct run *run)
{
	uv_loop_init(&run->loop);
	uv_signal_init(&run->loop, &run->interrupt);
	uv_signal_init(&run->loop, &run->terminate);
	uv_signal_init(&run->loop, &run->hang_up);
	run->hang_up.data = run;
	uv_signal_start(&run->interrupt, on_end, SIGINT);
	uv_signal_start(&run->terminate, on_end, SIGTERM);
	uv_signal_start(&run->hang_up, on_hang_up, SIGHUP);
}

/*
 * Closes the loop. A lookup that waits for a name server cannot be taken back;
 * the process does not wait for it.
 */
static void unwatch(struct run *run, int status)
{
	int error, rounds = 0;

	uv_close((uv_handle_t *)&run->interrupt, NULL);
	uv_close((uv_handle_t *)&run->terminate, NULL);
	uv_close((uv_handle_t *)&run->hang_up, NULL);
	while (uv_run(&run->loop, UV_RUN_NOWAIT) && rounds < CLOSE_ROUNDS)
		rounds++;
	error = uv_loop_close(&run->loop);
	if (error)
		_exit(status);
}

static int run_daemon(const struct options *options)
{
	static struct run run;
	int status = 1;

	signal(SIGPIPE, SIG_IGN);
	setenv("UV_THREADPOOL_SIZE", LOOKUP_THREADS, 0);
	watch(&run);
	if (!daemon_start(&run.daemon, options, &run.loop)) {
		uv_run(&run.loop, UV_RUN_DEFAULT);
		status = run.daemon.status;
		if (!status)
			log_info("stopping: what is in the maps stays");
		daemon_stop(&run.daemon);
	}
	unwatch(&run, status);
	daemon_free(&run.daemon);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = options_parse(argc, argv, &options);

	if (status >= 0)
		return status;
	libbpf_set_print(print_libbpf);
	log_debug("quicsteer-healthd %s", QS_VERSION);
	return run_daemon(&options);
}
