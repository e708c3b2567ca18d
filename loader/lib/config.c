/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text -> document (config_text.c) -> normal document: checked, with defaults,
 * in base units (config_walk.c, config_kinds.c) -> struct qs_config, by
 * libcyaml (config_build.c) -> checks of the whole (config_check.c).
 */
#include "loader/lib/config.h"
#include "loader/lib/config_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 1 << 20 };

static int finish(struct qs_document *document, struct qs_config *config,
		  bool check_files)
{
	int result = qs_config_complete(document, config);

	if (!result && check_files)
		result = qs_config_check_files(document, config);
	return result;
}

static struct qs_config *parse(const char *text, size_t size, bool check_files,
			       struct qs_config_error *ret_error)
{
	struct qs_config *config = NULL;
	struct qs_document document;

	if (qs_document_load(&document, text, size, ret_error))
		return NULL;
	if (!qs_config_walk(&document) && !qs_config_resolve(&document) &&
	    !qs_config_build(&document, &config) &&
	    finish(&document, config, check_files)) {
		qs_config_free(config);
		config = NULL;
	}
	qs_document_free(&document);
	return config;
}

static void set_error(struct qs_config_error *error, const char *format,
		      const char *detail)
{
	memset(error, 0, sizeof(*error));
	snprintf(error->text, sizeof(error->text), format, detail);
}

struct qs_config *qs_config_parse(const char *text, size_t size,
				  struct qs_config_error *ret_error)
{
	if (size > FILE_SIZE_MAX) {
		set_error(ret_error, "larger than 1 MiB%s", "");
		return NULL;
	}
	return parse(text, size, false, ret_error);
}

/* Reads up to one octet more than is allowed. Returns the size or -errno. */
static ssize_t read_file(const char *path, char *text)
{
	size_t size = 0;
	ssize_t count;
	struct stat status;
	int result = 0, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &status) && S_ISDIR(status.st_mode))
		result = -EISDIR;
	while (!result && size <= FILE_SIZE_MAX) {
		count = read(fd, text + size, FILE_SIZE_MAX + 1 - size);
		if (count < 0 && errno != EINTR)
			result = -errno;
		if (!count)
			break;
		if (count > 0)
			size += count;
	}
	close(fd);
	return result ? result : (ssize_t)size;
}

struct qs_config *qs_config_load(const char *path,
				 struct qs_config_error *ret_error)
{
	char *text = malloc(FILE_SIZE_MAX + 1);
	struct qs_config *config = NULL;
	ssize_t size;

	if (!text) {
		set_error(ret_error, "memory is short%s", "");
		return NULL;
	}
	size = read_file(path, text);
	if (size < 0)
		set_error(ret_error, "cannot be read: %s", strerror(-size));
	else if (size > FILE_SIZE_MAX)
		set_error(ret_error, "larger than 1 MiB%s", "");
	else
		config = parse(text, size, true, ret_error);
	free(text);
	return config;
}

char *qs_config_format_error(char *text, size_t size, const char *file,
			     const struct qs_config_error *error)
{
	char position[32] = "";

	if (error->line)
		snprintf(position, sizeof(position), ":%u:%u", error->line,
			 error->column);
	snprintf(text, size, "%s%s: %s%s%s", file, position, error->path,
		 *error->path ? ": " : "", error->text);
	return text;
}

/* Both sections that a program may need are needed as a whole. */
static int needs(const void *member, const char *section, const char *text,
		 struct qs_config_error *error)
{
	if (member)
		return 0;
	set_error(error, "%s", text);
	snprintf(error->path, sizeof(error->path), "%s", section);
	return -EINVAL;
}

int qs_config_needs_loader(const struct qs_config *config,
			   struct qs_config_error *ret_error)
{
	return needs(config->loader.interface, "loader",
		     "missing, but the loader needs it, with interface and "
		     "vips",
		     ret_error);
}

bool qs_config_self_signed(const struct qs_config *config)
{
	return !config->terminator.certificate &&
	       !config->terminator.certificate_count;
}
