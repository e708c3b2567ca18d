/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_OPTIONS_H
#define QS_LOADER_OPTIONS_H

#include "quicsteer/abi.h"

#include <stdbool.h>
#include <sys/types.h>

enum mode_choice { MODE_AUTO, MODE_NATIVE, MODE_GENERIC };

struct options {
	const char *interface;
	struct qs_vip_key vips[QS_MAX_VIPS];
	size_t vip_count;
	enum mode_choice mode;
	bool dispatcher; /* where the kernel allows it */
	const char *pin_dir;
	const char *control;
	const char *state_dir;
	bool metrics_on;
	struct qs_vip_key metrics;
	bool terminator_user_set;
	uid_t terminator_uid;
	bool detach;
};

/*
 * options_parse: fills `options` from the command line and sets the log level.
 * Returns -1 to go on, or the exit status: 0 after --help or --version, 2
 * after one message about what is wrong.
 */
int options_parse(int argc, char **argv, struct options *options);

#endif
