/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines reach their file, whole and once; who does not take them does not hold
 * up the event loop. */
#include "terminator/access_log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/lib/log.h"
#include "terminator/access_line.h"

static char home[] = "/tmp/access_log_test-XXXXXX";
static char file[64], moved[64];
static struct qs_config_access_log config = {
	.format = QS_ACCESS_COMBINED, .file = file, .sample = 1000};

static void set_up(void)
{
	cr_assert(mkdtemp(home));
	snprintf(file, sizeof(file), "%s/log", home);
	snprintf(moved, sizeof(moved), "%s/moved", home);
	qs_log_set_level(QS_LOG_ERROR);
}

static void clean_up(void)
{
	unlink(file);
	unlink(moved);
	rmdir(home);
}

TestSuite(access_log, .init = set_up, .fini = clean_up, .timeout = 60);

static void add(struct access_log *log, unsigned number)
{
	char path[32];
	struct access_line line = {
		.client = "192.0.2.1",
		.terminator = "",
		.pool = "",
		.backend = "",
		.backend_address = "",
		.request_id = "",
		.status = 200,
		.path = {path, 0},
	};

	line.path.size = sprintf(path, "/%u", number);
	access_log_add(log, &line);
}

/* Counts lines and asserts that each is whole; numbers follow each other. */
static unsigned count(const char *name, unsigned next)
{
	FILE *in = fopen(name, "r");
	char line[512];

	cr_assert(in, "%s", name);
	while (fgets(line, sizeof(line), in)) {
		unsigned number = 0;
		const char *path = strstr(line, "\"- /");

		cr_assert(path && sscanf(path, "\"- /%u ", &number) == 1 &&
				  line[strlen(line) - 1] == '\n',
			  "torn: %s", line);
		cr_assert_eq(number, next, "%u instead of %u", number, next);
		next++;
	}
	fclose(in);
	return next;
}

static struct access_log *open_log(void)
{
	struct access_log *log = access_log_new();
	int fd = access_log_open(file);

	cr_assert_geq(fd, 0);
	cr_assert_eq(access_log_start(log), 0);
	access_log_use(log, &config, fd);
	return log;
}

Test(access_log, all_lines_are_there_at_the_end)
{
	struct access_log *log = open_log();

	for (unsigned i = 0; i < 3000; i++)
		add(log, i);
	cr_expect_eq(access_log_close(log), 0);
	cr_expect_eq(count(file, 0), 3000);
}

Test(access_log, no_line_is_lost_by_rotation)
{
	struct access_log *log = open_log();

	for (unsigned i = 0; i < 2000; i++)
		add(log, i);
	cr_assert_eq(rename(file, moved), 0);
	access_log_reopen(log);
	for (unsigned i = 2000; i < 3000; i++)
		add(log, i);
	cr_expect_eq(access_log_close(log), 0);
	cr_expect_eq(count(file, count(moved, 0)), 3000);
}

Test(access_log, sample_is_even)
{
	struct access_log *log = open_log();
	unsigned wanted = 0;

	config.sample = 125;
	for (int i = 0; i < 8000; i++)
		wanted += access_log_wants(log);
	cr_expect_eq(wanted, 1000);
	cr_expect_not(access_log_wants(NULL));
	access_log_use(log, NULL, -1);
	cr_expect_not(access_log_wants(log));
	access_log_close(log);
}

Test(access_log, one_that_is_off_makes_nothing)
{
	struct access_log *log = access_log_new();

	cr_expect_not(access_log_wants(log));
	access_log_reopen(log);
	cr_expect_eq(access_log_close(log), 0);
	cr_expect_eq(access(file, F_OK), -1);
}

Test(access_log, nobody_reads_the_pipe)
{
	struct access_log *log = access_log_new();
	int ends[2];
	unsigned added = 60000;
	uint64_t lost;
	size_t kept = 0;
	char octets[4096];
	ssize_t size;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	access_log_start(log);
	access_log_use(log, &config, ends[1]);
	for (unsigned i = 0; i < added; i++)
		add(log, i);
	lost = access_log_take_lost(log);
	cr_expect_gt(lost, 0);
	/* The thread has one end; from now on it is read. */
	while ((size = read(ends[0], octets, sizeof(octets))) > 0) {
		for (ssize_t i = 0; i < size; i++)
			kept += octets[i] == '\n';
		if (kept + lost >= added)
			break;
	}
	cr_expect_eq(kept + lost, added, "%zu and %lu", kept,
		     (unsigned long)lost);
	cr_expect_eq(access_log_close(log), 0);
}

Test(access_log, a_full_disk_is_told_of_by_number)
{
	struct access_log *log = access_log_new();

	access_log_start(log);
	access_log_use(log, &config, open("/dev/full", O_WRONLY | O_CLOEXEC));
	for (unsigned i = 0; i < 10; i++)
		add(log, i);
	cr_expect_eq(access_log_close(log), 10);
}

Test(access_log, a_file_that_cannot_be_opened)
{
	cr_expect_eq(access_log_open("/nonexistent/x"), -ENOENT);
	cr_assert_eq(mkfifo(file, 0600), 0);
	cr_expect_eq(access_log_open(file), -ENXIO);
}
