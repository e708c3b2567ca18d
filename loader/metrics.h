/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_METRICS_H
#define QS_LOADER_METRICS_H

#include "loader/lib/maps.h"
#include "loader/metrics_config.h"
#include "loader/totals.h"

/*
 * metrics_text: all counters and states in the maps in Prometheus' text format
 * (version 0.0.4). Terminators are labelled by name: what several processes of
 * one name counted is added up, with what terminator_totals keeps of earlier
 * ones. `config` adds what the file says. Returns 0 with *ret_text, which the
 * caller frees, and its length; or -errno.
 */
int metrics_text(const struct qs_maps *maps, struct totals *totals,
		 struct metrics_config *config, char **ret_text,
		 size_t *ret_length);

#endif
