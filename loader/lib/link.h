/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinned bpf_links, by their names in the pin directory. */
#ifndef QS_LOADER_LIB_LINK_H
#define QS_LOADER_LIB_LINK_H

#include <linux/types.h>

struct link_state {
	__u32 program_id;
	__u32 ifindex; /* 0: its interface is gone */
};

/*
 * link_open: opens a pinned link and describes it. Returns a descriptor,
 * -ENOENT or another -errno.
 */
int link_open(const char *pin_dir, const char *name,
	      struct link_state *ret_state);

/* link_pin: pins, in the place of a link whose interface is gone. 0, -errno. */
int link_pin(int fd, const char *pin_dir, const char *name);

/*
 * link_detach: takes the program of a pinned link off its interface; the pin
 * stays. Returns 0, also when there is no such pin or its interface is gone,
 * or -errno.
 */
int link_detach(const char *pin_dir, const char *name);

#endif
