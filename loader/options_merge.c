/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/options.h"
#include "loader/lib/log.h"
#include "loader/lib/parse.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* What is neither given nor in a file. */
static struct options defaults(void)
{
	struct options options = {
		.mode = QS_MODE_AUTO,
		.dispatcher = true,
		.pin_dir = QS_PIN_DIR,
		.control = QS_CONTROL_SOCKET,
		.state_dir = QS_STATE_DIR,
		.metrics_on = true,
		.tcp = true,
		.cid_max_age_ms = 24 * 3600 * 1000,
		.ticket_rotation_ms = 12 * 3600 * 1000,
		.log_level = QS_LOG_INFO,
		.log_format = QS_LOG_TEXT,
	};

	qs_parse_endpoint(OPTIONS_METRICS, &options.metrics);
	return options;
}

static void take_config(struct options *options, const struct qs_config *config)
{
	const struct qs_config_loader *loader = &config->loader;

	options->interface = loader->interface;
	memcpy(options->vips, loader->vips, sizeof(options->vips));
	options->vip_count = loader->vip_count;
	options->mode = loader->mode;
	options->dispatcher = loader->dispatcher;
	options->drop_options = loader->drop_options;
	options->key_client_ip = loader->key_client_ip;
	options->cpu_steering = loader->cpu_steering;
	options->tcp = loader->tcp;
	options->http = loader->http;
	options->http_count = loader->http_count;
	options->pin_dir = config->pin_dir;
	options->control = config->control;
	options->state_dir = config->state_dir;
	options->metrics_on = loader->metrics_on;
	options->metrics = loader->metrics;
	options->terminator_user = loader->terminator_user;
	options->cid_max_age_ms = loader->cid_max_age_ms;
	options->cid_rotation_ms = loader->cid_rotation_ms;
	options->ticket_rotation_ms =
		config->terminator.quic.ticket_rotation_ms;
	options->new_connections = &loader->new_connections;
	options->cid_configs = loader->cid_configs;
	options->cid_config_count = loader->cid_config_count;
	options->log_level = config->log_level;
	options->log_format = config->log_format;
}

#define OVERRIDE(to, from, field, unset)             \
	do {                                         \
		if ((from)->field != (unset))        \
			(to)->field = (from)->field; \
	} while (0)

static void take_given(struct options *options, const struct options *given)
{
	OVERRIDE(options, given, config, NULL);
	OVERRIDE(options, given, interface, NULL);
	if (given->vip_count) {
		memcpy(options->vips, given->vips, sizeof(options->vips));
		options->vip_count = given->vip_count;
	}
	OVERRIDE(options, given, mode, OPTION_UNSET);
	OVERRIDE(options, given, dispatcher, OPTION_UNSET);
	OVERRIDE(options, given, pin_dir, NULL);
	OVERRIDE(options, given, control, NULL);
	OVERRIDE(options, given, state_dir, NULL);
	if (given->metrics_on != OPTION_UNSET) {
		options->metrics_on = given->metrics_on;
		options->metrics = given->metrics;
	}
	OVERRIDE(options, given, terminator_user, NULL);
	OVERRIDE(options, given, log_level, OPTION_UNSET);
	OVERRIDE(options, given, log_format, OPTION_UNSET);
	options->detach = given->detach;
}

static int find_user(struct options *options, bool by_option, char *text,
		     size_t size)
{
	const struct passwd *user;

	if (!options->terminator_user)
		return 0;
	user = getpwnam(options->terminator_user);
	if (!user) {
		snprintf(text, size, "%s %s: no such user",
			 by_option ? "--terminator-user"
				   : "loader.terminator_user:",
			 options->terminator_user);
		return -1;
	}
	options->terminator_uid = user->pw_uid;
	return 0;
}

static int report_missing(const struct options *options, const char *option,
			  const char *key, char *text, size_t size)
{
	if (options->config)
		snprintf(text, size, "%s: %s is missing, and so is %s",
			 options->config, key, option);
	else
		snprintf(text, size, "%s is missing; see --help", option);
	return -1;
}

int options_merge(const struct options *given, const struct qs_config *config,
		  struct options *ret_options, char *text, size_t size)
{
	*ret_options = defaults();
	if (config)
		take_config(ret_options, config);
	take_given(ret_options, given);
	if (ret_options->detach)
		return 0;
	if (!ret_options->interface)
		return report_missing(ret_options, "--interface",
				      "loader.interface", text, size);
	if (!ret_options->vip_count)
		return report_missing(ret_options, "--vip", "loader.vips", text,
				      size);
	return find_user(ret_options, given->terminator_user, text, size);
}
