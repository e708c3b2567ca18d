/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/follow.h"
#include "loader/lib/log.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "healthd"

void follow_init(struct follow *follow, const char *pin_dir)
{
	*follow = (struct follow){.pin_dir = pin_dir, .lock = -1};
}

static void report_version(const struct follow *follow)
{
	__u32 version = 0;

	qs_maps_version(follow->pin_dir, &version);
	log_error("the maps under %s are of ABI version %u and this healthd "
		  "is of %d: waiting for a loader of the same version",
		  follow->pin_dir, version, QS_ABI_VERSION);
}

static void report(struct follow *follow, int error)
{
	if (error == follow->last_message)
		return;
	follow->last_message = error;
	if (error == -ENOENT)
		log_info("waiting for a loader to pin its maps under %s",
			 follow->pin_dir);
	else if (error == -EPROTO)
		report_version(follow);
	else
		log_error("cannot open the maps under %s: %s; trying on",
			  follow->pin_dir, strerror(-error));
}

static void report_holder(const struct follow *follow)
{
	struct qs_maps maps;
	__u32 pid = 0;

	if (!qs_maps_open(&maps, follow->pin_dir, false)) {
		pid = maps.settings->healthd_pid;
		qs_maps_close(&maps);
	}
	log_error("another healthd (pid %u) runs on %s: stop it, or use "
		  "another --pin-dir",
		  pid, follow->pin_dir);
}

/* Returns 0 or -errno; -EWOULDBLOCK: another process has it. */
static int take_lock(struct follow *follow)
{
	char path[PATH_MAX];
	int error;

	if (qs_pin_path(path, sizeof(path), follow->pin_dir, LOCK_NAME))
		return -ENAMETOOLONG;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	follow->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (follow->lock < 0)
		return -errno;
	if (flock(follow->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	error = -errno;
	close(follow->lock);
	follow->lock = -1;
	return error;
}

/* 0: cannot be told. */
static __u32 id_of(int fd)
{
	struct bpf_map_info info = {0};
	__u32 length = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &length) < 0)
		return 0;
	return info.id;
}

enum follow_result follow_open(struct follow *follow)
{
	int error = qs_maps_open(&follow->maps, follow->pin_dir, true);

	if (!error) {
		error = take_lock(follow);
		if (error)
			qs_maps_close(&follow->maps);
	}
	if (error == -EWOULDBLOCK) {
		report_holder(follow);
		return FOLLOW_TAKEN;
	}
	if (error) {
		report(follow, error);
		return FOLLOW_WAIT;
	}
	follow->open = true;
	follow->last_message = 0;
	follow->map_id = id_of(follow->maps.fd[QS_MAP_SETTINGS]);
	return FOLLOW_OPEN;
}

bool follow_current(const struct follow *follow)
{
	char path[PATH_MAX];
	__u32 id;
	int fd;

	if (qs_pin_path(path, sizeof(path), follow->pin_dir,
			qs_map_name(QS_MAP_SETTINGS)))
		return true;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno != ENOENT;
	id = id_of(fd);
	close(fd);
	return !id || id == follow->map_id;
}

void follow_close(struct follow *follow)
{
	if (follow->open)
		qs_maps_close(&follow->maps);
	follow->open = false;
	if (follow->lock >= 0)
		close(follow->lock);
	follow->lock = -1;
}
