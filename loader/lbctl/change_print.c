/* SPDX-License-Identifier: GPL-2.0-only */
/* What a change came to. */
#include "loader/lbctl/change.h"
#include "loader/lbctl/survey.h"
#include "loader/lib/effective.h"
#include "loader/lib/names.h"

#include <stdio.h>
#include <string.h>

static bool is_of_terminator(const struct change *change,
			     const struct qs_terminator *row)
{
	return change->kind == QS_WISH_TERMINATOR &&
	       (row->state == QS_TERMINATOR_LIVE ||
		row->state == QS_TERMINATOR_DRAINING) &&
	       !strcmp(row->name, change->name);
}

/* Per cent of what all terminators, or all backends of the pool, get. */
static double terminator_share(const struct change *change,
			       const struct qs_terminator *row)
{
	double sum = 0;

	for (int i = 0; i < QS_MAX_TERMINATORS; i++)
		sum += change->maps.terminators[i].effective;
	return sum ? 100 * row->effective / sum : 0;
}

static double backend_share(const struct change *change,
			    const struct qs_backend *row)
{
	double sum = 0;

	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *other = &change->maps.backends[i];

		if (other->state == QS_BACKEND_ACTIVE &&
		    !strcmp(other->pool, row->pool))
			sum += other->effective;
	}
	return sum ? 100 * row->effective / sum : 0;
}

static json_t *terminator_json(const struct change *change,
			       const struct qs_terminator *row)
{
	return json_pack("{s:s, s:i, s:s, s:s, s:i, s:f}", "name", row->name,
			 "pid", row->pid, "state", qs_state_name(row->state),
			 "breaker", qs_breaker_name(row->breaker), "effective",
			 row->effective, "share_percent",
			 terminator_share(change, row));
}

static json_t *backend_json(const struct change *change,
			    const struct qs_backend *row)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:f, s:f}", "name", row->name,
			 "pool", row->pool, "state", survey_standing(row),
			 "breaker", qs_breaker_name(row->breaker), "effective",
			 (double)row->effective / QS_EFFECTIVE_SCALE,
			 "share_percent", backend_share(change, row));
}

json_t *change_json(const struct change *change)
{
	json_t *rows = json_array();

	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		const struct qs_terminator *row = &change->maps.terminators[i];

		if (is_of_terminator(change, row))
			json_array_append_new(rows,
					      terminator_json(change, row));
	}
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &change->maps.backends[i];

		if (change_matches(change, row))
			json_array_append_new(rows, backend_json(change, row));
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "name", change->name, "kind",
			 change_kind(change), "wish",
			 survey_wish_json(&change->wish), "rows", rows);
}

void change_print(const struct change *change)
{
	int count = 0;

	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		const struct qs_terminator *row = &change->maps.terminators[i];

		if (!is_of_terminator(change, row))
			continue;
		printf("  %s, pid %u, %s: %.1f %% of new connections\n",
		       row->name, row->pid, qs_state_name(row->state),
		       terminator_share(change, row));
		count++;
	}
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &change->maps.backends[i];

		if (!change_matches(change, row))
			continue;
		printf("  %s, pool %s, %s: %.1f %% of its requests\n",
		       row->name, row->pool, survey_standing(row),
		       backend_share(change, row));
		count++;
	}
	if (!count)
		printf("  no %s of that name is there now: it holds as soon as "
		       "one is\n",
		       change_kind(change));
}
