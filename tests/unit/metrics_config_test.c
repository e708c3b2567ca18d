/* SPDX-License-Identifier: GPL-2.0-only */
/* What the metrics tell of the configuration. */
#include "loader/metrics_config.h"
#include "loader/self_signed.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct metrics_config config;

static char path[] = "/tmp/quicsteer-metrics-XXXXXX";

/* A certificate and its key in one file, which expires in 2029. */
static void make_certificate(void)
{
	const char *names[] = {"localhost"}, *error;
	char *pem = self_signed_make(names, 1, 1800000000, &error);
	int fd = mkstemp(path);

	cr_assert(pem && fd >= 0);
	cr_assert_eq(write(fd, pem, strlen(pem)), (ssize_t)strlen(pem));
	close(fd);
	self_signed_free(pem);
}

static void set_up(void)
{
	make_certificate();
	metrics_config_init(&config);
}

static void tear_down(void)
{
	metrics_config_close(&config);
	unlink(path);
}

TestSuite(metrics_config, .init = set_up, .fini = tear_down);

/* Whether the metrics have the sample, a whole line. */
static unsigned int times_told(const char *sample)
{
	struct metrics_out out = {};
	size_t length = strlen(sample);
	unsigned int found = 0;

	metrics_config_write(&out, &config);
	cr_assert(!out.failed);
	for (size_t at = 0; at + length <= out.length; at++)
		found += (!at || out.text[at - 1] == '\n') &&
			 !memcmp(out.text + at, sample, length);
	free(out.text);
	return found;
}

static bool is_told(const char *sample)
{
	return times_told(sample) == 1;
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
	metrics_config_file(&config, &file, path);
	cr_expect(is_told("quicsteer_pool_info{pool=\"web\",balance=\"least-"
			  "requests\",affinity=\"none\"} 1\n"));
	cr_expect(is_told("quicsteer_pool_info{pool=\"api\",balance=\"hash\","
			  "affinity=\"cookie\"} 1\n"));
	pools[0].balance = QS_BALANCE_LATENCY;
	metrics_config_file(&config, &file, path);
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

Test(metrics_config, certificates)
{
	struct qs_config_certificate more[] = {{.certificate = path},
					       {.certificate = "/nowhere.pem"}};
	struct qs_config file = {.terminator = {.certificate = path,
						.certificates = more,
						.certificate_count = 2}};
	char sample[128];

	snprintf(sample, sizeof(sample),
		 "quicsteer_certificate_expiry_time_seconds{file=\"%s\"} 18",
		 path);
	metrics_config_file(&config, &file, "/own.pem");
	cr_expect(is_told(sample));
	cr_expect(!times_told("quicsteer_certificate_expiry_time_seconds{file="
			      "\"/nowhere"));
	file.terminator.certificate = NULL;
	file.terminator.certificate_count = 0;
	metrics_config_file(&config, &file, "/nowhere.pem");
	cr_expect(!times_told(sample));
	metrics_config_file(&config, &file, path);
	cr_expect(is_told(sample));
}
