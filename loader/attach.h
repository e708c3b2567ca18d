/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the programs hang on the interface: the XDP program by a pinned bpf_link
 * (or behind libxdp's dispatcher, or not at all), the tc program by a pinned
 * tcx link (or a tc filter where the kernel has no tcx). What an earlier loader
 * left is replaced atomically: no packet passes without a program.
 */
#ifndef QS_LOADER_ATTACH_H
#define QS_LOADER_ATTACH_H

#include "loader/options.h"
#include "loader/programs.h"

struct attachment {
	const char *interface; /* borrowed */
	const char *pin_dir;   /* borrowed */
	__u32 ifindex;
	int link;		  /* steer_link, owned; -1: none yet */
	enum qs_attach_mode mode; /* of what is attached, or NONE */
	enum qs_config_mode wanted_mode;
	bool wanted_dispatcher;
	bool cpu_steering;
	bool is_new; /* not what an earlier loader attached */
	int native_error, generic_error; /* if new: as in the settings */
};

/*
 * attach_check: looks at the interface and at what is attached to it, and
 * changes nothing. `mode` is what settings of adopted maps say, else
 * QS_ATTACH_NONE. Returns 0, or -1 after one message: no such interface, a
 * program of others, or pinned links that belong elsewhere.
 */
int attach_check(struct attachment *attachment, const struct options *options,
		 enum qs_attach_mode mode);

/*
 * attach_programs: attaches both, or puts them in the place of an earlier
 * loader's, and sets attachment->mode. Returns 0, or -1 after one message; the
 * caller undoes a first start by attach_remove().
 */
int attach_programs(struct attachment *attachment,
		    const struct programs *programs);

/* attach_record: writes what is in force, and why, into the settings. */
void attach_record(const struct attachment *attachment,
		   struct qs_settings *settings);

/*
 * attach_remove: detaches whatever hangs on the links pinned under `pin_dir`,
 * and by dispatcher or tc filter on the interface. The pins themselves are
 * pins_remove()'s. Returns 0, or -1 after one message.
 */
int attach_remove(const char *pin_dir, __u32 ifindex, enum qs_attach_mode mode);

/* attach_close: closes descriptors; programs stay attached. */
void attach_close(struct attachment *attachment);

#endif
