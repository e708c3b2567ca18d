/* SPDX-License-Identifier: GPL-2.0-only */
/* When a terminator drains and when it is done, as rows of clock, wish and
 * connections. */
#include <criterion/criterion.h>

#include "terminator/drain.h"

#define SECOND UINT64_C(1000000000)

struct row {
	uint64_t now, real, connections;
	bool wish;
	uint64_t wish_end; /* CLOCK_REALTIME */
	enum drain_action wanted;
};

static void play(struct drain *drain, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct qs_wish wish = {
			.drain = rows[i].wish,
			.drain_end_ns = rows[i].wish_end,
		};
		struct drain_view view = {
			.now_ns = rows[i].now,
			.now_real_ns = rows[i].real,
			.connections = rows[i].connections,
			.wish = &wish,
		};
		enum drain_action action = drain_step(drain, &view);

		cr_expect_eq(action, rows[i].wanted, "row %zu: %d", i, action);
	}
}

#define PLAY(drain, rows) play(drain, rows, sizeof(rows) / sizeof((rows)[0]))

Test(drain, no_wish)
{
	struct drain drain = {0};
	const struct row rows[] = {
		{1, 1, 0, false, 0, DRAIN_GO_ON},
		{2, 2, 5, false, 0, DRAIN_GO_ON},
		/* A deadline without the wish means nothing. */
		{3, 3, 5, false, 2, DRAIN_GO_ON},
	};

	PLAY(&drain, rows);
}

Test(drain, without_a_loader)
{
	struct drain drain = {0};
	struct drain_view view = {.now_ns = 5};

	cr_assert_eq(drain_step(&drain, &view), DRAIN_GO_ON);
}

Test(drain, wish_without_deadline_waits_for_ever)
{
	struct drain drain = {0};
	const struct row rows[] = {
		{1, 1, 5, true, 0, DRAIN_BEGIN},
		{2, 2, 5, true, 0, DRAIN_GO_ON},
		{1000 * SECOND, 1000 * SECOND, 5, true, 0, DRAIN_GO_ON},
		/* The process stays when nothing is left. */
		{1001 * SECOND, 1001 * SECOND, 0, true, 0, DRAIN_GO_ON},
		{1002 * SECOND, 1002 * SECOND, 0, false, 0, DRAIN_UNDO},
		{1003 * SECOND, 1003 * SECOND, 0, false, 0, DRAIN_GO_ON},
		{1004 * SECOND, 1004 * SECOND, 0, true, 0, DRAIN_BEGIN},
	};

	PLAY(&drain, rows);
}

Test(drain, deadline_of_the_wish)
{
	struct drain drain = {0};
	/* The two clocks are not the same. */
	const struct row rows[] = {
		{1, 100 * SECOND, 5, true, 110 * SECOND, DRAIN_BEGIN},
		{2, 110 * SECOND - 1, 5, true, 110 * SECOND, DRAIN_GO_ON},
		{3, 110 * SECOND, 5, true, 110 * SECOND, DRAIN_CLOSE},
		{4, 111 * SECOND, 0, true, 110 * SECOND, DRAIN_GO_ON},
		/* Moved on, and passed again. */
		{5, 112 * SECOND, 2, true, 113 * SECOND, DRAIN_GO_ON},
		{6, 113 * SECOND, 2, true, 113 * SECOND, DRAIN_CLOSE},
		{7, 114 * SECOND, 0, false, 0, DRAIN_UNDO},
		/* The next drain has a deadline of its own. */
		{8, 115 * SECOND, 2, true, 116 * SECOND, DRAIN_BEGIN},
		{9, 116 * SECOND, 2, true, 116 * SECOND, DRAIN_CLOSE},
	};

	PLAY(&drain, rows);
}

Test(drain, leave_when_the_last_is_gone)
{
	struct drain drain = {0};
	const struct row rows[] = {
		{SECOND, 1, 3, false, 0, DRAIN_GO_ON},
		{5 * SECOND, 1, 1, false, 0, DRAIN_GO_ON},
		/* It lingers for packets to the one it has just closed. */
		{6 * SECOND - 1, 1, 0, false, 0, DRAIN_GO_ON},
		{6 * SECOND, 1, 0, false, 0, DRAIN_FINISH},
	};

	drain_leave(&drain, 0, 30000);
	PLAY(&drain, rows);
}

Test(drain, leave_not_before_the_grace)
{
	struct drain drain = {0};
	const struct row rows[] = {
		{SECOND, 1, 0, false, 0, DRAIN_GO_ON},
		{2 * SECOND - 1, 1, 0, false, 0, DRAIN_GO_ON},
		{2 * SECOND, 1, 0, false, 0, DRAIN_FINISH},
	};

	drain_leave(&drain, SECOND, 30000);
	PLAY(&drain, rows);
}

Test(drain, leave_at_the_deadline)
{
	struct drain drain = {0};
	const struct row rows[] = {
		{SECOND, 1, 3, false, 0, DRAIN_GO_ON},
		{4 * SECOND - 1, 1, 3, false, 0, DRAIN_GO_ON},
		{4 * SECOND, 1, 3, false, 0, DRAIN_FINISH},
	};

	drain_leave(&drain, SECOND, 3000);
	PLAY(&drain, rows);
}

Test(drain, leave_at_once)
{
	struct drain drain = {0};
	const struct row rows[] = {{7, 1, 3, false, 0, DRAIN_FINISH}};

	drain_leave(&drain, 7, 0);
	PLAY(&drain, rows);
}

Test(drain, leave_while_the_operator_drains)
{
	struct drain drain = {0};
	const struct row rows[] = {{SECOND, 1, 3, true, 0, DRAIN_BEGIN}};
	const struct row later[] = {
		/* The wish has no say any more. */
		{2 * SECOND, 1, 3, false, 0, DRAIN_GO_ON},
		{3 * SECOND, 1, 3, true, 1, DRAIN_GO_ON},
		{4 * SECOND, 1, 0, true, 1, DRAIN_FINISH},
	};

	PLAY(&drain, rows);
	drain_leave(&drain, SECOND, 30000);
	PLAY(&drain, later);
}
