/* SPDX-License-Identifier: GPL-2.0-only */
/* The two BPF objects, loaded, with their maps pinned. */
#ifndef QS_LOADER_PROGRAMS_H
#define QS_LOADER_PROGRAMS_H

#include <stdbool.h>

struct steer_bpf;
struct deliver_bpf;
struct bpf_object;

struct programs {
	struct steer_bpf *steer;
	struct deliver_bpf *deliver;
};

/*
 * programs_load: loads both objects. Each map is the one pinned under
 * `pin_dir`; one that is not there yet is made and pinned. With `cpu_steering`
 * the XDP program hands packets to the CPUs of terminators. Returns 0, or -1
 * after one message; after a failure there is nothing to close, but some maps
 * may be pinned.
 */
int programs_load(struct programs *programs, const char *pin_dir,
		  bool cpu_steering);

/* programs_close: lets go of both; what is attached or pinned stays. */
void programs_close(struct programs *programs);

/* Descriptors of the two programs, borrowed. */
int programs_steer_fd(const struct programs *programs);
int programs_deliver_fd(const struct programs *programs);

/*
 * programs_use_pins: makes `object`, opened and not yet loaded, use the maps
 * pinned under `pin_dir`. Returns 0 or -errno.
 */
int programs_use_pins(struct bpf_object *object, const char *pin_dir);

#endif
