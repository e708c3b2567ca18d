/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A new configuration while the terminator runs, all or nothing: check reads
 * and checks everything, apply takes it over. Connections that are open go on
 * with the certificate and the time-outs that they began with.
 */
#ifndef TERMINATOR_RELOAD_H
#define TERMINATOR_RELOAD_H

#include <stddef.h>

#include "terminator/quic.h"
#include "terminator/setup.h"

struct reload {
	const struct options *options;
	const int *certificate_fd; /* the loader's; -1: none */
	struct setup *current;
	struct setup *pending; /* checked; NULL: none */
	struct tcp *tcp;
	struct quic *quic;
	struct access_log *access_log;
};

/* reload_check reads the configuration again. Returns 0 with notes in `text`,
 * one a line (maybe none), or -errno with what is wrong, one line. A
 * configuration that was pending is forgotten. */
int reload_check(struct reload *reload, char *text, size_t size);

/* reload_apply takes over what was checked. Returns 0, or -errno with one line
 * in `text`; then nothing has changed. */
int reload_apply(struct reload *reload, char *text, size_t size);

/* reload_certificate takes the loader's certificate anew if that is what
 * connections are served with. Returns 0, or -errno with one line in `text`;
 * then nothing has changed. */
int reload_certificate(struct reload *reload, char *text, size_t size);

/* reload_discard forgets what was checked. */
void reload_discard(struct reload *reload);

/* reload_free forgets all, at the end. */
void reload_free(struct reload *reload);

#endif
