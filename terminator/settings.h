/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What holds for a terminator: the command line, where it says something, else
 * the configuration file, else the defaults. Pure.
 */
#ifndef TERMINATOR_SETTINGS_H
#define TERMINATOR_SETTINGS_H

#include <stdint.h>

#include "loader/lib/config.h"
#include "terminator/options.h"
#include "terminator/quic.h"
#include "terminator/tcp.h"

/* Strings are those of the options or of the configuration. */
struct settings {
	const char *control; /* the loader's socket */
	const char *certificate;
	const char *private_key;
	enum qs_log_level log_level;
	enum qs_log_format log_format;
	uint32_t drain_timeout_ms;
	uint32_t loader_timeout_ms;
	struct quic_options quic;
	struct qs_config_limits limits;
	struct tcp_options tcp;
};

/* settings_resolve fills in the settings; `config` is NULL without a file. */
void settings_resolve(struct settings *settings, const struct options *options,
		      const struct qs_config *config);

/* settings_override_pools puts the time-outs that the command line gives into
 * all pools of the configuration. */
void settings_override_pools(struct qs_config *config,
			     const struct options *options);

#endif
