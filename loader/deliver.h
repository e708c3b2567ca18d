/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tc program on the interface's ingress: a pinned tcx link (Linux 6.6), or
 * a cls_bpf filter on clsact where the kernel is older.
 */
#ifndef QS_LOADER_DELIVER_H
#define QS_LOADER_DELIVER_H

#include <linux/types.h>

/*
 * deliver_attach: attaches `program`, or puts it in the place of an earlier
 * loader's. Returns 0, or -1 after one message.
 */
int deliver_attach(__u32 ifindex, const char *interface, const char *pin_dir,
		   int program);

/*
 * deliver_detach: the reverse, whichever of the two it was. The pin stays.
 * `ifindex` 0 means that no interface is known. Returns 0 or -errno.
 */
int deliver_detach(const char *pin_dir, __u32 ifindex);

#endif
