/* SPDX-License-Identifier: GPL-2.0-only */
/* Watches end in the order of their times, whichever ends early. */
#include <criterion/criterion.h>

#include "terminator/slow_list.h"

enum { COUNT = 5 };

static struct slow_list list;
static struct slow_watch watches[COUNT];

static void begin_all(void)
{
	for (int i = 0; i < COUNT; i++)
		slow_watch_begin(&list, &watches[i], (uint64_t)i * 10, 100);
}

Test(slow_list, in_order)
{
	begin_all();
	cr_expect_null(slow_list_take(&list, 99));
	cr_expect_eq(slow_list_take(&list, 100), &watches[0]);
	cr_expect_null(slow_list_take(&list, 109));
	cr_expect_eq(slow_list_take(&list, 1000), &watches[1]);
	cr_expect_null(watches[1].list);
}

Test(slow_list, ended_early)
{
	begin_all();
	slow_watch_end(&watches[0]);
	slow_watch_end(&watches[2]);
	slow_watch_end(&watches[4]);
	slow_watch_end(&watches[4]); /* once more does nothing */
	cr_expect_eq(slow_list_take(&list, 1000), &watches[1]);
	cr_expect_eq(slow_list_take(&list, 1000), &watches[3]);
	cr_expect_null(slow_list_take(&list, 1000));
	cr_expect_null(list.first);
	cr_expect_null(list.last);
}

Test(slow_list, begun_anew)
{
	begin_all();
	slow_watch_begin(&list, &watches[0], 60, 100);
	cr_expect_eq(slow_list_take(&list, 1000), &watches[1]);
	while (list.first != list.last)
		slow_list_take(&list, 1000);
	cr_expect_null(slow_list_take(&list, 159));
	cr_expect_eq(slow_list_take(&list, 160), &watches[0]);
}

Test(slow_list, shorter_period)
{
	slow_watch_begin(&list, &watches[0], 0, 100);
	slow_watch_begin(&list, &watches[1], 0, 50);
	cr_expect_null(slow_list_take(&list, 99));
	cr_expect_eq(slow_list_take(&list, 100), &watches[0]);
	cr_expect_eq(slow_list_take(&list, 100), &watches[1]);
}
