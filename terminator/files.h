/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Routes that static files answer. What has to wait for a disk is done by
 * libuv's threads, in pieces; a file that changes while it is sent breaks the
 * response off, so that nobody gets a mix of two.
 */
#ifndef TERMINATOR_FILES_H
#define TERMINATOR_FILES_H

#include "loader/lib/config.h"

struct exchange_handler;
struct files;

extern const struct exchange_handler files_handler;

/* files_new copies the configuration's, with one reference; `path` is the
 * route's. NULL when memory is short. */
struct files *files_new(const struct qs_config_files *from, const char *path);

/* files_unref gives a reference back; the last one frees it. NULL is allowed.
 */
void files_unref(struct files *files);

#endif
