/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/daemon.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "loader/lib/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TICK_MS = 100,
	WAIT_MS = 200,	/* between looks for maps that are not there */
	LOOK_MS = 1000, /* between looks whether the maps were replaced */
};

/* `consequence` ends the message about a bad file. */
static struct qs_config *load_config(const struct options *options,
				     const char *consequence)
{
	struct qs_config_error error;
	struct qs_config *config = qs_config_load(options->config, &error);
	char text[900];

	if (!config)
		log_error("%s%s",
			  qs_config_format_error(text, sizeof(text),
						 options->config, &error),
			  consequence);
	return config;
}

static void set_log(const struct daemon *daemon)
{
	if (!daemon->options->log_level_set)
		qs_log_set_level(daemon->config->log_level);
	if (!daemon->options->log_format_set)
		qs_log_set_format(daemon->config->log_format);
}

/* Logs the first of failures in a row. Pins that are gone are none: look()
 * tells. */
static bool succeeded(struct daemon *daemon, int error)
{
	if (error == -ENOENT)
		daemon->looked_ns = 0;
	else if (error && !daemon->failing)
		log_error("cannot write into the maps under %s: %s; trying on",
			  daemon->pin_dir, strerror(-error));
	daemon->failing = error;
	return !error;
}

static bool reconcile(struct daemon *daemon, const struct qs_config *config)
{
	return succeeded(daemon, backends_reconcile(&daemon->backends,
						    &daemon->follow.maps,
						    daemon->pin_dir, config,
						    &daemon->discovery));
}

static const struct qs_backend *rows_of(const struct daemon *daemon)
{
	return daemon->follow.open ? daemon->follow.maps.backends : NULL;
}

static int configure_discovery(struct daemon *daemon,
			       const struct qs_config *config)
{
	const struct qs_backend *rows = rows_of(daemon);
	int error = discovery_configure(&daemon->discovery, config, rows,
					rows ? QS_MAX_BACKENDS : 0);

	if (error)
		log_error("cannot look up host names: %s", strerror(-error));
	return error;
}

static void leave_maps(struct daemon *daemon)
{
	backends_detach(&daemon->backends);
	terminators_forget(&daemon->terminators);
	follow_close(&daemon->follow);
}

void daemon_reload(struct daemon *daemon)
{
	struct qs_config *config =
		load_config(daemon->options, "; the one before stays in force");
	struct qs_config *before = daemon->config;

	if (!config)
		return;
	/* There are no rows then that would have to agree. */
	if (daemon->follow.open && !follow_current(&daemon->follow))
		leave_maps(daemon);
	if (configure_discovery(daemon, config)) {
		qs_config_free(config);
		return;
	}
	if (daemon->follow.open && !reconcile(daemon, config)) {
		/* Names go back, too; what was looked up does no harm. */
		configure_discovery(daemon, before);
		qs_config_free(config);
		log_error("the configuration of before stays in force: send "
			  "SIGHUP again");
		return;
	}
	daemon->config = config;
	set_log(daemon);
	if (!daemon->options->pin_dir &&
	    strcmp(config->pin_dir, before->pin_dir))
		log_warn("pin_dir: takes effect when healthd is restarted");
	qs_config_free(before);
	log_info("configuration read again from %s", daemon->options->config);
}

static void beat(struct daemon *daemon)
{
	struct qs_settings *settings = daemon->follow.maps.settings;

	__atomic_store_n(&settings->healthd_heartbeat_ns,
			 clock_ns(CLOCK_MONOTONIC), __ATOMIC_RELAXED);
	settings->healthd_pid = getpid();
}

static void notify(struct daemon *daemon, uint64_t now_ns)
{
	if (daemon->follow.open && !daemon->ready) {
		daemon->ready = true;
		notify_manager("READY=1");
	}
	if (!daemon->watchdog_ns ||
	    now_ns - daemon->notified_ns < daemon->watchdog_ns)
		return;
	daemon->notified_ns = now_ns;
	notify_manager("WATCHDOG=1");
}

