/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who must have done something by when: a list ordered by time, for periods
 * that are all alike, so that a watch costs the same however many there are.
 * Pure.
 */
#ifndef TERMINATOR_SLOW_LIST_H
#define TERMINATOR_SLOW_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct slow_watch {
	struct slow_list *list; /* NULL: not watched */
	struct slow_watch *prev, *next;
	uint64_t due_ms;
};

struct slow_list {
	struct slow_watch *first, *last; /* the first is due first */
};

/* slow_watch_begin watches until now + period, or until slow_watch_end. A watch
 * that is under way begins anew. A period shorter than those before it ends
 * with them, at the earliest. */
void slow_watch_begin(struct slow_list *list, struct slow_watch *watch,
		      uint64_t now_ms, uint64_t period_ms);

/* slow_watch_end ends the watch, if there is one. */
void slow_watch_end(struct slow_watch *watch);

/* slow_list_take ends and returns the first watch that is due, or NULL. */
struct slow_watch *slow_list_take(struct slow_list *list, uint64_t now_ms);

#endif
