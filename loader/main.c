/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/loader.h"
#include "loader/lib/log.h"
#include "loader/lib/names.h"
#include "loader/lib/notify.h"
#include "loader/lib/parse.h"
#include "loader/lib/version.h"

#include <assert.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <xdp/libxdp.h>

/* How long terminators may take to come back to a new loader. */
enum { SWEEP_MS = 100, MESSAGE_SIZE = 1024 };

struct run {
	struct loader loader;
	uv_loop_t loop;
	uv_signal_t interrupt, terminate, hangup;
	uv_timer_t sweep, watchdog;
	int signal; /* that ends the run, 0 before */
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

static int print_libxdp(enum libxdp_print_level level, const char *format,
			va_list arguments)
{
	return print_libbpf((enum libbpf_print_level)level, format, arguments);
}

static void on_signal(uv_signal_t *handle, int signal)
{
	struct run *run = handle->data;

	run->signal = signal;
	uv_stop(&run->loop);
}

static void on_hangup(uv_signal_t *handle, int signal)
{
	struct run *run = handle->data;

	(void)signal;
	reload_begin(&run->loader.reload, NULL);
}

static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	notify_manager("WATCHDOG=1");
}

static void on_sweep(uv_timer_t *timer)
{
	struct run *run = timer->data;

	if (registry_sweep(&run->loader.registry))
		return;
	uv_timer_stop(timer);
	log_info("all terminators are accounted for: %d run",
		 registry_count(&run->loader.maps));
}

static void await_terminators(struct run *run)
{
	int awaited = registry_sweep(&run->loader.registry);

	if (!awaited)
		return;
	log_info("waiting for %d terminators to come back", awaited);
	uv_timer_start(&run->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static void watch(struct run *run)
{
	uv_loop_init(&run->loop);
	uv_signal_init(&run->loop, &run->interrupt);
	uv_signal_init(&run->loop, &run->terminate);
	uv_signal_init(&run->loop, &run->hangup);
	uv_timer_init(&run->loop, &run->sweep);
	uv_timer_init(&run->loop, &run->watchdog);
	run->interrupt.data = run;
	run->terminate.data = run;
	run->hangup.data = run;
	run->sweep.data = run;
	uv_signal_start(&run->interrupt, on_signal, SIGINT);
	uv_signal_start(&run->terminate, on_signal, SIGTERM);
}

static void unwatch(struct run *run)
{
	int error;

	uv_close((uv_handle_t *)&run->interrupt, NULL);
	uv_close((uv_handle_t *)&run->terminate, NULL);
	uv_close((uv_handle_t *)&run->hangup, NULL);
	uv_close((uv_handle_t *)&run->sweep, NULL);
	uv_close((uv_handle_t *)&run->watchdog, NULL);
	uv_run(&run->loop, UV_RUN_DEFAULT);
	error = uv_loop_close(&run->loop);
	assert(!error);
	(void)error;
}

static void announce(const struct run *run)
{
	const struct options *options = run->loader.options;
	char vip[QS_ENDPOINT_TEXT], metrics[QS_ENDPOINT_TEXT] = "none";

	if (options->metrics_on)
		qs_format_endpoint(metrics, &options->metrics);
	log_info("ready: %s on %s, %zu VIPs, the first %s, control %s, metrics "
		 "%s",
		 qs_attach_mode_name(run->loader.attachment.mode),
		 options->interface, options->vip_count,
		 qs_format_endpoint(vip, &options->vips[0]), options->control,
		 metrics);
	notify_manager("READY=1");
}

/* Before, SIGHUP is to end it as it does by default. */
static void serve(struct run *run)
{
	unsigned int watchdog_ms = notify_watchdog_ms();

	uv_signal_start(&run->hangup, on_hangup, SIGHUP);
	if (watchdog_ms)
		uv_timer_start(&run->watchdog, on_watchdog, 0, watchdog_ms);
	await_terminators(run);
	announce(run);
	uv_run(&run->loop, UV_RUN_DEFAULT);
}

static int run_loader(const struct loader_setup *setup)
{
	static struct run run;
	int status = 1;

	signal(SIGPIPE, SIG_IGN);
	watch(&run);
	if (!loader_start(&run.loader, setup, &run.loop)) {
		serve(&run);
		notify_manager("STOPPING=1");
		log_info(run.signal == SIGINT ? "stopping: detaching everything"
					      : "stopping: programs and pins "
						"stay for the next loader");
		status = loader_stop(&run.loader, run.signal == SIGINT) ? 1 : 0;
	}
	unwatch(&run);
	return status;
}

/* Returns the file of --config, or NULL after one message. */
static struct qs_config *load_config(const char *path)
{
	struct qs_config_error error;
	struct qs_config *config = qs_config_load(path, &error);
	char text[MESSAGE_SIZE];

	if (!config)
		log_error("%s", qs_config_format_error(text, sizeof(text), path,
						       &error));
	return config;
}

static int run_command(const struct options *given,
		       const struct qs_config *config)
{
	static struct options options;
	const struct loader_setup setup = {
		.given = given,
		.options = &options,
		.config = config,
	};
	char text[MESSAGE_SIZE];

	if (options_merge(given, config, &options, text, sizeof(text))) {
		log_error("%s", text);
		return 2;
	}
	qs_log_set_level(options.log_level);
	qs_log_set_format(options.log_format);
	if (options.detach)
		return loader_detach(options.pin_dir) ? 1 : 0;
	log_debug("quicsteer-loader %s", QS_VERSION);
	return run_loader(&setup);
}

int main(int argc, char **argv)
{
	static struct options given;
	struct qs_config *config = NULL;
	int status = options_parse(argc, argv, &given);

	if (status >= 0)
		return status;
	libbpf_set_print(print_libbpf);
	libxdp_set_print(print_libxdp);
	if (given.config) {
		config = load_config(given.config);
		if (!config)
			return 1;
	}
	status = run_command(&given, config);
	qs_config_free(config);
	return status;
}
