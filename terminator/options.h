/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the command line of quicsteer-terminator says.
 */
#ifndef TERMINATOR_OPTIONS_H
#define TERMINATOR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/lib/config.h"
#include "quicsteer/abi.h"
#include "terminator/quic.h"

enum { OPTIONS_MAX_BACKENDS = 64 };

struct options {
	const char *control; /* the loader's socket; NULL with `listen` */
	bool standalone;     /* --listen: a socket of our own, no loader */
	struct qs_vip_key listen;
	const char *name;
	const char *certificate;
	const char *private_key;
	const char *backends[OPTIONS_MAX_BACKENDS];
	unsigned backend_count;
	uint32_t drain_timeout_ms;
	uint32_t loader_timeout_ms; /* how long to wait for it at start */
	struct quic_options quic;
	struct qs_config_pool pool; /* time-outs and limits only */
};

/* options_parse reads the command line. Returns true to go on; false when the
 * program should end with `*status` (after --help, or after one message to
 * stderr about what is wrong). Sets the log level. */
bool options_parse(struct options *options, int argc, char **argv, int *status);

#endif
