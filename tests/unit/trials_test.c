/* SPDX-License-Identifier: GPL-2.0-only */
/* Trials of a half-open breaker: never more than the limit, whoever asks. */
#include "terminator/trials.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 4, ASKED = 20000, LIMIT = 1000, EPISODES = 5 };

/* In memory that processes share. */
static struct shared {
	struct qs_trials trials;
	unsigned taken[EPISODES + 1];
} * shared;

static void share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(shared, MAP_FAILED);
}

static void ask(void)
{
	for (unsigned episode = 1; episode <= EPISODES; episode++)
		for (unsigned i = 0; i < ASKED; i++)
			if (trials_take(&shared->trials, episode, LIMIT))
				__atomic_fetch_add(&shared->taken[episode], 1,
						   __ATOMIC_RELAXED);
}

/* A worker that is ahead ends the count of the time before. */
static void expect_limits(void)
{
	for (unsigned episode = 1; episode < EPISODES; episode++)
		cr_expect_leq(shared->taken[episode], LIMIT);
	cr_expect_eq(shared->taken[EPISODES], LIMIT);
	cr_expect_eq(shared->trials.taken, (__u64)EPISODES << 32 | LIMIT);
}

Test(trials, one_after_the_other, .init = share)
{
	cr_expect(!trials_take(&shared->trials, 1, 0));
	cr_expect(trials_left(&shared->trials, 1, 2));
	cr_expect(trials_take(&shared->trials, 1, 2));
	cr_expect(trials_take(&shared->trials, 1, 2));
	cr_expect(!trials_left(&shared->trials, 1, 2));
	cr_expect(!trials_take(&shared->trials, 1, 2));
	cr_expect(trials_left(&shared->trials, 2, 2), "a new time");
	cr_expect(trials_take(&shared->trials, 2, 2));
	cr_expect(!trials_take(&shared->trials, 1, 2), "that is over");
	cr_expect(trials_take(&shared->trials, 2, 2));
	cr_expect(!trials_take(&shared->trials, 2, 2));
}

Test(trials, times_are_counted_round_a_circle, .init = share)
{
	shared->trials.taken = 0xfffffffeULL << 32;
	cr_expect(trials_take(&shared->trials, 0xffffffff, 1));
	cr_expect(!trials_take(&shared->trials, 0xffffffff, 1));
	cr_expect(trials_take(&shared->trials, 0, 1), "the next one");
	cr_expect(!trials_take(&shared->trials, 0xffffffff, 1));
}

static void *run(void *unused)
{
	ask();
	return unused;
}

Test(trials, threads, .init = share)
{
	pthread_t threads[WORKERS];

	for (size_t i = 0; i < WORKERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, run, NULL), 0);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	expect_limits();
}

Test(trials, processes, .init = share)
{
	for (size_t i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		cr_assert_geq(pid, 0);
		if (pid)
			continue;
		ask();
		_exit(0);
	}
	for (size_t i = 0; i < WORKERS; i++)
		cr_assert_gt(wait(NULL), 0);
	expect_limits();
}
