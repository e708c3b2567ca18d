/* SPDX-License-Identifier: GPL-2.0-only */
/* The circuit breaker of a backend: every edge of its states, by a table of
 * short stories, each step 100 ms or what it says. */
#include "healthd/breaker.h"
#include "loader/lib/clock.h"

#include <criterion/criterion.h>
#include <string.h>

#define SECOND_NS (1000ULL * NS_PER_MS)
#define BEGIN_NS (1700000000ULL * SECOND_NS)

#define C QS_BREAKER_CLOSED
#define O QS_BREAKER_OPEN
#define H QS_BREAKER_HALF_OPEN

static const struct qs_config_breaker usual = {
	.enabled = true,
	.consecutive_failures = 5,
	.error_rate = 500,
	.minimum_requests = 20,
	.window_ms = 10000,
	.open_ms = 5000,
	.open_max_ms = 30000,
	.half_open_requests = 3,
};

/* After `ms`, this was seen, and this is the state. */
struct step {
	uint32_t ms;
	uint64_t successes, failures;
	uint32_t trials;
	uint64_t in_flight;
	bool down;
	enum qs_breaker state;
};

enum { STEPS = 12 };

struct story {
	const char *name;
	struct step steps[STEPS]; /* to the first of 0 ms */
	uint32_t openings, half_openings, closings, in_row;
};

/* Five failures, at once: the usual way to open it. */
#define FAIL5                             \
	{                                 \
		100, 0, 5, 0, 0, false, O \
	}
#define WAIT5                              \
	{                                  \
		5000, 0, 0, 0, 0, false, H \
	}

