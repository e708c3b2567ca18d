/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics_parts.h"
#include "loader/lib/clock.h"
#include "loader/lib/names.h"
#include "loader/lib/version.h"

#include <net/if.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/* healthd writes its heartbeat every 100 ms. */
enum { HEALTHD_LATE_US = 1000000 };

static void write_versions(struct metrics_out *out,
			   const struct qs_settings *settings)
{
	struct metrics_labels build = {}, attach = {};
	char interface[IF_NAMESIZE] = "";

	metrics_label(&build, "version", QS_VERSION);
	metrics_label(&build, "abi", TEXT(QS_ABI_VERSION));
	metrics_head(out, "build_info", "gauge", "Version of the loader.");
	metrics_count(out, "build_info", &build, 1);
	if_indextoname(settings->ifindex, interface);
	metrics_label(&attach, "interface", interface);
	metrics_label(&attach, "mode",
		      qs_attach_mode_name(settings->attach_mode));
	metrics_head(out, "attach_info", "gauge",
		     "Interface and mode of the XDP program.");
	metrics_count(out, "attach_info", &attach, 1);
	metrics_head(out, "config_generation", "gauge",
		     "One more with each configuration applied.");
	metrics_count(out, "config_generation", NULL,
		      settings->config_generation);
	metrics_head(out, "loader_start_time_seconds", "gauge",
		     "When the loader started, in Unix time.");
	metrics_micro(out, "loader_start_time_seconds", NULL,
		      settings->started_ns / 1000);
}

static void write_healthd(struct metrics_out *out,
			  const struct qs_settings *settings)
{
	__u64 age_us = metrics_age_us(settings->healthd_heartbeat_ns);

	metrics_head(out, "healthd_up", "gauge",
		     "1 if healthd runs and has written its heartbeat within "
		     "the last second.");
	metrics_count(out, "healthd_up", NULL,
		      settings->healthd_pid && age_us < HEALTHD_LATE_US);
	if (!settings->healthd_heartbeat_ns)
		return;
	metrics_head(out, "healthd_heartbeat_age_seconds", "gauge",
		     "Time since healthd last wrote its heartbeat.");
	metrics_micro(out, "healthd_heartbeat_age_seconds", NULL, age_us);
}

static __u64 resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long total, resident = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%llu %llu", &total, &resident) != 2)
		resident = 0;
	fclose(file);
	return resident * sysconf(_SC_PAGESIZE);
}

/* The loader's own, by the names that Prometheus gives them. */
static void write_process(struct metrics_out *out)
{
	metrics_head(out, "process_cpu_seconds_total", "counter",
		     "Processor time that the loader has used.");
	metrics_micro(out, "process_cpu_seconds_total", NULL,
		      clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1000);
	metrics_head(out, "process_resident_memory_bytes", "gauge",
		     "Memory of the loader that is resident.");
	metrics_count(out, "process_resident_memory_bytes", NULL,
		      resident_bytes());
}

void metrics_about(struct metrics_out *out, const struct qs_maps *maps)
{
	write_versions(out, maps->settings);
	write_healthd(out, maps->settings);
	write_process(out);
}
