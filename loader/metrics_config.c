/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics_config.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void metrics_config_init(struct metrics_config *config)
{
	*config = (struct metrics_config){};
	pthread_mutex_init(&config->lock, NULL);
}

void metrics_config_close(struct metrics_config *config)
{
	free(config->pools.text);
	pthread_mutex_destroy(&config->lock);
}

void metrics_config_pools(struct metrics_config *config,
			  const struct qs_config *file)
{
	struct metrics_out pools = {}, old;

	for (size_t i = 0; i < file->pool_count; i++) {
		const struct qs_config_pool *pool = &file->pools[i];
		struct metrics_labels labels = {};

		metrics_label(&labels, "pool", pool->name);
		metrics_label(&labels, "balance",
			      qs_config_balance_name(pool->balance));
		metrics_label(&labels, "affinity",
			      qs_config_affinity_name(pool->affinity));
		metrics_count(&pools, "pool_info", &labels, 1);
	}
	if (pools.failed) {
		log_warn("the metrics do not tell of the new pools: "
			 "out of memory");
		free(pools.text);
		return;
	}
	pthread_mutex_lock(&config->lock);
	old = config->pools;
	config->pools = pools;
	pthread_mutex_unlock(&config->lock);
	free(old.text);
}

void metrics_config_reloaded(struct metrics_config *config, bool applied)
{
	pthread_mutex_lock(&config->lock);
	if (applied) {
		config->applied++;
		config->changed_ns = clock_ns(CLOCK_REALTIME);
	} else {
		config->failed++;
	}
	pthread_mutex_unlock(&config->lock);
}

static void write_reloads(struct metrics_out *out,
			  const struct metrics_config *config)
{
	metrics_head(out, "config_reloads_total", "counter",
		     "Reloads that this loader was asked for, by how they "
		     "ended; but for rare failures, which are logged, a failed "
		     "one changed nothing.");
	metrics_count_by(out, "config_reloads_total", NULL, "result", "applied",
			 config->applied);
	metrics_count_by(out, "config_reloads_total", NULL, "result", "failed",
			 config->failed);
	if (!config->changed_ns)
		return;
	metrics_head(out, "config_last_reload_time_seconds", "gauge",
		     "When a configuration was last applied, in Unix time.");
	metrics_micro(out, "config_last_reload_time_seconds", NULL,
		      config->changed_ns / 1000);
}

void metrics_config_write(struct metrics_out *out,
			  struct metrics_config *config)
{
	pthread_mutex_lock(&config->lock);
	write_reloads(out, config);
	if (config->pools.length) {
		metrics_head(out, "pool_info", "gauge",
			     "How the pool balances and binds sessions.");
		metrics_append(out, &config->pools);
	}
	pthread_mutex_unlock(&config->lock);
}
