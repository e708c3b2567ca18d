/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/slow_list.h"

#include <stddef.h>

void slow_watch_begin(struct slow_list *list, struct slow_watch *watch,
		      uint64_t now_ms, uint64_t period_ms)
{
	slow_watch_end(watch);
	watch->due_ms = now_ms + period_ms;
	if (list->last && watch->due_ms < list->last->due_ms)
		watch->due_ms = list->last->due_ms;
	watch->list = list;
	watch->prev = list->last;
	watch->next = NULL;
	if (list->last)
		list->last->next = watch;
	else
		list->first = watch;
	list->last = watch;
}

void slow_watch_end(struct slow_watch *watch)
{
	struct slow_list *list = watch->list;

	if (!list)
		return;
	watch->list = NULL;
	if (watch->prev)
		watch->prev->next = watch->next;
	else
		list->first = watch->next;
	if (watch->next)
		watch->next->prev = watch->prev;
	else
		list->last = watch->prev;
}

struct slow_watch *slow_list_take(struct slow_list *list, uint64_t now_ms)
{
	struct slow_watch *watch = list->first;

	if (!watch || watch->due_ms > now_ms)
		return NULL;
	slow_watch_end(watch);
	return watch;
}
