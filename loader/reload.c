/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/reload.h"
#include "loader/message.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "loader/lib/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MAX_LINE = 1024, HEALTHD_LOOK_MS = 10 };

static void advance(struct reload *reload);

/* Whether `line` is one of the lines of `text`. */
static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	while (*text) {
		size_t one = strcspn(text, "\n");

		if (one == length && !memcmp(text, line, length))
			return true;
		text += one + !!text[one];
	}
	return false;
}

/* One more line of the RESULT, once. What does not fit is only logged. */
__attribute__((format(printf, 2, 3))) static void
add_line(struct reload *reload, const char *format, ...)
{
	char *text = reload->result.text, line[MAX_LINE];
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (has_line(text, line))
		return;
	if (length + strlen(line) + 2 > sizeof(reload->result.text))
		log_warn("reload: %s", line);
	else
		sprintf(text + length, "%s%s", length ? "\n" : "", line);
}

/* Lines that a terminator or the loader says, each behind `prefix`. */
static void add_text(struct reload *reload, const char *prefix,
		     const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length)
			add_line(reload, "%s%.*s", prefix, (int)length, text);
		text += length + !!text[length];
	}
}

static void add_answer(struct reload *reload, const struct client *client,
		       const struct qs_result *result)
{
	char prefix[sizeof("terminator : ") + QS_NAME_SIZE];

	snprintf(prefix, sizeof(prefix),
		 "terminator %s: ", client_name(client));
	add_text(reload, prefix, result->text);
	if (result->failed && !*result->text)
		add_line(reload, "%sfailed without a reason", prefix);
}

static void tell_manager(bool reloading)
{
	char state[64];

	if (!reloading) {
		notify_manager("READY=1");
		return;
	}
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 clock_ns(CLOCK_MONOTONIC) / 1000);
	notify_manager(state);
}

static void log_outcome(const struct reload *reload)
{
	const struct qs_result *result = &reload->result;
	const char *line = result->text;

	if (!result->failed)
		log_info("configuration %s applied by the loader and %u "
			 "terminators, generation %u",
			 reload->live->given->config, result->count,
			 reload->live->maps->settings->config_generation);
	while (*line) {
		size_t length = strcspn(line, "\n");

		qs_log(result->failed ? QS_LOG_ERROR : QS_LOG_INFO,
		       "reload: %.*s", (int)length, line);
		line += length + !!line[length];
	}
}

static void answer(struct client *operator, struct qs_result * result)
{
	int error;

	result->header = message_header(QS_MESSAGE_RESULT);
	error = message_send(operator->fd, result, sizeof(*result), NULL, 0);
	if (error)
		log_warn("cannot tell pid %d how the reload ended: %s",
			 operator->peer.pid, strerror(-error));
}

static void finish(struct reload *reload)
{
	uv_timer_stop(&reload->timer);
	reload->applied = false;
	reload->phase = QS_RELOAD_REQUEST;
	live_discard(reload->live);
	log_outcome(reload);
	metrics_config_reloaded(reload->live->metrics, !reload->result.failed);
	if (reload->operator)
		answer(reload->operator, & reload->result);
	reload->operator= NULL;
	tell_manager(false);
}

static int tell(struct client *client, enum qs_reload_phase phase)
{
	const struct qs_reload message = {
		.header = message_header(QS_MESSAGE_RELOAD),
		.phase = phase,
	};

	return message_send(client->fd, &message, sizeof(message), NULL, 0);
}

static void ask(struct reload *reload, struct client *client,
		enum qs_reload_phase phase)
{
	int error = tell(client, phase);

	if (!error) {
		client->results_due++;
		reload->waiting += !client->awaited;
		client->awaited = true;
	} else if (error == -EAGAIN) {
		reload->result.failed = 1;
		add_line(reload,
			 "terminator %s (pid %d) does not read its messages",
			 client_name(client), client->peer.pid);
	}
	/* Any other error: its connection has ended, as will be read soon. */
}

static void ask_all(struct reload *reload, enum qs_reload_phase phase)
{
	reload->phase = phase;
	reload->result.count = 0;
	for (struct client *client = reload->control->clients; client;
	     client = client->next) {
		if (client->slot == CLIENT_NO_SLOT)
			continue;
		ask(reload, client, phase);
		reload->result.count += client->awaited;
	}
}

static void discard(struct reload *reload)
{
	for (struct client *client = reload->control->clients; client;
	     client = client->next) {
		if (client->slot == CLIENT_NO_SLOT)
			continue;
		client->awaited = false;
		tell(client, QS_RELOAD_DISCARD);
	}
	reload->waiting = 0;
	finish(reload);
}

/* Its end is not ours to wait for. */
static bool healthd_runs(const struct qs_settings *settings)
{
	__u64 beat = __atomic_load_n(&settings->healthd_heartbeat_ns,
				     __ATOMIC_RELAXED);

	return settings->healthd_pid && beat &&
	       clock_ns(CLOCK_MONOTONIC) - beat < NS_PER_SECOND;
}

