/* SPDX-License-Identifier: GPL-2.0-only */
/* What the machine and the caller must have before anything is touched. */
#ifndef QS_LOADER_ABILITY_H
#define QS_LOADER_ABILITY_H

/*
 * ability_check: privileges, the kernel's BTF, and a BPF file system below
 * `pin_dir`, which is mounted at /sys/fs/bpf if it is missing there. Returns
 * 0, or -1 after one message.
 */
int ability_check(const char *pin_dir);

#endif
