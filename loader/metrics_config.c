/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics_config.h"
#include "loader/certificate_expiry.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CERTIFICATE "certificate_expiry_time_seconds"

void metrics_config_init(struct metrics_config *config)
{
	*config = (struct metrics_config){};
	pthread_mutex_init(&config->lock, NULL);
}

void metrics_config_close(struct metrics_config *config)
{
	free(config->pools.text);
	free(config->certificates.text);
	free(config->own.text);
	pthread_mutex_destroy(&config->lock);
}

static void add_pools(struct metrics_out *out, const struct qs_config *file)
{
	for (size_t i = 0; i < file->pool_count; i++) {
		const struct qs_config_pool *pool = &file->pools[i];
		struct metrics_labels labels = {};

		metrics_label(&labels, "pool", pool->name);
		metrics_label(&labels, "balance",
			      qs_config_balance_name(pool->balance));
		metrics_label(&labels, "affinity",
			      qs_config_affinity_name(pool->affinity));
		metrics_count(out, "pool_info", &labels, 1);
	}
}

static void add_certificate(struct metrics_out *out, const char *path)
{
	struct metrics_labels labels = {};
	const char *error;
	time_t end;

	metrics_label(&labels, "file", path);
	if (!*labels.text)
		error = "its path is too long for a label";
	else if (!certificate_expiry(path, &end, &error))
		error = NULL;
	if (error) {
		log_warn("the metrics do not tell when %s expires: %s", path,
			 error);
		return;
	}
	metrics_count(out, CERTIFICATE, &labels, end > 0 ? end : 0);
}

/* A series may stand there once only. */
static bool is_told(const struct qs_config_terminator *terminator, size_t index)
{
	const char *path = terminator->certificates[index].certificate;

	if (terminator->certificate && !strcmp(terminator->certificate, path))
		return true;
	for (size_t i = 0; i < index; i++) {
		if (!strcmp(terminator->certificates[i].certificate, path))
			return true;
	}
	return false;
}

static void add_certificates(struct metrics_out *out,
			     const struct qs_config *file)
{
	const struct qs_config_terminator *terminator = &file->terminator;

	if (terminator->certificate)
		add_certificate(out, terminator->certificate);
	for (size_t i = 0; i < terminator->certificate_count; i++) {
		if (!is_told(terminator, i))
			add_certificate(
				out, terminator->certificates[i].certificate);
	}
}

/* What could not be made stays as it was. */
static void replace(struct metrics_config *config, struct metrics_out *old,
		    const struct metrics_out *new)
{
	char *gone = new->failed ? new->text : old->text;

	if (new->failed)
		log_warn("the metrics do not tell of the new configuration: "
			 "out of memory");
	pthread_mutex_lock(&config->lock);
	if (!new->failed)
		*old = *new;
	pthread_mutex_unlock(&config->lock);
	free(gone);
}

void metrics_config_file(struct metrics_config *config,
			 const struct qs_config *file, const char *own)
{
	struct metrics_out pools = {}, certificates = {}, of_own = {};

	add_pools(&pools, file);
	add_certificates(&certificates, file);
	if (qs_config_self_signed(file))
		add_certificate(&of_own, own);
	replace(config, &config->pools, &pools);
	replace(config, &config->certificates, &certificates);
	replace(config, &config->own, &of_own);
}

void metrics_config_own(struct metrics_config *config, const char *path)
{
	struct metrics_out own = {};

	add_certificate(&own, path);
	replace(config, &config->own, &own);
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

static void write_samples(struct metrics_out *out, const char *name,
			  const char *help, const struct metrics_out *samples,
			  const struct metrics_out *more)
{
	if (!samples->length && (!more || !more->length))
		return;
	metrics_head(out, name, "gauge", help);
	metrics_append(out, samples);
	if (more)
		metrics_append(out, more);
}

void metrics_config_write(struct metrics_out *out,
			  struct metrics_config *config)
{
	pthread_mutex_lock(&config->lock);
	write_reloads(out, config);
	write_samples(out, "pool_info",
		      "How the pool balances and binds sessions.",
		      &config->pools, NULL);
	write_samples(out, CERTIFICATE,
		      "When the first certificate of the file expires, in Unix "
		      "time, as the file was at the last start or reload.",
		      &config->certificates, &config->own);
	pthread_mutex_unlock(&config->lock);
}
