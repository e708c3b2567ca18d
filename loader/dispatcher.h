/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxdp's multi-program dispatcher: other XDP programs can run beside ours.
 * It needs a kernel that accepts freplace programs (BPF_PROG_TYPE_EXT).
 */
#ifndef QS_LOADER_DISPATCHER_H
#define QS_LOADER_DISPATCHER_H

#include <linux/types.h>
#include <stdbool.h>

/* dispatcher_is_possible: probes the kernel for freplace. */
bool dispatcher_is_possible(void);

/* dispatcher_is_on: whether the interface runs a dispatcher of libxdp's. */
bool dispatcher_is_on(__u32 ifindex);

/*
 * dispatcher_attach: loads the XDP program anew, with the maps pinned under
 * `pin_dir` and loader.cpu_steering, attaches it behind the dispatcher, then
 * takes an earlier loader's away, so that no packet passes without one. Returns
 * 0 or -errno; nothing has changed after a failure.
 */
int dispatcher_attach(__u32 ifindex, bool generic, const char *pin_dir,
		      bool cpu_steering);

/* dispatcher_detach: takes our program away. Returns 0 or -errno. */
int dispatcher_detach(__u32 ifindex);

#endif
