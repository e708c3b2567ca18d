/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/reload.h"
#include "terminator/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "terminator/tcp.h"

static struct qs_terminator_stats *stats_of(const struct reload *reload)
{
	return reload->quic->stats;
}

int reload_check(struct reload *reload, char *text, size_t size)
{
	reload_discard(reload);
	text[0] = 0;
	reload->pending = setup_load(reload->options, text, size);
	if (reload->pending && !reload->pending->tls &&
	    !setup_load_self_signed(reload->pending, *reload->certificate_fd,
				    text, size))
		reload_discard(reload);
	if (!reload->pending) {
		stats_of(reload)->counters.config_failures++;
		return -EINVAL;
	}
	if (!reload->options->config)
		snprintf(text, size,
			 "started without --config: takes its certificate "
			 "anew, nothing else");
	else
		qs_config_restarts(reload->current->config,
				   reload->pending->config, text, size);
	return 0;
}

int reload_apply(struct reload *reload, char *text, size_t size)
{
	struct setup *new = reload->pending;
	struct quic *quic = reload->quic;
	int err;

	text[0] = 0;
	if (!new) {
		snprintf(text, size,
			 "there is no configuration that was "
			 "checked: ask for a check first");
		return -EINVAL;
	}
	/* The steps that can fail are the first. What the command line says
	 * is in the router already. */
	err = setup_start_access_log(new, reload->access_log, text, size);
	if (!err && options_use_file(reload->options))
		err = setup_apply_pools(new, reload->options, quic->router,
					text, size);
	if (err) {
		stats_of(reload)->counters.config_failures++;
		reload_discard(reload);
		return err;
	}
	quic->tls = new->tls;
	quic->options = new->settings.quic;
	quic->limits->options = new->settings.limits;
	quic_apply_options(quic);
	reload->tcp->tls = new->tls;
	reload->tcp->options = new->settings.tcp;
	qs_log_set_level(new->settings.log_level);
	qs_log_set_format(new->settings.log_format);
	setup_apply_access_log(new, reload->access_log);
	setup_free(reload->current);
	reload->current = new;
	reload->pending = NULL;
	stats_of(reload)->counters.config_reloads++;
	return 0;
}

int reload_certificate(struct reload *reload, char *text, size_t size)
{
	struct setup *setup = reload->current;

	if (!setup->self_signed)
		return 0;
	if (!setup_load_self_signed(setup, *reload->certificate_fd, text, size))
		return -EINVAL;
	reload->quic->tls = setup->tls;
	reload->tcp->tls = setup->tls;
	quic_apply_tls(reload->quic);
	log_info("serving with the loader's self-signed certificate as it is "
		 "now");
	return 0;
}

void reload_discard(struct reload *reload)
{
	setup_free(reload->pending);
	reload->pending = NULL;
}

void reload_free(struct reload *reload)
{
	reload_discard(reload);
	setup_free(reload->current);
	reload->current = NULL;
}