static const struct story stories[] = {
	{"nothing happens", {{100, 0, 0, 0, 0, false, C}}, 0, 0, 0, 0},
	{"successes", {{100, 50, 0, 0, 0, false, C}}, 0, 0, 0, 0},
	{"one failure short of the limit",
	 {{100, 0, 4, 0, 0, false, C}},
	 0,
	 0,
	 0,
	 0},
	{"failures in a row open it", {FAIL5}, 1, 0, 0, 1},
	{"failures add up over steps",
	 {{100, 0, 2, 0, 0, false, C},
	  {100, 0, 2, 0, 0, false, C},
	  {100, 0, 1, 0, 0, false, O}},
	 1,
	 0,
	 0,
	 1},
	{"pauses do not end a row",
	 {{100, 0, 4, 0, 0, false, C},
	  {60000, 0, 0, 0, 0, false, C},
	  {100, 0, 1, 0, 0, false, O}},
	 1,
	 0,
	 0,
	 1},
	{"a success ends a row",
	 {{100, 0, 4, 0, 0, false, C},
	  {100, 1, 0, 0, 0, false, C},
	  {100, 0, 4, 0, 0, false, C}},
	 0,
	 0,
	 0,
	 0},
	{"a success in the same step ends a row",
	 {{100, 0, 4, 0, 0, false, C},
	  {100, 1, 4, 0, 0, false, C},
	  {100, 0, 4, 0, 0, false, C}},
	 0,
	 0,
	 0,
	 0},
	{"the error rate opens it",
	 {{100, 10, 10, 0, 0, false, O}},
	 1,
	 0,
	 0,
	 1},
	{"too few requests for a rate",
	 {{100, 9, 10, 0, 0, false, C}},
	 0,
	 0,
	 0,
	 0},
	{"a rate just below the limit",
	 {{100, 11, 10, 0, 0, false, C}},
	 0,
	 0,
	 0,
	 0},
	{"the rate is of the whole window",
	 {{100, 6, 4, 0, 0, false, C},
	  {4000, 4, 3, 0, 0, false, C},
	  {4000, 1, 4, 0, 0, false, O}},
	 1,
	 0,
	 0,
	 1},
	{"what is older than the window does not count",
	 {{100, 1, 9, 0, 0, false, C},
	  {11000, 5, 5, 0, 0, false, C},
	  {100, 2, 0, 0, 0, false, C}},
	 0,
	 0,
	 0,
	 0},
	{"successes that are older do not save it",
	 {{100, 1000, 0, 0, 0, false, C}, {11000, 10, 10, 0, 0, false, O}},
	 1,
	 0,
	 0,
	 1},
	{"it stays open for its time",
	 {FAIL5, {4900, 0, 0, 0, 0, false, O}},
	 1,
	 0,
	 0,
	 1},
	{"while open nothing counts",
	 {FAIL5, {100, 100, 0, 0, 0, false, O}, {100, 0, 9, 0, 9, false, O}},
	 1,
	 0,
	 0,
	 1},
	{"half open after its time", {FAIL5, WAIT5}, 1, 1, 0, 1},
	{"trials that succeed close it",
	 {FAIL5, WAIT5, {100, 3, 0, 3, 0, false, C}},
	 1,
	 1,
	 1,
	 0},
	{"trials that succeed one by one",
	 {FAIL5,
	  WAIT5,
	  {100, 1, 0, 1, 0, false, H},
	  {100, 1, 0, 2, 0, false, H},
	  {100, 1, 0, 3, 0, false, C}},
	 1,
	 1,
	 1,
	 0},
	{"a trial that fails opens it",
	 {FAIL5, WAIT5, {100, 0, 1, 1, 0, false, O}},
	 2,
	 1,
	 0,
	 2},
	{"one that fails beside successes opens it",
	 {FAIL5, WAIT5, {100, 3, 1, 3, 0, false, O}},
	 2,
	 1,
	 0,
	 2},
	{"ends of older requests are no trials",
	 {FAIL5,
	  WAIT5,
	  {100, 0, 3, 0, 3, false, H},
	  {100, 5, 0, 0, 0, false, H}},
	 1,
	 1,
	 0,
	 1},
	{"the second time is twice as long",
	 {FAIL5,
	  WAIT5,
	  {100, 0, 1, 1, 0, false, O},
	  {9900, 0, 0, 0, 0, false, O},
	  {100, 0, 0, 0, 0, false, H}},
	 2,
	 2,
	 0,
	 2},
	{"the third is four times as long",
	 {FAIL5,
	  WAIT5,
	  {100, 0, 1, 1, 0, false, O},
	  {10000, 0, 0, 0, 0, false, H},
	  {100, 0, 1, 1, 0, false, O},
	  {19900, 0, 0, 0, 0, false, O},
	  {100, 0, 0, 0, 0, false, H}},
	 3,
	 3,
	 0,
	 3},
	{"no time is longer than the cap",
	 {FAIL5,
	  WAIT5,
	  {100, 0, 1, 1, 0, false, O},
	  {10000, 0, 0, 0, 0, false, H},
	  {100, 0, 1, 1, 0, false, O},
	  {20000, 0, 0, 0, 0, false, H},
	  {100, 0, 1, 1, 0, false, O},
	  {29900, 0, 0, 0, 0, false, O},
	  {100, 0, 0, 0, 0, false, H}},
	 4,
	 4,
	 0,
	 4},
	{"once closed, times begin anew",
	 {FAIL5,
	  WAIT5,
	  {100, 0, 1, 1, 0, false, O},
	  {10000, 0, 0, 0, 0, false, H},
	  {100, 3, 0, 3, 0, false, C},
	  FAIL5,
	  WAIT5},
	 3,
	 3,
	 1,
	 1},
	{"once closed, counts begin anew",
	 {{100, 0, 4, 0, 0, false, C},
	  {100, 0, 1, 0, 0, false, O},
	  WAIT5,
	  {100, 3, 0, 3, 0, false, C},
	  {100, 0, 4, 0, 0, false, C}},
	 1,
	 1,
	 1,
	 0},
	{"without traffic it waits for the window",
	 {FAIL5, WAIT5, {9900, 0, 0, 0, 0, false, H}},
	 1,
	 1,
	 0,
	 1},
	{"and closes after it",
	 {FAIL5, WAIT5, {10000, 0, 0, 0, 0, false, C}},
	 1,
	 1,
	 1,
	 0},
	{"too few trials, none failed: closes, too",
	 {FAIL5,
	  WAIT5,
	  {100, 2, 0, 2, 0, false, H},
	  {10000, 0, 0, 0, 0, false, C}},
	 1,
	 1,
	 1,
	 0},
	{"not while the checks say that it is down",
	 {FAIL5,
	  WAIT5,
	  {60000, 0, 0, 0, 0, true, H},
	  {100, 0, 0, 0, 0, false, C}},
	 1,
	 1,
	 1,
	 0},
	{"it waits for the answer to a trial",
	 {FAIL5,
	  WAIT5,
	  {64900, 2, 0, 3, 1, false, H},
	  {100, 1, 0, 3, 0, false, C}},
	 1,
	 1,
	 1,
	 0},
	{"trials that came to nothing are given again",
	 {FAIL5,
	  WAIT5,
	  {10000, 0, 0, 3, 0, false, H},
	  {100, 3, 0, 3, 0, false, C}},
	 1,
	 1,
	 1,
	 0},
};

