/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/files_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TRIES_MAX = 16 }; /* while others rename directories */

/* A directory whose names are looked up. */
struct root {
	int fd;
	bool cached;
};

/* Returns a descriptor or -errno. */
static int open_in(const struct root *root, const char *name, uint64_t flags,
		   uint64_t resolve)
{
	const struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = resolve | (root->cached ? RESOLVE_CACHED : 0),
	};
	long fd = -1;

	for (int i = 0; i < TRIES_MAX && fd < 0; i++) {
		fd = syscall(SYS_openat2, root->fd, name, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		/* Linux before 5.12 does not know RESOLVE_CACHED. */
		if (root->cached && (errno == EAGAIN || errno == EINVAL))
			return -EAGAIN;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	/* A thread has tried often enough then. */
	return errno == EAGAIN ? -EBUSY : -errno;
}

/* Opens without waiting for the other end of a FIFO. */
static int open_below(const struct root *root, const char *name)
{
	int fd = open_in(root, name, O_RDONLY | O_NONBLOCK | O_NOCTTY,
			 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);

	switch (-fd) {
	case ENOTDIR:
	case EXDEV: /* it leads outside */
	case ELOOP:
	case ENAMETOOLONG:
	case ENXIO: /* a socket, or a device that is not there */
	case ENODEV:
		return -ENOENT;
	default:
		return fd;
	}
}

/* Opens and looks what it is. */
static int open_known(const struct root *root, const char *name,
		      struct stat *ret_status)
{
	int fd = open_below(root, name), result;

	if (fd < 0)
		return fd;
	if (!fstat(fd, ret_status))
		return fd;
	result = -errno;
	close(fd);
	return result;
}

static int open_regular(const struct root *root, const char *name,
			struct stat *ret_status)
{
	int fd = open_known(root, name, ret_status);

	if (fd < 0 || S_ISREG(ret_status->st_mode))
		return fd;
	close(fd);
	return -ENOENT;
}

/* Opens the file itself, and writes to `name` what it is called. */
static int open_original(struct files_open *open, const struct root *root,
			 char name[static PATH_MAX])
{
	int length = snprintf(name, PATH_MAX, "%s", open->name);
	int fd = open_known(root, open->name, &open->status);

	if (fd < 0)
		return fd;
	if (S_ISREG(open->status.st_mode) && !open->is_directory)
		return fd;
	close(fd);
	if (!S_ISDIR(open->status.st_mode))
		return -ENOENT;
	if (!open->is_directory)
		return -EISDIR;
	if (snprintf(name + length, PATH_MAX - length, "/%s", open->index) >=
	    PATH_MAX - length)
		return -ENOENT;
	return open_regular(root, name, &open->status);
}

static const char *extension_of(enum coding coding)
{
	switch (coding) {
	case CODING_BR:
		return ".br";
	case CODING_ZSTD:
		return ".zst";
	case CODING_GZIP:
		return ".gz";
	default:
		return "";
	}
}

/* Takes the variant that the client likes best of those that are there. */
static int choose_variant(struct files_open *open, const struct root *root,
			  const char *name)
{
	enum coding offered[] = {CODING_BR, CODING_ZSTD, CODING_GZIP};
	size_t count = sizeof(offered) / sizeof(*offered), i;
	char variant[PATH_MAX + 8];
	struct stat status;
	enum coding coding;
	int fd;

	while (count) {
		coding = accept_encoding_choose(&open->accept, offered, count);
		if (coding == CODING_IDENTITY)
			return 0;
		snprintf(variant, sizeof(variant), "%s%s", name,
			 extension_of(coding));
		fd = open_regular(root, variant, &status);
		if (fd >= 0) {
			close(open->fd);
			open->fd = fd;
			open->status = status;
			open->coding = coding;
			return 0;
		}
		if (fd == -EAGAIN)
			return fd;
		for (i = 0; offered[i] != coding; i++)
			;
		memmove(&offered[i], &offered[i + 1],
			(--count - i) * sizeof(*offered));
	}
	return 0;
}

int files_open_run(struct files_open *open)
{
	struct root root = {AT_FDCWD, open->cached};
	char name[PATH_MAX];
	int result;

	open->fd = -1;
	open->coding = CODING_IDENTITY;
	root.fd = open_in(&root, open->root, O_PATH | O_DIRECTORY, 0);
	if (root.fd < 0)
		return root.fd;
	result = open_original(open, &root, name);
	if (result >= 0) {
		open->fd = result;
		result = open->precompressed ? choose_variant(open, &root, name)
					     : 0;
	}
	close(root.fd);
	if (result < 0 && open->fd >= 0) {
		close(open->fd);
		open->fd = -1;
	}
	return result;
}

bool files_open_same(int fd, const struct stat *status)
{
	struct stat now;

	return !fstat(fd, &now) && now.st_size == status->st_size &&
	       now.st_mtim.tv_sec == status->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == status->st_mtim.tv_nsec;
}
