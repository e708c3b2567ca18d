/* SPDX-License-Identifier: GPL-2.0-only */
/* The file of secrets: who may read it, and what it must hold. */
#include "loader/lib/secrets.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[256], path[300];
static struct qs_state_secrets made, loaded;

static void make_directory(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%s/secrets_test.XXXXXX",
		 parent ? parent : P_tmpdir);
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/secrets", directory);
}

static void remove_directory(void)
{
	char name[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(directory);

	while ((entry = readdir(dir))) {
		snprintf(name, sizeof(name), "%s/%s", directory, entry->d_name);
		unlink(name);
	}
	closedir(dir);
	rmdir(directory);
}

TestSuite(secrets, .init = make_directory, .fini = remove_directory);

static size_t read_text(char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t length;

	cr_assert(file);
	length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	fclose(file);
	return length;
}

static void write_text(const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	cr_assert(file);
	fwrite(text, 1, length, file);
	fclose(file);
	chmod(path, 0600);
}

Test(secrets, missing)
{
	cr_assert_eq(qs_secrets_load(path, &loaded), -ENOENT);
}

Test(secrets, others_may_not_read)
{
	static const mode_t bad[] = {0644, 0640, 0604, 0620, 0602, 0610};

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		chmod(path, bad[i]);
		cr_assert_eq(qs_secrets_load(path, &loaded), -EACCES, "mode %o",
			     bad[i]);
	}
	chmod(path, 0400);
	cr_assert_eq(qs_secrets_load(path, &loaded), 0);
}

Test(secrets, only_a_regular_file)
{
	char link[300];

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	snprintf(link, sizeof(link), "%s/link", directory);
	cr_assert_eq(symlink(path, link), 0);
	cr_assert_eq(qs_secrets_load(link, &loaded), -EACCES);
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(qs_secrets_load(path, &loaded), -EACCES);
}

Test(secrets, cut_short_anywhere)
{
	char text[1024];
	size_t length;

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	length = read_text(text, sizeof(text));
	for (size_t i = 0; i < length; i++) {
		write_text(text, i);
		cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG,
			     "%zu octets", i);
	}
}

Test(secrets, other_content)
{
	char text[1100], *hash;
	size_t length;

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	length = read_text(text, sizeof(text));
	strcpy(text + length, "\n");
	write_text(text, length + 1);
	cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG, "more lines");
	text[length] = '\0';
	text[strlen("quicsteer-secrets ")] = '2';
	write_text(text, length);
	cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG, "version 2");
	text[strlen("quicsteer-secrets ")] = '1';
	hash = strstr(text, "hash ");
	memcpy(hash, "hush ", 5);
	write_text(text, length);
	cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG, "a name");
	memcpy(hash, "hash g", 6);
	write_text(text, length);
	cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG, "a digit");
	memset(text, 'a', sizeof(text));
	write_text(text, sizeof(text));
	cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG, "no lines");
}

Test(secrets, never_replaced)
{
	cr_assert_eq(qs_secrets_create(path, &made), 0);
	cr_assert_eq(qs_secrets_create(path, &loaded), -EEXIST);
	cr_assert_eq(qs_secrets_load(path, &loaded), 0);
	cr_assert_arr_eq(&loaded, &made, sizeof(made));
}

Test(secrets, come_back_as_they_were)
{
	static const struct qs_state_secrets zeros;
	struct stat status;
	char second[300];

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(status.st_mode & 07777, 0600);
	cr_assert_eq(qs_secrets_load(path, &loaded), 0);
	cr_assert_arr_eq(&loaded, &made, sizeof(made));
	cr_assert(memcmp(&made, &zeros, sizeof(made)));
	snprintf(second, sizeof(second), "%s/second", directory);
	cr_assert_eq(qs_secrets_create(second, &loaded), 0);
	cr_assert(memcmp(&loaded.cid_key, &made.cid_key, sizeof(made.cid_key)),
		  "drawn anew");
}
