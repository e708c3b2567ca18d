/* SPDX-License-Identifier: GPL-2.0-only */
/* What the metrics tell of the configuration. */
#include "loader/metrics_config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct metrics_config config;

static void set_up(void)
{
	metrics_config_init(&config);
}

static void tear_down(void)
{
	metrics_config_close(&config);
}

TestSuite(metrics_config, .init = set_up, .fini = tear_down);

/* Whether the metrics have the sample, a whole line. */
static bool is_told(const char *sample)
{
	struct metrics_out out = {};
	size_t length = strlen(sample);
	bool found = false;

	metrics_config_write(&out, &config);
	cr_assert(!out.failed);
	for (size_t at = 0; at + length <= out.length; at++)
		found |= (!at || out.text[at - 1] == '\n') &&
			 !memcmp(out.text + at, sample, length);
	free(out.text);
	return found;
}

Test(metrics_config, pools)
{
	struct qs_config_pool pools[] = {
		{.name = "web", .balance = QS_BALANCE_LEAST_REQUESTS},
		{.name = "api",
		 .balance = QS_BALANCE_HASH,
		 .affinity = QS_AFFINITY_COOKIE},
	};
	const struct qs_config file = {.pools = pools, .pool_count = 2};

	cr_expect(!is_told("# HELP quicsteer_pool_info"));
	metrics_config_pools(&config, &file);
	cr_expect(is_told("quicsteer_pool_info{pool=\"web\",balance=\"least-"
			  "requests\",affinity=\"none\"} 1\n"));
	cr_expect(is_told("quicsteer_pool_info{pool=\"api\",balance=\"hash\","
			  "affinity=\"cookie\"} 1\n"));
	pools[0].balance = QS_BALANCE_LATENCY;
	metrics_config_pools(&config, &file);
	cr_expect(is_told("quicsteer_pool_info{pool=\"web\",balance=\"latency\""
			  ",affinity=\"none\"} 1\n"));
	cr_expect(!is_told("quicsteer_pool_info{pool=\"web\",balance=\"least"));
}

Test(metrics_config, reloads)
{
	cr_expect(is_told("quicsteer_config_reloads_total{result=\"applied\"} "
			  "0\n"));
	cr_expect(is_told("quicsteer_config_reloads_total{result=\"failed\"} "
			  "0\n"));
	cr_expect(!is_told("quicsteer_config_last_reload_time_seconds "));
	metrics_config_reloaded(&config, false);
	cr_expect(!is_told("quicsteer_config_last_reload_time_seconds "));
	metrics_config_reloaded(&config, true);
	metrics_config_reloaded(&config, true);
	cr_expect(is_told("quicsteer_config_reloads_total{result=\"applied\"} "
			  "2\n"));
	cr_expect(is_told("quicsteer_config_reloads_total{result=\"failed\"} "
			  "1\n"));
	cr_expect(is_told("quicsteer_config_last_reload_time_seconds "));
}
