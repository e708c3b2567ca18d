/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/live.h"
#include "loader/vips.h"
#include "loader/lib/log.h"

#include <stdio.h>
#include <string.h>

int live_check(struct live *live, char *text, size_t size)
{
	const char *path = live->given->config;
	struct qs_config_error error;

	live_discard(live);
	if (!path) {
		snprintf(text, size,
			 "the loader was started without --config: there is "
			 "no file to read again");
		return -1;
	}
	live->next = qs_config_load(path, &error);
	if (!live->next) {
		qs_config_format_error(text, size, path, &error);
		return -1;
	}
	if (options_merge(live->given, live->next, &live->next_options, text,
			  size)) {
		live_discard(live);
		return -1;
	}
	return 0;
}

/* The terminators' sockets have the port that they were opened with. */
static int apply_vips(struct live *live, char *text, size_t size)
{
	const struct options *next = &live->next_options;
	int error;

	if (next->vips[0].port != live->port) {
		snprintf(text, size,
			 "loader.vips: the port %u instead of %u takes effect "
			 "when the loader and all terminators are restarted; "
			 "until then no VIP is changed\n",
			 next->vips[0].port, live->port);
		return 0;
	}
	error = vips_write(live->maps, next->vips, next->vip_count);
	if (!error)
		return 0;
	snprintf(text, size, "cannot write the VIPs: %s", strerror(-error));
	return -1;
}

int live_apply(struct live *live, char *text, size_t size)
{
	struct qs_settings *settings = live->maps->settings;
	size_t length;

	*text = '\0';
	if (apply_vips(live, text, size))
		return -1;
	qs_log_set_level(live->next_options.log_level);
	length = strlen(text);
	qs_config_restarts(live->config, live->next, text + length,
			   size - length);
	__atomic_store_n(&settings->config_generation,
			 settings->config_generation + 1, __ATOMIC_RELEASE);
	live_discard(live);
	return 0;
}

void live_discard(struct live *live)
{
	qs_config_free(live->next);
	live->next = NULL;
}