static void adopt(struct daemon *daemon)
{
	struct qs_maps *maps = &daemon->follow.maps;

	daemon->generation = maps->settings->config_generation;
	terminators_forget(&daemon->terminators);
	if (!succeeded(daemon, backends_adopt(&daemon->backends, maps,
					      daemon->pin_dir))) {
		leave_maps(daemon);
		return;
	}
	discovery_seed(&daemon->discovery, daemon->config, maps->backends,
		       QS_MAX_BACKENDS);
	daemon->stale = true;
	log_info("working on the maps under %s", daemon->pin_dir);
}

static void open_maps(struct daemon *daemon)
{
	switch (follow_open(&daemon->follow)) {
	case FOLLOW_OPEN:
		adopt(daemon);
		break;
	case FOLLOW_WAIT:
		break;
	case FOLLOW_TAKEN:
		daemon->status = 1;
		uv_stop(daemon->loop);
		break;
	}
}

static void look(struct daemon *daemon, uint64_t now_ns)
{
	struct qs_settings *settings = daemon->follow.maps.settings;

	if (settings->config_generation != daemon->generation) {
		daemon->generation = settings->config_generation;
		daemon_reload(daemon);
	}
	if (now_ns - daemon->looked_ns < (uint64_t)LOOK_MS * NS_PER_MS)
		return;
	daemon->looked_ns = now_ns;
	if (!follow_current(&daemon->follow)) {
		log_info("the maps under %s were removed or replaced",
			 daemon->pin_dir);
		leave_maps(daemon);
	}
}

static void work(struct daemon *daemon)
{
	struct qs_maps *maps = &daemon->follow.maps;
	int error;

	daemon->stale |= daemon->discovery.changed || daemon->backends.room;
	daemon->discovery.changed = false;
	if (daemon->stale && reconcile(daemon, daemon->config))
		daemon->stale = false;
	error = backends_tick(&daemon->backends, maps, daemon->pin_dir,
			      daemon->config);
	if (!error)
		error = terminators_tick(&daemon->terminators, maps,
					 daemon->pin_dir,
					 &daemon->config->healthd);
	if (succeeded(daemon, error))
		__atomic_store_n(&maps->settings->healthd_generation,
				 daemon->generation, __ATOMIC_RELEASE);
}

static void on_tick(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (!daemon->follow.open)
		open_maps(daemon);
	if (daemon->follow.open)
		look(daemon, now);
	if (daemon->follow.open) {
		beat(daemon);
		work(daemon);
	}
	notify(daemon, now);
	uv_timer_set_repeat(timer, daemon->follow.open ? TICK_MS : WAIT_MS);
}

int daemon_start(struct daemon *daemon, const struct options *options,
		 uv_loop_t *loop)
{
	*daemon = (struct daemon){.options = options, .loop = loop};
	daemon->config = load_config(options, "");
	if (!daemon->config)
		return -1;
	set_log(daemon);
	daemon->pin_dir = strdup(options->pin_dir ? options->pin_dir
						  : daemon->config->pin_dir);
	daemon->discovery.loop = loop;
	if (!daemon->pin_dir || configure_discovery(daemon, daemon->config)) {
		daemon_free(daemon);
		return -1;
	}
	follow_init(&daemon->follow, daemon->pin_dir);
	backends_init(&daemon->backends, loop);
	daemon->watchdog_ns = (uint64_t)notify_watchdog_ms() * NS_PER_MS;
	uv_timer_init(loop, &daemon->timer);
	daemon->timer.data = daemon;
	uv_timer_start(&daemon->timer, on_tick, 0, TICK_MS);
	return 0;
}

void daemon_stop(struct daemon *daemon)
{
	notify_manager("STOPPING=1");
	if (daemon->follow.open)
		daemon->follow.maps.settings->healthd_pid = 0;
	uv_close((uv_handle_t *)&daemon->timer, NULL);
	discovery_close(&daemon->discovery);
	backends_close(&daemon->backends);
	follow_close(&daemon->follow);
}

void daemon_free(struct daemon *daemon)
{
	qs_config_free(daemon->config);
	free(daemon->pin_dir);
	daemon->config = NULL;
	daemon->pin_dir = NULL;
}
