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

/* Which of the values below were given; the others are defaults. */
enum options_given {
	OPTIONS_LOG_LEVEL = 1 << 0,
	OPTIONS_RETRY = 1 << 1,
	OPTIONS_RETRY_THRESHOLD = 1 << 2,
	OPTIONS_IDLE_TIMEOUT = 1 << 3,
	OPTIONS_DRAIN_TIMEOUT = 1 << 4,
	OPTIONS_LOADER_TIMEOUT = 1 << 5,
	OPTIONS_CONNECT_TIMEOUT = 1 << 6,
	OPTIONS_RESPONSE_TIMEOUT = 1 << 7,
	OPTIONS_BODY_TIMEOUT = 1 << 8,
	OPTIONS_LOG_FORMAT = 1 << 9,
};

struct options {
	const char *config;  /* file; NULL: the command line says all */
	const char *control; /* the loader's socket; NULL: not given */
	bool standalone;     /* --listen: a socket of our own, no loader */
	struct qs_vip_key listen;
	const char *name;
	const char *certificate; /* NULL: not given */
	const char *private_key; /* likewise */
	const char *backends[OPTIONS_MAX_BACKENDS];
	unsigned backend_count;
	unsigned given; /* OPTIONS_* */
	enum qs_log_level log_level;
	enum qs_log_format log_format;
	enum retry_policy retry;
	uint32_t retry_threshold;
	uint32_t idle_timeout_ms;
	uint32_t drain_timeout_ms;
	uint32_t loader_timeout_ms; /* how long to wait for it at start */
	struct qs_config_pool pool; /* time-outs and limits; no backends */
};

/* options_use_file tells whether pools and routes come from a file. */
bool options_use_file(const struct options *options);

/* options_parse reads the command line. Returns true to go on; false when the
 * program should end with `*status` (after --help, or after one message to
 * stderr about what is wrong). Sets the log level if it is given. */
bool options_parse(struct options *options, int argc, char **argv, int *status);

#endif