static void await_healthd(uv_timer_t *timer)
{
	struct reload *reload = timer->data;
	const struct qs_settings *settings = reload->live->maps->settings;
	__u64 waited = clock_ns(CLOCK_MONOTONIC) - reload->applied_ns;

	if (__atomic_load_n(&settings->healthd_generation, __ATOMIC_ACQUIRE) ==
		    settings->config_generation ||
	    !healthd_runs(settings)) {
		finish(reload);
	} else if (waited > (__u64)RELOAD_HEALTHD_MS * NS_PER_MS) {
		add_line(reload, "healthd has not followed within %d s",
			 RELOAD_HEALTHD_MS / 1000);
		finish(reload);
	} else {
		uv_timer_start(timer, await_healthd, HEALTHD_LOOK_MS, 0);
	}
}

static void apply(struct reload *reload)
{
	char text[sizeof(reload->result.text)];

	if (live_apply(reload->live, text, sizeof(text)))
		reload->result.failed = 1;
	add_text(reload, "", text);
	if (reload->result.failed)
		add_line(reload, "the new configuration is in force but for "
				 "what these lines say");
	/* The file may be changed again as soon as we have answered. */
	reload->applied = true;
	reload->applied_ns = clock_ns(CLOCK_MONOTONIC);
	await_healthd(&reload->timer);
}

static void on_timeout(uv_timer_t *timer)
{
	struct reload *reload = timer->data;

	for (struct client *client = reload->control->clients; client;
	     client = client->next) {
		if (!client->awaited)
			continue;
		client->awaited = false;
		reload->result.failed = 1;
		add_line(reload,
			 "terminator %s (pid %d) has not answered within %d s",
			 client_name(client), client->peer.pid,
			 RELOAD_TIMEOUT_MS / 1000);
	}
	reload->waiting = 0;
	advance(reload);
}

/* Goes on as soon as nobody is waited for any more, or somebody disagrees. */
static void advance(struct reload *reload)
{
	if (reload->phase == QS_RELOAD_CHECK && reload->result.failed) {
		discard(reload);
		return;
	}
	if (reload->waiting || reload->applied)
		return;
	if (reload->phase == QS_RELOAD_CHECK) {
		uv_timer_start(&reload->timer, on_timeout, RELOAD_TIMEOUT_MS,
			       0);
		ask_all(reload, QS_RELOAD_APPLY);
	}
	if (!reload->waiting)
		apply(reload);
}

void reload_start(struct reload *reload, uv_loop_t *loop,
		  struct control *control, struct live *live)
{
	*reload = (struct reload){.control = control, .live = live};
	uv_timer_init(loop, &reload->timer);
	reload->timer.data = reload;
	reload->started = true;
}

void reload_begin(struct reload *reload, struct client *operator)
{
	if (reload_in_progress(reload)) {
		struct qs_result busy = {
			.failed = 1,
			.text = "another reload is in progress",
		};

		log_warn("refused a reload: %s", busy.text);
		if (operator)
			answer(operator, & busy);
		return;
	}
	reload->operator= operator;
	reload->result = (struct qs_result){};
	tell_manager(true);
	if (live_check(reload->live, reload->result.text,
		       sizeof(reload->result.text))) {
		reload->result.failed = 1;
		finish(reload);
		return;
	}
	uv_timer_start(&reload->timer, on_timeout, RELOAD_TIMEOUT_MS, 0);
	ask_all(reload, QS_RELOAD_CHECK);
	advance(reload);
}

bool reload_in_progress(const struct reload *reload)
{
	return reload->phase != QS_RELOAD_REQUEST;
}

void reload_certificate(const struct reload *reload)
{
	for (struct client *client = reload->control->clients; client;
	     client = client->next) {
		int error = 0;

		if (client->slot != CLIENT_NO_SLOT)
			error = tell(client, QS_RELOAD_CERTIFICATE);
		if (error)
			log_warn("terminator %s (pid %d) keeps its "
				 "certificate until the next reload: %s",
				 client_name(client), client->peer.pid,
				 strerror(-error));
	}
}

void reload_answer(struct reload *reload, struct client *client,
		   const struct qs_result *result)
{
	if (!client->results_due) {
		log_warn("terminator %s sent a RESULT that nobody asked for",
			 client_name(client));
		return;
	}
	/* Earlier ones answer what it was asked before. */
	if (--client->results_due || !client->awaited)
		return;
	client->awaited = false;
	reload->waiting--;
	reload->result.failed |= !!result->failed;
	add_answer(reload, client, result);
	advance(reload);
}

void reload_joined(struct reload *reload, struct client *client)
{
	if (!reload_in_progress(reload))
		return;
	ask(reload, client, QS_RELOAD_CHECK);
	if (reload->phase == QS_RELOAD_APPLY)
		ask(reload, client, QS_RELOAD_APPLY);
	reload->result.count += client->awaited;
}

void reload_left(struct reload *reload, struct client *client)
{
	if (reload->operator== client)
		reload->operator= NULL;
	if (!client->awaited)
		return;
	client->awaited = false;
	reload->waiting--;
	advance(reload);
}

void reload_close(struct reload *reload)
{
	if (!reload->started)
		return;
	live_discard(reload->live);
	uv_close((uv_handle_t *)&reload->timer, NULL);
	reload->started = false;
}
