/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/control_maps.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* The kernel rounds values of array maps up to 8 octets. */
static size_t map_size(size_t value_size, size_t count)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (value_size + 7) / 8 * 8 * count;

	return (size + page - 1) / page * page;
}

/* Maps at *map, or maps anew at the same address, so that pointers stay good.
 * Returns 0 or -errno. */
static int map_again(void *map, size_t size, int protection, int fd,
		     off_t offset)
{
	void *old = *(void **)map;
	void *new = mmap(old, size, protection,
			 MAP_SHARED | (old ? MAP_FIXED : 0), fd, offset);

	if (new == MAP_FAILED)
		return -errno;
	*(void **)map = new;
	return 0;
}

static int map_stats(struct control *control, const int *fds)
{
	struct qs_terminator_stats before = {0};
	bool again = control->stats;
	int err;

	if (again)
		before = *control->stats;
	err = map_again(&control->all_stats,
			map_size(sizeof(struct qs_terminator_stats),
				 QS_MAX_TERMINATORS),
			PROT_READ | PROT_WRITE,
			fds[QS_WELCOME_TERMINATOR_STATS], 0);
	if (err)
		return err;
	control->stats = &control->all_stats[control->welcome.slot];
	/* The maps were lost and made anew: our counts go on. */
	if (again && control->stats->instance != before.instance)
		*control->stats = before;
	control->stats->instance = control->welcome.instance;
	return 0;
}

int control_map_all(struct control *control, const int *fds)
{
	size_t row = sizeof(struct qs_proxy_stats);
	int err;

	err = map_again(
		&control->terminators,
		map_size(sizeof(struct qs_terminator), QS_MAX_TERMINATORS),
		PROT_READ, fds[QS_WELCOME_TERMINATORS], 0);
	if (!err)
		err = map_again(
			&control->backends,
			map_size(sizeof(struct qs_backend), QS_MAX_BACKENDS),
			PROT_READ, fds[QS_WELCOME_BACKENDS], 0);
	if (!err)
		err = map_again(
			&control->trials,
			map_size(sizeof(struct qs_trials), QS_MAX_BACKENDS),
			PROT_READ | PROT_WRITE, fds[QS_WELCOME_TRIALS], 0);
	if (!err)
		err = map_again(&control->proxy, row, PROT_READ | PROT_WRITE,
				fds[QS_WELCOME_PROXY_STATS],
				(off_t)(row * control->welcome.slot));
	return err ? err : map_stats(control, fds);
}