static struct breaker_input input_of(const struct step *step)
{
	return (struct breaker_input){
		.successes = step->successes,
		.failures = step->failures,
		.trials_taken = step->trials,
		.in_flight = step->in_flight,
		.answer_ms = 65000,
		.down = step->down,
	};
}

static void play(const struct story *story)
{
	struct breaker breaker = {0};
	uint64_t now = BEGIN_NS;

	for (int i = 0; i < STEPS && story->steps[i].ms; i++) {
		const struct step *step = &story->steps[i];
		struct breaker_input input = input_of(step);
		enum qs_breaker before = breaker.state;
		bool told;

		now += (uint64_t)step->ms * NS_PER_MS;
		told = breaker_step(&breaker, &usual, now, &input);
		cr_expect_eq(breaker.state, step->state,
			     "%s: step %d: state %d, not %d", story->name, i,
			     breaker.state, step->state);
		cr_expect(told || breaker.state == before,
			  "%s: step %d: a change is not told", story->name, i);
		if (breaker.state != before)
			cr_expect_eq(breaker.changed_ns, now);
	}
	cr_expect_eq(breaker.openings, story->openings, "%s: %u openings",
		     story->name, breaker.openings);
	cr_expect_eq(breaker.half_openings, story->half_openings,
		     "%s: %u half openings", story->name,
		     breaker.half_openings);
	cr_expect_eq(breaker.closings, story->closings, "%s: %u closings",
		     story->name, breaker.closings);
	cr_expect_eq(breaker.openings_in_row, story->in_row, "%s: %u in a row",
		     story->name, breaker.openings_in_row);
}

Test(breaker, goes_through_its_states)
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++)
		play(&stories[i]);
}

static bool step(struct breaker *breaker,
		 const struct qs_config_breaker *config, uint64_t now,
		 uint64_t successes, uint64_t failures, uint32_t trials)
{
	struct breaker_input input = {.successes = successes,
				      .failures = failures,
				      .trials_taken = trials,
				      .answer_ms = 65000};

	return breaker_step(breaker, config, now, &input);
}

Test(breaker, says_why_it_opened)
{
	struct breaker breaker = {0};

	step(&breaker, &usual, BEGIN_NS, 0, 7, 0);
	cr_assert_str_eq(breaker.reason, "7 requests in a row failed");
	breaker = (struct breaker){0};
	step(&breaker, &usual, BEGIN_NS, 10, 15, 0);
	cr_assert_str_eq(breaker.reason, "15 of 25 requests failed");
	step(&breaker, &usual, BEGIN_NS + 5 * SECOND_NS, 0, 0, 0);
	step(&breaker, &usual, BEGIN_NS + 6 * SECOND_NS, 0, 1, 1);
	cr_assert_str_eq(breaker.reason, "a trial request failed");
}

Test(breaker, each_half_open_time_has_trials_of_its_own)
{
	struct breaker breaker = {.trial_episode = 41};

	step(&breaker, &usual, BEGIN_NS, 0, 5, 0);
	cr_assert_eq(breaker.trial_episode, 41);
	step(&breaker, &usual, BEGIN_NS + 5 * SECOND_NS, 0, 0, 0);
	cr_assert_eq(breaker.trial_episode, 42);
	cr_assert(step(&breaker, &usual, BEGIN_NS + 15 * SECOND_NS, 0, 0, 3),
		  "new trials are not told");
	cr_assert_eq(breaker.trial_episode, 43);
	cr_assert_eq(breaker.state, H);
}

