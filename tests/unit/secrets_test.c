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
	char text[4096];
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
	char text[4096], *hash;
	size_t length;

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	length = read_text(text, sizeof(text));
	strcpy(text + length, "\n");
	write_text(text, length + 1);
	cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG, "more lines");
	text[length] = '\0';
	text[strlen("quicsteer-secrets ")] = '4';
	write_text(text, length);
	cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG, "version 4");
	text[strlen("quicsteer-secrets ")] = '3';
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
	cr_assert(memcmp(loaded.configs[0].config.key,
			 made.configs[0].config.key, 16),
		  "drawn anew");
}

/* Three configurations, with a gap, of which number 4 is current. */
static void add_configs(struct qs_state_secrets *secrets)
{
	secrets->configs[0].retired_s = 1700000000;
	cr_assert_eq(qs_state_config_fill(&secrets->configs[1].config, 5, 6,
					  (const __u8 *)"0123456789abcdef",
					  QS_CONFIG_ASSIGNED),
		     0);
	secrets->configs[1].created_s = 1700000001;
	secrets->configs[1].retired_s = 4000000000;
	cr_assert_eq(qs_state_config_fill(
			     &secrets->configs[4].config, 4, 4, NULL,
			     QS_CONFIG_ASSIGNED | QS_CONFIG_SELF_LENGTH),
		     0);
	secrets->configs[4].created_s = 4000000000;
	secrets->current = 4;
}

Test(secrets, configurations_come_back_as_they_were)
{
	cr_assert_eq(qs_secrets_create(path, &made), 0);
	add_configs(&made);
	cr_assert_eq(qs_secrets_replace(path, &made), 0);
	cr_assert_eq(qs_secrets_load(path, &loaded), 0);
	cr_assert_arr_eq(&loaded, &made, sizeof(made));
	cr_assert_eq(loaded.configs[1].config.encoding, QS_ENCODING_FOUR_PASS);
	cr_assert_eq(loaded.configs[4].config.encoding, QS_ENCODING_PLAINTEXT);
}

Test(secrets, configurations_cut_short_anywhere)
{
	char text[4096];
	size_t length;

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	add_configs(&made);
	cr_assert_eq(qs_secrets_replace(path, &made), 0);
	length = read_text(text, sizeof(text));
	for (size_t i = 0; i < length; i++) {
		write_text(text, i);
		cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG,
			     "%zu octets", i);
	}
}

static void check_replaced(const char *old, const char *new)
{
	char text[4096], other[4200], *place;
	size_t before;

	qs_secrets_replace(path, &made);
	read_text(text, sizeof(text));
	place = strstr(text, old);
	cr_assert(place, "%s", old);
	before = place - text;
	snprintf(other, sizeof(other), "%.*s%s%s", (int)before, text, new,
		 place + strlen(old));
	write_text(other, strlen(other));
	cr_expect_eq(qs_secrets_load(path, &loaded), -EBADMSG, "%s: %s", old,
		     new);
}

Test(secrets, configurations_that_make_no_sense)
{
	cr_assert_eq(qs_secrets_create(path, &made), 0);
	add_configs(&made);
	check_replaced("current 4", "current 3");
	check_replaced("current 4", "current 1");
	check_replaced("current 4", "current 7");
	check_replaced("config 1", "config 7");
	check_replaced("config 1", "config 0");
	check_replaced("config 1 5 6", "config 1 3 6");
	check_replaced("config 1 5 6", "config 1 5 3");
	check_replaced("config 1 5 6", "config 1 14 6");
	check_replaced("config 1 5 6 1", "config 1 5 6 128");
	check_replaced("plaintext", "plain");
	check_replaced(" 1700000001 4000000000", " 1700000001");
	check_replaced(" 1700000001 4000000000", " 1700000001 x");
	check_replaced(" 1700000001 4000000000", " 1 2 3");
	check_replaced("end\n", "");
	check_replaced("ticket-since ", "ticket-since x");
	check_replaced("ticket-next ", "ticket-text ");
}

/* Removes the line that begins so. */
static void remove_line(char *text, const char *start)
{
	char *line = strstr(text, start), *next = strchr(line, '\n') + 1;

	memmove(line, next, strlen(next) + 1);
}

