/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line goes before the file, the file before the defaults. */
#include <criterion/criterion.h>

#include "terminator/settings.h"

static struct qs_config_pool pools[] = {
	{.connect_timeout_ms = 1,
	 .response_timeout_ms = 2,
	 .body_timeout_ms = 3},
	{.connect_timeout_ms = 4,
	 .response_timeout_ms = 5,
	 .body_timeout_ms = 6},
};

static struct qs_config file = {
	.log_level = QS_LOG_WARN,
	.control = (char *)"file.sock",
	.terminator =
		{
			.certificate = (char *)"file.pem",
			.private_key = (char *)"file.key",
			.retry = QS_RETRY_ALWAYS,
			.retry_threshold = 11,
			.idle_timeout_ms = 1500,
			.handshake_timeout_ms = 2500,
			.drain_timeout_ms = 3500,
			.loader_timeout_ms = 4500,
		},
	.pools = pools,
	.pool_count = 2,
};

static struct options plain = {
	.log_level = QS_LOG_INFO,
	.retry = RETRY_AUTO,
	.retry_threshold = 256,
	.idle_timeout_ms = 30000,
	.drain_timeout_ms = 30001,
	.loader_timeout_ms = 10000,
	.pool = {.connect_timeout_ms = 70,
		 .response_timeout_ms = 80,
		 .body_timeout_ms = 90},
};

Test(settings, without_a_file)
{
	struct settings settings;

	settings_resolve(&settings, &plain, NULL);
	cr_expect_str_eq(settings.control, QS_CONTROL_SOCKET);
	cr_expect_null(settings.certificate);
	cr_expect_eq(settings.log_level, QS_LOG_INFO);
	cr_expect_eq(settings.drain_timeout_ms, 30001);
	cr_expect_eq(settings.loader_timeout_ms, 10000);
	cr_expect_eq(settings.quic.retry, RETRY_AUTO);
	cr_expect_eq(settings.quic.retry_threshold, 256);
	cr_expect_eq(settings.quic.idle_timeout_ns, 30 * NGTCP2_SECONDS);
	cr_expect_eq(settings.quic.handshake_timeout_ns, 10 * NGTCP2_SECONDS);
}

Test(settings, file_alone)
{
	struct settings settings;

	settings_resolve(&settings, &plain, &file);
	cr_expect_str_eq(settings.control, "file.sock");
	cr_expect_str_eq(settings.certificate, "file.pem");
	cr_expect_str_eq(settings.private_key, "file.key");
	cr_expect_eq(settings.log_level, QS_LOG_WARN);
	cr_expect_eq(settings.drain_timeout_ms, 3500);
	cr_expect_eq(settings.loader_timeout_ms, 4500);
	cr_expect_eq(settings.quic.retry, RETRY_ALWAYS);
	cr_expect_eq(settings.quic.retry_threshold, 11);
	cr_expect_eq(settings.quic.idle_timeout_ns, 1500 * NGTCP2_MILLISECONDS);
	cr_expect_eq(settings.quic.handshake_timeout_ns,
		     2500 * NGTCP2_MILLISECONDS);
}

Test(settings, command_line_goes_first)
{
	struct options options = plain;
	struct settings settings;

	options.control = "own.sock";
	options.certificate = "own.pem";
	options.private_key = "own.key";
	options.given = OPTIONS_LOG_LEVEL | OPTIONS_RETRY |
			OPTIONS_RETRY_THRESHOLD | OPTIONS_IDLE_TIMEOUT |
			OPTIONS_DRAIN_TIMEOUT | OPTIONS_LOADER_TIMEOUT;
	settings_resolve(&settings, &options, &file);
	cr_expect_str_eq(settings.control, "own.sock");
	cr_expect_str_eq(settings.certificate, "own.pem");
	cr_expect_str_eq(settings.private_key, "own.key");
	cr_expect_eq(settings.log_level, QS_LOG_INFO);
	cr_expect_eq(settings.drain_timeout_ms, 30001);
	cr_expect_eq(settings.loader_timeout_ms, 10000);
	cr_expect_eq(settings.quic.retry, RETRY_AUTO);
	cr_expect_eq(settings.quic.retry_threshold, 256);
	cr_expect_eq(settings.quic.idle_timeout_ns, 30 * NGTCP2_SECONDS);
	/* There is no option for it. */
	cr_expect_eq(settings.quic.handshake_timeout_ns,
		     2500 * NGTCP2_MILLISECONDS);
}

Test(settings, pools)
{
	struct options options = plain;

	settings_override_pools(&file, &options);
	cr_expect_eq(pools[0].connect_timeout_ms, 1);
	cr_expect_eq(pools[1].body_timeout_ms, 6);
	options.given = OPTIONS_RESPONSE_TIMEOUT;
	settings_override_pools(&file, &options);
	cr_expect_eq(pools[0].connect_timeout_ms, 1);
	cr_expect_eq(pools[0].response_timeout_ms, 80);
	cr_expect_eq(pools[1].response_timeout_ms, 80);
	cr_expect_eq(pools[1].body_timeout_ms, 6);
	options.given = OPTIONS_CONNECT_TIMEOUT | OPTIONS_BODY_TIMEOUT;
	settings_override_pools(&file, &options);
	cr_expect_eq(pools[0].connect_timeout_ms, 70);
	cr_expect_eq(pools[1].body_timeout_ms, 90);
}
