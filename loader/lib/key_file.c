/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/key_file.h"
#include "loader/lib/parse.h"

#include <errno.h>
#include <fcntl.h>
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
