/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/key_file.h"
#include "loader/lib/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_SIZE = 16, TEXT_SIZE = 80 };

static int check_owner(int fd, __u64 *ret_modified_s)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_mode & 077)
		return -EACCES;
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return -EACCES;
	*ret_modified_s = status.st_mtime;
	return 0;
}

int qs_secret_open(const char *path, __u64 *ret_modified_s)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno == ELOOP ? -EACCES : -errno;
	error = check_owner(fd, ret_modified_s);
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int write_all(int fd, const char *text, size_t length)
{
	ssize_t written = write(fd, text, length);

	if (written < 0)
		return -errno;
	if ((size_t)written != length)
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

/* Writes PATH.new, whose name is then in `temporary`. */
static int write_temporary(const char *path, const char *text, size_t length,
			   char temporary[static PATH_MAX])
{
	int fd, error;

	if (snprintf(temporary, PATH_MAX, "%s.new", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -errno;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	error = write_all(fd, text, length);
	close(fd);
	if (error)
		unlink(temporary);
	return error;
}

/* The file's name survives a crash, too. */
static int sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd, error;

	strncpy(copy, path, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return error;
}

int qs_secret_write(const char *path, const char *text, size_t length,
		    bool replace)
{
	char temporary[PATH_MAX];
	int error = write_temporary(path, text, length, temporary);

	if (error)
		return error;
	/* link(2) never replaces a file that exists. */
	if ((replace ? rename(temporary, path) : link(temporary, path)) < 0)
		error = -errno;
	if (error || !replace)
		unlink(temporary);
	return error ? error : sync_directory(path);
}

static int parse_key(char *text, __u8 ret_key[KEY_SIZE])
{
	size_t digits = strcspn(text, " \t\r\n"), length;
	__u8 key[KEY_SIZE];
	int error = -EBADMSG;

	if (!text[digits + strspn(text + digits, " \t\r\n")]) {
		text[digits] = '\0';
		if (!qs_parse_hex(text, key, sizeof(key), &length) &&
		    length == sizeof(key)) {
			memcpy(ret_key, key, sizeof(key));
			error = 0;
		}
	}
	explicit_bzero(key, sizeof(key));
	return error;
}

int qs_key_file_read(const char *path, __u8 ret_key[16])
{
	char text[TEXT_SIZE];
	__u64 modified_s;
	ssize_t length;
	int error, fd = qs_secret_open(path, &modified_s);

	if (fd < 0)
		return fd;
	length = read(fd, text, sizeof(text) - 1);
	error = length < 0 ? -errno : -EBADMSG;
	close(fd);
	if (length >= 0) {
		text[length] = '\0';
		/* A longer file fills the text, and is no key then either. */
		if (length < TEXT_SIZE - 1)
			error = parse_key(text, ret_key);
	}
	explicit_bzero(text, sizeof(text));
	return error;
}
