/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/secrets.h"
#include "loader/lib/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char first_line[] = "quicsteer-secrets 1";

enum { FIELDS = 5, LINE_MAX_LENGTH = 192, FILE_MAX_LENGTH = 1024 };

struct field {
	const char *name;
	__u8 *octets;
	size_t length;
};

static void list_fields(struct qs_state_secrets *secrets,
			struct field fields[static FIELDS])
{
	struct qs_secrets *shared = &secrets->shared;

	fields[0] =
		(struct field){"reset", shared->reset, sizeof(shared->reset)};
	fields[1] =
		(struct field){"token", shared->token, sizeof(shared->token)};
	fields[2] = (struct field){"ticket", shared->ticket,
				   sizeof(shared->ticket)};
	fields[3] = (struct field){"hash", secrets->hash_key,
				   sizeof(secrets->hash_key)};
	fields[4] = (struct field){"cid", secrets->cid_key,
				   sizeof(secrets->cid_key)};
}

/* Ends the line at *cursor and moves on to the next; NULL at the end. */
static char *take_line(char **cursor)
{
	char *line = *cursor;
	char *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*cursor = end + 1;
	return line;
}

static int parse_field(const char *line, const struct field *field)
{
	size_t name_length = strlen(field->name);
	size_t length;

	if (strncmp(line, field->name, name_length) || line[name_length] != ' ')
		return -EBADMSG;
	if (qs_parse_hex(line + name_length + 1, field->octets, field->length,
			 &length))
		return -EBADMSG;
	return length == field->length ? 0 : -EBADMSG;
}

static int parse_secrets(char *text, struct qs_state_secrets *secrets)
{
	struct field fields[FIELDS];
	char *line = take_line(&text);

	if (!line || strcmp(line, first_line))
		return -EBADMSG;
	list_fields(secrets, fields);
	for (int i = 0; i < FIELDS; i++) {
		line = take_line(&text);
		if (!line || parse_field(line, &fields[i]))
			return -EBADMSG;
	}
	return *text ? -EBADMSG : 0;
}

static int check_owner(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_mode & 077)
		return -EACCES;
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return -EACCES;
	return 0;
}

int qs_secrets_load(const char *path, struct qs_state_secrets *ret_secrets)
{
	struct qs_state_secrets secrets;
	char text[FILE_MAX_LENGTH];
	ssize_t length;
	int fd, error;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? -EACCES : -errno;
	error = check_owner(fd);
	if (error)
		goto out;
	length = read(fd, text, sizeof(text) - 1);
	if (length < 0) {
		error = -errno;
		goto out;
	}
	text[length] = '\0';
	error = parse_secrets(text, &secrets);
	if (!error)
		*ret_secrets = secrets;
	explicit_bzero(text, sizeof(text));
	explicit_bzero(&secrets, sizeof(secrets));
out:
	close(fd);
	return error;
}

static size_t format_secrets(char *text, size_t size,
			     struct qs_state_secrets *secrets)
{
	struct field fields[FIELDS];
	char hex[LINE_MAX_LENGTH];
	size_t length;

	list_fields(secrets, fields);
	length = snprintf(text, size, "%s\n", first_line);
	for (int i = 0; i < FIELDS; i++)
		length += snprintf(
			text + length, size - length, "%s %s\n", fields[i].name,
			qs_format_hex(hex, fields[i].octets, fields[i].length));
	explicit_bzero(hex, sizeof(hex));
	return length;
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

static int write_file(const char *path, struct qs_state_secrets *secrets)
{
	char text[FILE_MAX_LENGTH];
	char temporary[PATH_MAX];
	size_t length;
	int fd, error;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >=
	    (int)sizeof(temporary))
		return -ENAMETOOLONG;
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -errno;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	length = format_secrets(text, sizeof(text), secrets);
	error = write_all(fd, text, length);
	explicit_bzero(text, sizeof(text));
	close(fd);
	/* link(2) and not rename(2): it never replaces secrets that exist. */
	if (!error && link(temporary, path) < 0)
		error = -errno;
	unlink(temporary);
	return error;
}

int qs_secrets_create(const char *path, struct qs_state_secrets *ret_secrets)
{
	struct qs_state_secrets secrets;
	int error;

	if (getrandom(&secrets, sizeof(secrets), 0) != sizeof(secrets))
		return -EIO;
	error = write_file(path, &secrets);
	if (!error)
		*ret_secrets = secrets;
	explicit_bzero(&secrets, sizeof(secrets));
	return error;
}
