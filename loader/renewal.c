/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/renewal.h"
#include "loader/lib/log.h"

/* A timer to the day itself would not follow a clock that is set. */
enum { STEP_MS = 1000 };

static void on_step(uv_timer_t *timer)
{
	struct renewal *renewal = timer->data;
	const struct live *live = renewal->reload->live;
	char text[1024];
	int error;

	/* Terminators that have checked a configuration have read it. */
	if (!own_certificate_is_due(renewal->own, time(NULL)) ||
	    reload_in_progress(renewal->reload))
		return;
	error = own_certificate_renew(renewal->own, text, sizeof(text));
	if (!error) {
		own_certificate_send_all(renewal->own,
					 renewal->reload->control);
		reload_certificate(renewal->reload);
		metrics_config_own(live->metrics, renewal->own->path);
		log_info("the self-signed certificate was about to expire: "
			 "terminators take the new one");
	} else if (!renewal->failed) {
		log_error("the self-signed certificate is about to expire and "
			  "is not renewed: %s",
			  text);
	}
	renewal->failed = error;
}

void renewal_start(struct renewal *renewal, uv_loop_t *loop,
		   struct own_certificate *own, struct reload *reload)
{
	*renewal = (struct renewal){.own = own, .reload = reload};
	uv_timer_init(loop, &renewal->timer);
	renewal->timer.data = renewal;
	renewal->started = true;
	uv_timer_start(&renewal->timer, on_step, STEP_MS, STEP_MS);
}

void renewal_close(struct renewal *renewal)
{
	if (!renewal->started)
		return;
	renewal->started = false;
	uv_close((uv_handle_t *)&renewal->timer, NULL);
}
