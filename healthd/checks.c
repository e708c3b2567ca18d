/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/checks.h"
#include "healthd/random.h"
#include "loader/lib/clock.h"

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

	checker->begun_ms = uv_now(timer->loop);
	checker->probe =
		probe_start(timer->loop, &checker->address, checker->config,
			    checker->host, on_done, checker);
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

void checks_start(struct checks *checks, const struct wanted *wanted,
		  enum qs_backend_health health, bool later)
{
	struct checker *checker = &checks->checkers[wanted->row];
	bool was_idle = !checker->config || checker->probe;

	stop_probe(checker);
	checker->config = &wanted->config->check;
	checker->address = wanted->address;
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
