/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loader/lib/clock.h"

/* Seconds without a heartbeat had no lag of their own. */
static void forget_old_peaks(struct usage *usage, uint64_t second)
{
	uint64_t passed = second - usage->second;

	if (passed > USAGE_PEAK_SECONDS)
		passed = USAGE_PEAK_SECONDS;
	for (; passed; passed--)
		usage->peaks[(second - passed + 1) % USAGE_PEAK_SECONDS] = 0;
	usage->second = second;
}

void usage_beat(struct usage *usage, uint64_t now_ns, uint64_t period_ns,
		struct qs_terminator_stats *stats)
{
	uint64_t due_ns = usage->beat_ns ? usage->beat_ns + period_ns : now_ns;
	uint64_t lag_us = now_ns > due_ns ? (now_ns - due_ns) / 1000 : 0;
	uint64_t peak_us = 0, *here;
	int i;

	usage->beat_ns = now_ns;
	forget_old_peaks(usage, now_ns / NS_PER_SECOND);
	here = &usage->peaks[usage->second % USAGE_PEAK_SECONDS];
	if (lag_us > *here)
		*here = lag_us;
	for (i = 0; i < USAGE_PEAK_SECONDS; i++)
		if (usage->peaks[i] > peak_us)
			peak_us = usage->peaks[i];
	stats->gauges.loop_lag_us = lag_us;
	stats->gauges.loop_lag_peak_us = peak_us;
}

static uint64_t resident_bytes(void)
{
	char text[128];
	unsigned long long pages;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	if (sscanf(text, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t microseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

void usage_sample(struct qs_terminator_stats *stats)
{
	struct rusage usage;

	if (!getrusage(RUSAGE_SELF, &usage))
		stats->counters.cpu_us = microseconds(&usage.ru_utime) +
					 microseconds(&usage.ru_stime);
	stats->gauges.resident_bytes = resident_bytes();
}
