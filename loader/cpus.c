/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/cpus.h"
#include "loader/lib/log.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <string.h>

/* Frames that wait for a CPU, of 8 octets each here; the kernel drops what is
 * more, uncounted, and takes no larger queue. */
enum { QUEUE_SIZE = 16384 };

/* One that is there already keeps its thread and what waits for it. */
static int put_cpu(const struct qs_maps *maps, __u32 cpu)
{
	struct bpf_cpumap_val value = {};
	int fd = maps->fd[QS_MAP_CPUS];

	if (!bpf_map_lookup_elem(fd, &cpu, &value) && value.qsize)
		return 0;
	value = (struct bpf_cpumap_val){.qsize = QUEUE_SIZE};
	return bpf_map_update_elem(fd, &cpu, &value, BPF_ANY) < 0 ? -errno : 0;
}

/* The CPU of the set that `number` stands for, if those are dealt by turns. */
static __u32 nth_cpu(const cpu_set_t *set, unsigned int number)
{
	unsigned int count = CPU_COUNT(set);
	unsigned int left = count ? number % count : 0;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, set) && !left--)
			return cpu;
	}
	return QS_NO_CPU;
}

__u32 cpus_choose(const struct qs_maps *maps, pid_t pid, unsigned int number)
{
	cpu_set_t set;
	__u32 cpu;
	int error;

	if (sched_getaffinity(pid, sizeof(set), &set) < 0) {
		log_warn("the CPUs of pid %d are not known, its packets stay "
			 "where they are: %s",
			 pid, strerror(errno));
		return QS_NO_CPU;
	}
	cpu = nth_cpu(&set, number);
	error = put_cpu(maps, cpu);
	if (!error)
		return cpu;
	log_warn("packets of pid %d stay where they are: CPU %u cannot take "
		 "them: %s",
		 pid, cpu, strerror(-error));
	return QS_NO_CPU;
}
