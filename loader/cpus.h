/* SPDX-License-Identifier: GPL-2.0-only */
/* The CPUs that XDP hands packets to, by the CPUMAP `cpus`. */
#ifndef QS_LOADER_CPUS_H
#define QS_LOADER_CPUS_H

#include "loader/lib/maps.h"

#include <sys/types.h>

/*
 * cpus_choose: a CPU that process `pid` may run on, by turns for ascending
 * `number`s where it may run on several, and puts it into the map. Returns the
 * CPU, or QS_NO_CPU after a message.
 */
__u32 cpus_choose(const struct qs_maps *maps, pid_t pid, unsigned int number);

#endif
