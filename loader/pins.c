/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/pins.h"
#include "loader/lib/log.h"
#include "loader/lib/maps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "loader"

static void report_holder(const char *dir)
{
	struct qs_maps maps;
	__u32 pid = 0;

	if (!qs_maps_open(&maps, dir, false)) {
		pid = maps.settings->loader_pid;
		qs_maps_close(&maps);
	}
	if (pid)
		log_error("another loader (pid %u) runs on %s: stop it, or use "
			  "another --pin-dir",
			  pid, dir);
	else
		log_error("another loader runs on %s: stop it, or use another "
			  "--pin-dir",
			  dir);
}

static int make_dir(const char *path)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	log_error("cannot make %s: %s", path, strerror(errno));
	return -1;
}

static int take_lock(struct pins *pins)
{
	char path[PATH_MAX];

	if (qs_pin_path(path, sizeof(path), pins->dir, LOCK_NAME)) {
		log_error("--pin-dir %s: the path is too long", pins->dir);
		return -1;
	}
	if (make_dir(path))
		return -1;
	pins->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (pins->lock < 0) {
		log_error("cannot open %s: %s", path, strerror(errno));
		return -1;
	}
	if (flock(pins->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		report_holder(pins->dir);
	else
		log_error("cannot lock %s: %s", path, strerror(errno));
	pins_close(pins);
	return -1;
}

int pins_open(struct pins *pins, const char *dir)
{
	__u32 version;

	*pins = (struct pins){.dir = dir, .lock = -1};
	if (make_dir(dir) || take_lock(pins))
		return -1;
	pins->adopted = qs_maps_version(dir, &version) != -ENOENT;
	return 0;
}

int pins_check_version(const struct pins *pins)
{
	__u32 version;
	int error;

	if (!pins->adopted)
		return 0;
	error = qs_maps_version(pins->dir, &version);
	if (error) {
		log_error("cannot read the version of the maps under %s: %s; "
			  "remove them with --detach",
			  pins->dir, strerror(-error));
		return -1;
	}
	/* 0: its loader ended between making the map and filling it. */
	if (!version || version == QS_ABI_VERSION)
		return 0;
	log_error("the maps under %s are of ABI version %u and this loader is "
		  "of %d: start the loader they are of, or remove them with "
		  "--detach --pin-dir %s",
		  pins->dir, version, QS_ABI_VERSION, pins->dir);
	return -1;
}

/* A directory is a daemon's lock. */
static int remove_entry(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	return unlinkat(dir, name, AT_REMOVEDIR);
}

static int remove_entries(DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (remove_entry(dirfd(dir), entry->d_name) < 0)
			return -1;
		rewinddir(dir);
	}
	return 0;
}

int pins_remove(struct pins *pins)
{
	DIR *dir = opendir(pins->dir);
	int error = 0;

	if (!dir || remove_entries(dir) < 0 || rmdir(pins->dir) < 0)
		error = errno;
	if (dir)
		closedir(dir);
	if (!error)
		return 0;
	log_error("cannot remove the pins under %s: %s", pins->dir,
		  strerror(error));
	return -1;
}

void pins_close(struct pins *pins)
{
	if (pins->lock >= 0)
		close(pins->lock);
	pins->lock = -1;
}
