/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loader's own part of the configuration that changes while it runs: VIPs
 * and their ports, switches and log level. A reload checks it before, and
 * applies it after, the terminators have checked and applied theirs.
 */
#ifndef QS_LOADER_LIVE_H
#define QS_LOADER_LIVE_H

#include "loader/lib/config.h"
#include "loader/lib/maps.h"
#include "loader/listed.h"
#include "loader/metrics_config.h"
#include "loader/options.h"

struct control;
struct ticket_secrets;

struct live {
	const struct options *given;	/* the command line; borrowed */
	const struct qs_config *config; /* at start, or NULL; borrowed */
	struct qs_maps *maps;		/* borrowed, writable */
	struct control *control;	/* borrowed: to tell of new ports */
	struct ticket_secrets *tickets; /* borrowed */
	struct metrics_config *metrics; /* borrowed: to tell of pools */
	struct qs_config *next;		/* checked and not applied, or NULL */
	struct options next_options;	/* by the command line and `next` */
	struct listed next_listed;	/* likewise */
};

/*
 * live_check: reads the file anew and keeps it for live_apply(). Changes
 * nothing else. Returns 0, or -1 after writing what is wrong into `text`.
 */
int live_check(struct live *live, char *text, size_t size);

/*
 * live_apply: has what live_check() kept take effect, counts
 * settings.config_generation up, and writes what takes effect only at a
 * restart into `text`, one a line. Returns 0, or -1 after writing what failed
 * into `text` instead.
 */
int live_apply(struct live *live, char *text, size_t size);

/* live_discard: forgets what live_check() kept, if anything. */
void live_discard(struct live *live);

#endif
