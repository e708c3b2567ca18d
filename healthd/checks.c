/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/checks.h"
#include "healthd/random.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "terminator/backend_tls.h"

#include <stdio.h>
#include <string.h>

static void on_due(uv_timer_t *timer);

static void plan_next(struct checker *checker)
{
	uint64_t due = checker->begun_ms + check_pause_ms(&checker->check,
							  checker->config,
							  random_number());
	uint64_t now = uv_now(checker->timer.loop);

	uv_timer_start(&checker->timer, on_due, due > now ? due - now : 1, 0);
}

static void on_done(void *user, const char *failure)
{
	struct checker *checker = user;

	checker->probe = NULL;
	if (check_result(&checker->check, checker->config, !failure))
		checker->changed = true;
	snprintf(checker->failure, sizeof(checker->failure), "%s",
		 failure ? failure : "");
	checker->checked_ns = clock_ns(CLOCK_REALTIME);
	checker->news = true;
	plan_next(checker);
}

static void on_due(uv_timer_t *timer)
{
	struct checker *checker = timer->data;

	struct probe_names names = {checker->host, checker->name, checker->tls};

	checker->begun_ms = uv_now(timer->loop);
	if (*checker->tls_error) {
		on_done(checker, checker->tls_error);
		return;
	}
	checker->probe = probe_start(timer->loop, &checker->address,
				     checker->config, &names, on_done, checker);
	if (!checker->probe)
		on_done(checker, "out of memory");
}

void checks_init(struct checks *checks, uv_loop_t *loop)
{
	memset(checks, 0, sizeof(*checks));
	checks->loop = loop;
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		uv_timer_init(loop, &checks->checkers[i].timer);
		checks->checkers[i].timer.data = &checks->checkers[i];
	}
}

static void stop_probe(struct checker *checker)
{
	if (checker->probe)
		probe_cancel(checker->probe);
	checker->probe = NULL;
}

static void drop_tls(struct checker *checker)
{
	backend_tls_unref(checker->tls);
	checker->tls = NULL;
	checker->pool = NULL;
	*checker->tls_error = '\0';
}

/* All of a pool share it. */
static void take_tls(struct checks *checks, struct checker *checker,
		     const struct wanted *wanted)
{
	drop_tls(checker);
	if (!wanted->backend->is_tls ||
	    wanted->config->check.type != QS_CHECK_HTTP)
		return;
	for (int i = 0; i < QS_MAX_BACKENDS && !checker->tls; i++)
		if (checks->checkers[i].pool == wanted->config)
			checker->tls = backend_tls_ref(checks->checkers[i].tls);
	if (!checker->tls)
		checker->tls =
			backend_tls_new(wanted->config, checker->tls_error,
					sizeof(checker->tls_error));
	if (checker->tls)
		checker->pool = wanted->config;
	else
		log_error("%s", checker->tls_error);
}

void checks_start(struct checks *checks, const struct wanted *wanted,
		  enum qs_backend_health health, bool later)
{
	struct checker *checker = &checks->checkers[wanted->row];
	bool was_idle = !checker->config || checker->probe;

	stop_probe(checker);
	checker->config = &wanted->config->check;
	checker->address = wanted->address;
	snprintf(checker->name, sizeof(checker->name), "%s", wanted->name);
	take_tls(checks, checker, wanted);
	probe_host(checker->host, sizeof(checker->host), checker->config,
		   wanted->backend);
	if (!later || was_idle) {
		if (!later)
			checker->check = (struct check){.health = health};
		uv_timer_start(&checker->timer, on_due, 0, 0);
		return;
	}
	plan_next(checker);
}

void checks_stop(struct checks *checks, int row)
{
	struct checker *checker = &checks->checkers[row];

	stop_probe(checker);
	drop_tls(checker);
	uv_timer_stop(&checker->timer);
	checker->config = NULL;
	checker->check = (struct check){0};
	checker->news = false;
	checker->changed = false;
}

void checks_close(struct checks *checks)
{
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		checks_stop(checks, i);
		uv_close((uv_handle_t *)&checks->checkers[i].timer, NULL);
	}
}