/* What the loader wrote when there was one secret for tickets. */
Test(secrets, version_2_is_read)
{
	const __u8(*old)[80] = made.shared.tickets;
	const __u8(*new)[80] = loaded.shared.tickets;
	char text[4096];
	struct stat status;

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	text[read_text(text, sizeof(text) - 1)] = '\0';
	text[strlen("quicsteer-secrets ")] = '2';
	remove_line(text, "ticket-previous");
	remove_line(text, "ticket-next");
	remove_line(text, "ticket-since");
	write_text(text, strlen(text));
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(qs_secrets_load(path, &loaded), 0);
	cr_expect_arr_eq(new[QS_TICKET_CURRENT], old[QS_TICKET_CURRENT], 80);
	cr_expect_arr_eq(new[QS_TICKET_PREVIOUS], old[QS_TICKET_CURRENT], 80);
	cr_expect_neq(memcmp(new[QS_TICKET_NEXT], old[QS_TICKET_CURRENT], 80),
		      0);
	cr_expect_eq(loaded.ticket_since_s, (__u64)status.st_mtime);
}

Test(secrets, ticket_secrets_change)
{
	const __u8(*old)[80] = made.shared.tickets;
	const __u8(*new)[80] = loaded.shared.tickets;

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	loaded = made;
	cr_assert_eq(qs_secrets_rotate_ticket(&loaded, 1700000000), 0);
	cr_expect_eq(loaded.ticket_since_s, 1700000000);
	cr_expect_arr_eq(new[QS_TICKET_PREVIOUS], old[QS_TICKET_CURRENT], 80);
	cr_expect_arr_eq(new[QS_TICKET_CURRENT], old[QS_TICKET_NEXT], 80);
	for (int i = 0; i < QS_TICKET_SECRETS; i++)
		cr_expect_neq(memcmp(new[QS_TICKET_NEXT], old[i], 80), 0);
	cr_expect_arr_eq(loaded.shared.reset, made.shared.reset, 32);
	cr_assert_eq(qs_secrets_replace(path, &loaded), 0);
	made = loaded;
	cr_assert_eq(qs_secrets_load(path, &loaded), 0);
	cr_expect_arr_eq(&loaded, &made, sizeof(made));
}

/* What the loader wrote before there was rotation. */
Test(secrets, version_1_is_read)
{
	static const char key[] = "000102030405060708090a0b0c0d0e0f";
	char text[4096] = "quicsteer-secrets 1\n";
	const struct qs_control_cid_config *config = &loaded.configs[0].config;
	struct stat status;

	for (int i = 0; i < 2; i++)
		sprintf(text + strlen(text), "%s %s%s\n", i ? "token" : "reset",
			key, key);
	sprintf(text + strlen(text), "ticket %s%s%s%s%s\n", key, key, key, key,
		key);
	sprintf(text + strlen(text), "hash %s\ncid %s\n", key, key);
	write_text(text, strlen(text));
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(qs_secrets_load(path, &loaded), 0);
	cr_expect_eq(loaded.current, 0);
	cr_expect_eq(config->encoding, QS_ENCODING_SINGLE_PASS);
	cr_expect_eq(config->server_id_length, 4);
	cr_expect_eq(config->nonce_length, 12);
	cr_expect_eq(config->key[15], 15);
	cr_expect_eq(loaded.configs[0].created_s, (__u64)status.st_mtime);
	made = loaded;
	cr_assert_eq(qs_secrets_replace(path, &made), 0);
	cr_assert_eq(qs_secrets_load(path, &loaded), 0);
	cr_expect_arr_eq(&loaded, &made, sizeof(made));
	for (size_t i = 0; i < strlen(text); i++) {
		write_text(text, i);
		cr_assert_eq(qs_secrets_load(path, &loaded), -EBADMSG,
			     "%zu octets", i);
	}
}

Test(secrets, replaced_whole_or_not_at_all)
{
	char other[310];

	cr_assert_eq(qs_secrets_create(path, &made), 0);
	loaded = made;
	add_configs(&loaded);
	snprintf(other, sizeof(other), "%s.new", path);
	cr_assert_eq(mkdir(other, 0700), 0);
	cr_assert_neq(qs_secrets_replace(path, &loaded), 0);
	rmdir(other);
	cr_assert_eq(qs_secrets_load(path, &loaded), 0);
	cr_assert_arr_eq(&loaded, &made, sizeof(made));
}
