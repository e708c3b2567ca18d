/* SPDX-License-Identifier: GPL-2.0-only */
/* Files with keys: what is taken from them, and whose may not be. */
#include "loader/lib/key_file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/quicsteer-key-XXXXXX";
static char path[64], other[64];

static void make_directory(void)
{
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/key", directory);
	snprintf(other, sizeof(other), "%s/link", directory);
}

static void remove_directory(void)
{
	unlink(other);
	unlink(path);
	rmdir(directory);
}

TestSuite(key_file, .init = make_directory, .fini = remove_directory);

/* What reading a file of this content says; `key` is what came of it. */
static int read_text(const char *text, mode_t mode, __u8 key[16])
{
	FILE *file = fopen(path, "w");

	cr_assert(file);
	fputs(text, file);
	fclose(file);
	chmod(path, mode);
	return qs_key_file_read(path, key);
}

#define HEX "00112233445566778899aAbBcCdDeEfF"

Test(key_file, keys)
{
	static const __u8 wanted[16] = {0,    0x11, 0x22, 0x33, 0x44, 0x55,
					0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
					0xcc, 0xdd, 0xee, 0xff};
	static const char *const good[] = {HEX, HEX "\n", HEX " \r\n\n"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		__u8 key[16] = {};

		cr_assert_eq(read_text(good[i], 0600, key), 0, "%zu", i);
		cr_expect_arr_eq(key, wanted, sizeof(key));
	}
}

Test(key_file, what_is_no_key)
{
	static const char *const bad[] = {
		"",	    "\n",
		HEX "0",    HEX "\n" HEX,
		HEX " x",   " " HEX,
		"0x" HEX,   "00112233445566778899aAbBcCdDeEf",
		HEX HEX HEX};
	__u8 key[16] = "as it was";

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(read_text(bad[i], 0600, key), -EBADMSG, "%zu", i);
	cr_expect_str_eq((char *)key, "as it was");
}

Test(key_file, files_that_others_may_read)
{
	__u8 key[16];

	cr_expect_eq(read_text(HEX, 0640, key), -EACCES);
	cr_expect_eq(read_text(HEX, 0602, key), -EACCES);
	cr_expect_eq(read_text(HEX, 0600, key), 0);
	cr_assert_eq(symlink(path, other), 0);
	cr_expect_eq(qs_key_file_read(other, key), -EACCES);
	cr_expect_eq(qs_key_file_read(directory, key), -EACCES);
	unlink(path);
	cr_expect_eq(qs_key_file_read(path, key), -ENOENT);
}