Test(breaker, goes_by_consecutive_failures_or_the_rate_alone)
{
	struct qs_config_breaker config = usual;
	struct breaker breaker = {0};

	config.consecutive_failures = 0;
	step(&breaker, &config, BEGIN_NS, 0, 19, 0);
	cr_assert_eq(breaker.state, C, "opened by a row that is off");
	step(&breaker, &config, BEGIN_NS, 0, 1, 0);
	cr_assert_eq(breaker.state, O);
	breaker = (struct breaker){0};
	config = usual;
	config.error_rate = 0;
	step(&breaker, &config, BEGIN_NS, 1, 1000, 0);
	cr_assert_eq(breaker.state, C, "opened by a rate that is off");
}

Test(breaker, that_is_disabled_closes_and_stays_closed)
{
	struct qs_config_breaker config = usual;
	struct breaker breaker = {0};

	step(&breaker, &config, BEGIN_NS, 0, 5, 0);
	cr_assert_eq(breaker.state, O);
	config.enabled = false;
	cr_assert(step(&breaker, &config, BEGIN_NS, 0, 100, 0));
	cr_assert_eq(breaker.state, C);
	cr_assert_not(step(&breaker, &config, BEGIN_NS, 0, 100, 0));
	cr_assert_eq(breaker.state, C);
}

Test(breaker, goes_on_where_the_row_says)
{
	struct qs_backend row = {
		.breaker = QS_BREAKER_OPEN,
		.openings = 9,
		.half_openings = 8,
		.closings = 3,
		.openings_in_row = 2,
		.trial_episode = 8,
		.breaker_changed_ns = BEGIN_NS,
		.open_end_ns = BEGIN_NS + 10 * SECOND_NS,
	};
	struct breaker breaker;

	breaker_resume(&breaker, &row, BEGIN_NS + SECOND_NS);
	step(&breaker, &usual, BEGIN_NS + 9 * SECOND_NS, 0, 0, 0);
	cr_assert_eq(breaker.state, O, "it forgot how long it is open");
	step(&breaker, &usual, BEGIN_NS + 10 * SECOND_NS, 0, 0, 0);
	cr_assert_eq(breaker.state, H);
	cr_assert_eq(breaker.trial_episode, 9);
	step(&breaker, &usual, BEGIN_NS + 11 * SECOND_NS, 0, 1, 1);
	cr_assert_eq(breaker.openings, 10);
	cr_assert_eq(breaker.open_end_ns, BEGIN_NS + 31 * SECOND_NS,
		     "it forgot that it is the third time");
}

Test(breaker, resumes_half_open_with_new_trials)
{
	struct qs_backend row = {.breaker = QS_BREAKER_HALF_OPEN,
				 .trial_episode = 8,
				 .openings_in_row = 1};
	struct breaker breaker;

	breaker_resume(&breaker, &row, BEGIN_NS);
	cr_assert_eq(breaker.trial_episode, 9);
	step(&breaker, &usual, BEGIN_NS + SECOND_NS, 3, 0, 3);
	cr_assert_eq(breaker.state, C);
}

Test(breaker, of_a_row_that_cannot_be_is_closed)
{
	struct qs_backend row = {.breaker = 77};
	struct breaker breaker;

	breaker_resume(&breaker, &row, BEGIN_NS);
	cr_assert_eq(breaker.state, C);
}

Test(breaker, outlives_a_clock_that_is_set)
{
	struct breaker breaker = {0};

	step(&breaker, &usual, BEGIN_NS, 0, 5, 0);
	step(&breaker, &usual, BEGIN_NS - 3600 * SECOND_NS, 0, 0, 0);
	cr_assert_eq(breaker.state, O);
	step(&breaker, &usual, BEGIN_NS - 3595 * SECOND_NS, 0, 0, 0);
	cr_assert_eq(breaker.state, H, "open for as long as the clock jumped");
	step(&breaker, &usual, BEGIN_NS - 7200 * SECOND_NS, 0, 0, 0);
	step(&breaker, &usual, BEGIN_NS - 7190 * SECOND_NS, 0, 0, 0);
	cr_assert_eq(breaker.state, C, "half open for as long");
}
