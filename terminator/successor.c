/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/successor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_closed(uv_handle_t *handle)
{
	struct successor *successor = handle->data;

	successor->closing = false;
}

static void release(struct successor *successor)
{
	successor->running = false;
	successor->closing = true;
	uv_close((uv_handle_t *)&successor->process, on_closed);
}

static void on_exit_of_it(uv_process_t *process, int64_t status, int number)
{
	struct successor *successor = process->data;
	char why[64];

	if (number)
		snprintf(why, sizeof(why), "killed by signal %d", number);
	else
		snprintf(why, sizeof(why), "exit status %lld",
			 (long long)status);
	release(successor);
	successor->on_end(successor->user, why);
}

/* WATCHDOG_PID would tell the new process that the watchdog is not its own
 * affair. Only the list is new; the strings are the environment's. */
static char **next_environment(void)
{
	static const char left_out[] = "WATCHDOG_PID=";
	size_t count = 0, to = 0, i;
	char **list;

	while (environ[count])
		count++;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return NULL;
	for (i = 0; i < count; i++)
		if (strncmp(environ[i], left_out, sizeof(left_out) - 1))
			list[to++] = environ[i];
	return list;
}

int successor_start(struct successor *successor, uv_loop_t *loop, char **argv)
{
	uv_stdio_container_t stdio[3];
	uv_process_options_t options = {
		.file = argv[0],
		.args = argv,
		.exit_cb = on_exit_of_it,
		.stdio = stdio,
		.stdio_count = 3,
	};
	int err, i;

	if (successor->running || successor->closing)
		return -EBUSY;
	for (i = 0; i < 3; i++) {
		stdio[i].flags = UV_INHERIT_FD;
		stdio[i].data.fd = i;
	}
	options.env = next_environment();
	if (!options.env)
		return -ENOMEM;
	successor->process.data = successor;
	err = uv_spawn(loop, &successor->process, &options);
	free(options.env);
	if (err)
		/* libuv has made a handle of it all the same. */
		release(successor);
	else
		successor->running = true;
	return err;
}

void successor_close(struct successor *successor)
{
	if (successor->running)
		release(successor);
}
