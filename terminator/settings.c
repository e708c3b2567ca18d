/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/settings.h"

#include "terminator/limits.h"

static enum retry_policy retry_policy(enum qs_config_retry retry)
{
	switch (retry) {
	case QS_RETRY_NEVER:
		return RETRY_NEVER;
	case QS_RETRY_ALWAYS:
		return RETRY_ALWAYS;
	default:
		return RETRY_AUTO;
	}
}

static void by_options(struct settings *settings, const struct options *options)
{
	*settings = (struct settings){
		.control = QS_CONTROL_SOCKET,
		.certificate = options->certificate,
		.private_key = options->private_key,
		.log_level = options->log_level,
		.log_format = options->log_format,
		.drain_timeout_ms = options->drain_timeout_ms,
		.loader_timeout_ms = options->loader_timeout_ms,
		.quic =
			{
				.retry = options->retry,
				.retry_threshold = options->retry_threshold,
				.idle_timeout_ns = options->idle_timeout_ms *
						   NGTCP2_MILLISECONDS,
				.handshake_timeout_ns = 10 * NGTCP2_SECONDS,
				.drain_timeout_ns = options->drain_timeout_ms *
						    NGTCP2_MILLISECONDS,
				.more = {.ticket_rotation_ms = 43200000},
			},
	};
	limits_defaults(&settings->limits);
	if (options->control)
		settings->control = options->control;
}

static void by_file(struct settings *settings, const struct options *options,
		    const struct qs_config *config)
{
	const struct qs_config_terminator *file = &config->terminator;
	struct quic_options *quic = &settings->quic;

	if (!options->control)
		settings->control = config->control;
	if (!options->certificate)
		settings->certificate = file->certificate;
	if (!options->private_key)
		settings->private_key = file->private_key;
	if (!(options->given & OPTIONS_LOG_LEVEL))
		settings->log_level = config->log_level;
	if (!(options->given & OPTIONS_LOG_FORMAT))
		settings->log_format = config->log_format;
	if (!(options->given & OPTIONS_DRAIN_TIMEOUT))
		settings->drain_timeout_ms = file->drain_timeout_ms;
	if (!(options->given & OPTIONS_LOADER_TIMEOUT))
		settings->loader_timeout_ms = file->loader_timeout_ms;
	if (!(options->given & OPTIONS_RETRY))
		quic->retry = retry_policy(file->retry);
	if (!(options->given & OPTIONS_RETRY_THRESHOLD))
		quic->retry_threshold = file->retry_threshold;
	if (!(options->given & OPTIONS_IDLE_TIMEOUT))
		quic->idle_timeout_ns =
			file->idle_timeout_ms * NGTCP2_MILLISECONDS;
	quic->drain_timeout_ns =
		settings->drain_timeout_ms * NGTCP2_MILLISECONDS;
	settings->limits = file->limits;
	quic->handshake_timeout_ns =
		file->handshake_timeout_ms * NGTCP2_MILLISECONDS;
	settings->tcp.redirect_http = file->redirect_http;
	quic->more = file->quic;
}

void settings_resolve(struct settings *settings, const struct options *options,
		      const struct qs_config *config)
{
	by_options(settings, options);
	if (config)
		by_file(settings, options, config);
	settings->tcp.idle_timeout_ns = settings->quic.idle_timeout_ns;
	settings->tcp.handshake_timeout_ns =
		settings->quic.handshake_timeout_ns;
}

void settings_override_pools(struct qs_config *config,
			     const struct options *options)
{
	size_t i;

	for (i = 0; i < config->pool_count; i++) {
		struct qs_config_pool *pool = &config->pools[i];

		if (options->given & OPTIONS_CONNECT_TIMEOUT)
			pool->connect_timeout_ms =
				options->pool.connect_timeout_ms;
		if (options->given & OPTIONS_RESPONSE_TIMEOUT)
			pool->response_timeout_ms =
				options->pool.response_timeout_ms;
		if (options->given & OPTIONS_BODY_TIMEOUT)
			pool->body_timeout_ms = options->pool.body_timeout_ms;
	}
}
