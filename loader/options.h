/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_OPTIONS_H
#define QS_LOADER_OPTIONS_H

#include "loader/lib/config.h"

#include <stdbool.h>
#include <sys/types.h>

/* Where metrics are exported by default. */
#define OPTIONS_METRICS "127.0.0.1:9464"

/* An option of the command line that was not given has the value of the zeroed
 * struct, or OPTION_UNSET. options_merge() leaves nothing unset. */
enum { OPTION_UNSET = -1 };

struct options {
	const char *config; /* NULL: none */
	const char *interface;
	struct qs_vip_key vips[QS_MAX_VIPS];
	size_t vip_count;
	int mode;		  /* enum qs_config_mode */
	int dispatcher;		  /* bool: where the kernel allows it */
	uint32_t cid_max_age_ms;  /* by the file alone, as the next */
	uint32_t cid_rotation_ms; /* 0: never by itself */
	uint32_t ticket_rotation_ms;
	bool drop_options; /* by the file alone, as what is below it */
	bool key_client_ip;
	bool cpu_steering;
	bool tcp; /* likewise, as the next two */
	const struct qs_vip_key *http;
	size_t http_count;
	const char *pin_dir;
	const char *control;
	const char *state_dir;
	int metrics_on; /* bool */
	struct qs_vip_key metrics;
	const char *terminator_user; /* NULL: none */
	uid_t terminator_uid;	     /* by options_merge() */
	/* NULL: no limits; the file's, there is no option */
	const struct qs_config_new_connections *new_connections;
	const struct qs_config_cid *cid_configs; /* likewise */
	size_t cid_config_count;
	int log_level;	/* enum qs_log_level */
	int log_format; /* enum qs_log_format */
	bool detach;
};

/*
 * options_parse: fills `options` from the command line. Returns -1 to go on,
 * or the exit status: 0 after --help or --version, 2 after one message about
 * what is wrong.
 */
int options_parse(int argc, char **argv, struct options *options);

/*
 * options_merge: what was given on the command line, else what `config` says
 * (NULL: no file), else defaults. Strings in the result are borrowed from both.
 * Returns 0, or -1 after writing what is missing or wrong into `text`.
 */
int options_merge(const struct options *given, const struct qs_config *config,
		  struct options *ret_options, char *text, size_t size);

#endif
