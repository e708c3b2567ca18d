/* SPDX-License-Identifier: GPL-2.0-only */
/* Which file is opened, and which never is. */
#include "terminator/files_open.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/files_open_test.XXXXXX";
static char root[64];

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	cr_assert(fd >= 0 && write(fd, text, strlen(text)) > 0, "%s", name);
	close(fd);
}

static void set_up(void)
{
	cr_assert(mkdtemp(directory) && !chdir(directory));
	snprintf(root, sizeof(root), "%s/root", directory);
	cr_assert(!mkdir("root", 0755) && !mkdir("root/dir", 0755) &&
		  !mkdir("root/bare", 0755) && !mkdir("root/x.gz", 0755));
	write_file("secret", "secret");
	write_file("root/a", "a");
	write_file("root/a.gz", "gzip");
	write_file("root/a.br", "br");
	write_file("root/x", "x");
	write_file("root/dir/index", "index");
	write_file("root/dir/index.zst", "zstd");
	cr_assert(!symlink("a", "root/inside") &&
		  !symlink("../a", "root/dir/up") &&
		  !symlink("../secret", "root/outside") &&
		  !symlink("/", "root/slash") && !symlink("l", "root/l") &&
		  !symlink("../root/a", "root/around") &&
		  !mkfifo("root/fifo", 0644));
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(files_open, .init = set_up, .fini = tear_down);

static struct files_open found;

/* What is in the file, or "" and the result. A thread is the last resort. */
static int look(const char *name, bool is_directory, const char *accept,
		char text[static 16])
{
	const struct field field = {"accept-encoding", 15, accept,
				    strlen(accept)};
	ssize_t size;
	int result;

	found = (struct files_open){.root = root,
				    .name = name,
				    .is_directory = is_directory,
				    .index = "index",
				    .precompressed = *accept,
				    .cached = true};
	accept_encoding_read(&found.accept, &field, *accept ? 1 : 0);
	result = files_open_run(&found);
	if (result == -EAGAIN) {
		found.cached = false;
		result = files_open_run(&found);
	}
	text[0] = '\0';
	if (result) {
		cr_expect_eq(found.fd, -1, "%s", name);
		return result;
	}
	size = read(found.fd, text, 15);
	text[size > 0 ? size : 0] = '\0';
	cr_expect(files_open_same(found.fd, &found.status));
	close(found.fd);
	return 0;
}

Test(files_open, table)
{
	static const struct {
		const char *name;
		bool is_directory;
		const char *accept;
		int result;
		const char *text;
		enum coding coding;
	} rows[] = {
		{"a", false, "", 0, "a", CODING_IDENTITY},
		{"a", true, "", -ENOENT, "", CODING_IDENTITY},
		{"a", false, "gzip", 0, "gzip", CODING_GZIP},
		{"a", false, "gzip, br", 0, "br", CODING_BR},
		{"a", false, "gzip;q=0.9, br;q=0.8", 0, "gzip", CODING_GZIP},
		{"a", false, "zstd", 0, "a", CODING_IDENTITY},
		{"a", false, "zstd, gzip;q=0.1", 0, "gzip", CODING_GZIP},
		{"a", false, "identity", 0, "a", CODING_IDENTITY},
		/* A directory is no variant. */
		{"x", false, "gzip", 0, "x", CODING_IDENTITY},
		{"dir", false, "", -EISDIR, "", CODING_IDENTITY},
		{"dir", true, "", 0, "index", CODING_IDENTITY},
		{"dir", true, "zstd", 0, "zstd", CODING_ZSTD},
		{"bare", true, "", -ENOENT, "", CODING_IDENTITY},
		{".", true, "", -ENOENT, "", CODING_IDENTITY},
		{"none", false, "gzip", -ENOENT, "", CODING_IDENTITY},
		{"none/a", false, "", -ENOENT, "", CODING_IDENTITY},
		{"a/b", false, "", -ENOENT, "", CODING_IDENTITY},
		{"inside", false, "", 0, "a", CODING_IDENTITY},
		{"dir/up", false, "", 0, "a", CODING_IDENTITY},
		{"outside", false, "", -ENOENT, "", CODING_IDENTITY},
		{"slash/etc/passwd", false, "", -ENOENT, "", CODING_IDENTITY},
		{"slash", true, "", -ENOENT, "", CODING_IDENTITY},
		{"around", false, "", -ENOENT, "", CODING_IDENTITY},
		{"l", false, "", -ENOENT, "", CODING_IDENTITY},
		{"fifo", false, "", -ENOENT, "", CODING_IDENTITY},
		/* Should a path ever come so far. */
		{"../secret", false, "", -ENOENT, "", CODING_IDENTITY},
		{"dir/../../secret", false, "", -ENOENT, "", CODING_IDENTITY},
		{"/etc/passwd", false, "", -ENOENT, "", CODING_IDENTITY},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[16];
		int result = look(rows[i].name, rows[i].is_directory,
				  rows[i].accept, text);

		cr_expect_eq(result, rows[i].result, "%s gives %d",
			     rows[i].name, result);
		cr_expect_str_eq(text, rows[i].text, "%s with \"%s\" gives %s",
				 rows[i].name, rows[i].accept, text);
		cr_expect(result || found.coding == rows[i].coding, "%s",
			  rows[i].name);
	}
}

Test(files_open, changes_are_seen)
{
	found = (struct files_open){.root = root, .name = "a"};
	cr_assert_eq(files_open_run(&found), 0);
	cr_expect(files_open_same(found.fd, &found.status));
	cr_assert_eq(truncate("root/a", 0), 0);
	cr_expect_not(files_open_same(found.fd, &found.status));
	close(found.fd);
	cr_assert_eq(files_open_run(&found), 0);
	cr_assert_eq(rename("root/x", "root/a"), 0);
	cr_expect(files_open_same(found.fd, &found.status),
		  "another file has its name; it is as it was");
	close(found.fd);
}

Test(files_open, no_root)
{
	found = (struct files_open){.root = "/nonexistent", .name = "a"};
	cr_expect_eq(files_open_run(&found), -ENOENT);
	cr_expect_eq(found.fd, -1);
}
