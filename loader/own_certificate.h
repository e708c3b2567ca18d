/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The self-signed certificate of terminators whose configuration names none:
 * made once, kept with its key in STATE_DIR/self-signed.pem, which only the
 * loader's user may read, and given to terminators as an open file.
 */
#ifndef QS_LOADER_OWN_CERTIFICATE_H
#define QS_LOADER_OWN_CERTIFICATE_H

#include "loader/lib/config.h"

#include <limits.h>
#include <time.h>

struct control;

struct own_certificate {
	char path[PATH_MAX];
	int fd;		 /* owned, for reading; -1: there is none */
	char *line;	 /* the file's first, with the names; owned */
	time_t renew_at; /* when it is to be renewed */
};

/* own_certificate_init: none so far; it would be kept in that directory, which
 * must exist then. */
void own_certificate_init(struct own_certificate *own, const char *state_dir);

/*
 * own_certificate_need: sees that there is one if `config` (NULL: no file)
 * names none: that of an earlier start, or a new one if there is no such, its
 * names are not what the file wants, or it does not hold for 30 days more.
 * Warns that it is used. Returns 0, or -1 after writing why not into `text`.
 */
int own_certificate_need(struct own_certificate *own,
			 const struct qs_config *config, char *text,
			 size_t size);

/* own_certificate_is_due: whether it does not hold for 30 days more. */
bool own_certificate_is_due(const struct own_certificate *own, time_t now);

/*
 * own_certificate_renew: puts one for the same names in the place of one that
 * is due. Returns 0, or -1 after writing why not into `text`; then the one that
 * is there stays.
 */
int own_certificate_renew(struct own_certificate *own, char *text, size_t size);

/* own_certificate_send: gives it, if there is one, to the terminator behind the
 * control socket `fd`. Returns 0 or -errno. */
int own_certificate_send(const struct own_certificate *own, int fd);

/* own_certificate_send_all: to all that are registered. */
void own_certificate_send_all(const struct own_certificate *own,
			      const struct control *control);

/* own_certificate_close: closes it; the file stays. */
void own_certificate_close(struct own_certificate *own);

#endif
