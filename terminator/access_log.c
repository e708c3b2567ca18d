/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loader/lib/log.h"
#include "terminator/access_line.h"
#include "terminator/access_write.h"

enum {
	HALF = ACCESS_LOG_BUFFER / 2,
	LINGER_MS = 100, /* lines wait so long to be written together */
	CLOSE_MS = 2000,
	WHOLE = 1000, /* per mille */
};

struct access_log {
	/* The event loop's alone. */
	const struct qs_config_access_log *config; /* NULL: it is off */
	unsigned credit; /* per mille of a line that are due */
	char line[ACCESS_LINE_MAX];

	/* Of both, under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t work; /* for the thread to do */
	pthread_cond_t done;
	bool started;
	bool ending;
	bool ended;    /* the thread is about to return */
	int next_fd;   /* takes the place of the thread's; -1: none */
	char *filling; /* a half, where lines are added */
	size_t used;
	atomic_uint_fast64_t lost;

	/* The thread's alone. */
	pthread_t thread;
	char *writing; /* the other half */
	struct access_file file;
};

static struct timespec in_ms(long ms)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_nsec += ms % 1000 * 1000000;
	time.tv_sec += ms / 1000 + time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

struct access_log *access_log_new(void)
{
	struct access_log *log = calloc(1, sizeof(*log));
	pthread_condattr_t clock;

	if (!log)
		return NULL;
	log->next_fd = -1;
	log->file.fd = -1;
	log->file.lost = &log->lost;
	pthread_mutex_init(&log->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&log->work, &clock);
	pthread_cond_init(&log->done, &clock);
	pthread_condattr_destroy(&clock);
	return log;
}

int access_log_open(const char *file)
{
	int fd = strcmp(file, "-")
			 ? open(file,
				O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
					O_NOCTTY | O_NONBLOCK,
				0640)
			 : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? -errno : fd;
}

/* Waits for something to write, and a little longer for more of it. */
static void await_work(struct access_log *log)
{
	struct timespec end;

	while (!log->used && !log->ending && log->next_fd < 0)
		pthread_cond_wait(&log->work, &log->lock);
	end = in_ms(LINGER_MS);
	while (log->used < HALF / 2 && !log->ending && log->next_fd < 0)
		if (pthread_cond_timedwait(&log->work, &log->lock, &end))
			break;
}

static void *run(void *data)
{
	struct access_log *log = data;
	bool last;

	pthread_mutex_lock(&log->lock);
	do {
		char *lines;
		size_t size;
		int fd;

		await_work(log);
		lines = log->filling;
		size = log->used;
		fd = log->next_fd;
		last = log->ending;
		log->filling = log->writing;
		log->writing = lines;
		log->used = 0;
		log->next_fd = -1;
		pthread_mutex_unlock(&log->lock);
		/* What came before the change may go to either file. */
		if (fd >= 0)
			access_file_use(&log->file, fd);
		access_file_write(&log->file, lines, size);
		pthread_mutex_lock(&log->lock);
	} while (!last);
	log->ended = true;
	pthread_cond_signal(&log->done);
	pthread_mutex_unlock(&log->lock);
	return NULL;
}

/* Signals are the event loop's. */
static int start_thread(struct access_log *log)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&log->thread, NULL, run, log);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -error;
}

int access_log_start(struct access_log *log)
{
	int result;

	if (log->started)
		return 0;
	log->filling = malloc(HALF);
	log->writing = malloc(HALF);
	result = log->filling && log->writing ? start_thread(log) : -ENOMEM;
	log->started = !result;
	if (result) {
		free(log->filling);
		free(log->writing);
	}
	return result;
}

static void hand_over(struct access_log *log, int fd)
{
	pthread_mutex_lock(&log->lock);
	if (log->next_fd >= 0)
		close(log->next_fd);
	log->next_fd = fd;
	pthread_cond_signal(&log->work);
	pthread_mutex_unlock(&log->lock);
}

void access_log_use(struct access_log *log,
		    const struct qs_config_access_log *config, int fd)
{
	log->config =
		config && config->format != QS_ACCESS_NONE ? config : NULL;
	if (log->config)
		hand_over(log, fd);
}

void access_log_reopen(struct access_log *log)
{
	int fd;

	if (!log->config)
		return;
	fd = access_log_open(log->config->file);
	if (fd < 0) {
		log_error("access log %s: cannot be opened again: %s; lines "
			  "go where they went",
			  log->config->file, strerror(-fd));
		return;
	}
	hand_over(log, fd);
	log_info("access log %s opened again", log->config->file);
}

bool access_log_wants(struct access_log *log)
{
	if (!log || !log->config)
		return false;
	log->credit += log->config->sample;
	if (log->credit < WHOLE)
		return false;
	log->credit -= WHOLE;
	return true;
}

void access_log_add(struct access_log *log, const struct access_line *line)
{
	size_t size;
	bool wake, fits;

	if (!log->config)
		return; /* it was switched off while the request was open */
	size = log->config->format == QS_ACCESS_JSON
		       ? access_line_json(line, log->line)
		       : access_line_combined(line, log->line);
	pthread_mutex_lock(&log->lock);
	fits = size <= HALF - log->used;
	wake = !log->used;
	if (fits) {
		memcpy(log->filling + log->used, log->line, size);
		wake |= log->used < HALF / 2 && log->used + size >= HALF / 2;
		log->used += size;
	}
	if (fits && wake)
		pthread_cond_signal(&log->work);
	pthread_mutex_unlock(&log->lock);
	if (!fits)
		log->lost++;
}

uint64_t access_log_take_lost(struct access_log *log)
{
	return log->lost ? atomic_exchange(&log->lost, 0) : 0;
}

/* Whether the thread has ended in time. */
static bool stop_thread(struct access_log *log)
{
	struct timespec end = in_ms(CLOSE_MS);
	bool ended;

	pthread_mutex_lock(&log->lock);
	log->ending = true;
	pthread_cond_signal(&log->work);
	while (!log->ended)
		if (pthread_cond_timedwait(&log->done, &log->lock, &end))
			break;
	ended = log->ended;
	if (!ended)
		log->lost += access_file_lines(log->filling, log->used);
	pthread_mutex_unlock(&log->lock);
	return ended;
}

uint64_t access_log_close(struct access_log *log)
{
	uint64_t lost;

	if (log->started && !stop_thread(log)) {
		/* It waits in write(2), for ever maybe; the process ends. */
		log_warn("access log: nobody takes its last lines");
		return access_log_take_lost(log);
	}
	if (log->started)
		pthread_join(log->thread, NULL);
	if (log->next_fd >= 0)
		close(log->next_fd);
	access_file_close(&log->file);
	free(log->filling);
	free(log->writing);
	lost = access_log_take_lost(log);
	pthread_cond_destroy(&log->work);
	pthread_cond_destroy(&log->done);
	pthread_mutex_destroy(&log->lock);
	free(log);
	return lost;
}
