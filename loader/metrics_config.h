/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the metrics tell of the configuration in force, and of the attempts to
 * change it. The loader's thread writes it, the exporter's reads it.
 */
#ifndef QS_LOADER_METRICS_CONFIG_H
#define QS_LOADER_METRICS_CONFIG_H

#include "loader/lib/config.h"
#include "loader/metrics_write.h"

#include <pthread.h>

struct metrics_config {
	pthread_mutex_t lock;
	struct metrics_out pools;	 /* samples of pool_info; owned */
	struct metrics_out certificates; /* when they expire; owned */
	struct metrics_out own;		 /* likewise, of our own; owned */
	__u64 applied, failed;		 /* reloads */
	__u64 changed_ns; /* CLOCK_REALTIME; 0: no reload was applied */
};

/* metrics_config_init, metrics_config_close: the lock, and what it guards. */
void metrics_config_init(struct metrics_config *config);
void metrics_config_close(struct metrics_config *config);

/*
 * metrics_config_file: this is in force now. Reads its certificates, or, where
 * it names none, `own`. What cannot be told is logged and left out.
 */
void metrics_config_file(struct metrics_config *config,
			 const struct qs_config *file, const char *own);

/* metrics_config_own: our own certificate `path` has been made anew. */
void metrics_config_own(struct metrics_config *config, const char *path);

/* metrics_config_reloaded: a reload has ended. */
void metrics_config_reloaded(struct metrics_config *config, bool applied);

/* metrics_config_write: all of it as metrics. */
void metrics_config_write(struct metrics_out *out,
			  struct metrics_config *config);

#endif
