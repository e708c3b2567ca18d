/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that the command line and the configuration file name, read and
 * checked: the file itself, the settings that follow, certificate and key.
 */
#ifndef TERMINATOR_SETUP_H
#define TERMINATOR_SETUP_H

#include <stddef.h>

#include "terminator/options.h"
#include "terminator/router.h"
#include "terminator/settings.h"
#include "terminator/tls.h"

struct access_log;

struct setup {
	struct qs_config *config; /* NULL without a file */
	struct settings settings;
	struct tls *tls;  /* NULL: the certificate is the loader's to give */
	bool self_signed; /* it is the loader's */
	int access_fd; /* the access log's, until it is taken over; -1: none */
};

/* setup_load reads and checks everything and changes nothing. Returns a setup
 * to be freed with setup_free, or NULL with one line in `text` that says what
 * is wrong. `options` must outlive it. */
struct setup *setup_load(const struct options *options, char *text,
			 size_t size);

/* setup_load_self_signed gives a setup, in the place of an earlier one, the
 * `tls` from the file `fd` that came from the loader (-1: none), which stays
 * the caller's. Returns false with one line in `text` that says what is wrong;
 * then nothing has changed. */
bool setup_load_self_signed(struct setup *setup, int fd, char *text,
			    size_t size);

/* setup_apply_pools gives pools and routes to the router. Returns 0, or -errno
 * with one line in `text`; then the router is as it was. */
int setup_apply_pools(const struct setup *setup, const struct options *options,
		      struct router *router, char *text, size_t size);

/* setup_start_access_log does what may fail of setup_apply_access_log, which
 * has the log write as the setup says. Returns 0, or -errno with one line in
 * `text`. The log must let go of the setup before it is freed. */
int setup_start_access_log(const struct setup *setup, struct access_log *log,
			   char *text, size_t size);
void setup_apply_access_log(struct setup *setup, struct access_log *log);

/* setup_free frees it; sessions that were made with its certificate go on.
 * NULL is allowed. */
void setup_free(struct setup *setup);

#endif
