/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/error_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminator/media_types.h"

struct entry {
	struct error_page page;
	struct qs_config_statuses statuses[QS_CONFIG_MAX_STATUSES];
	size_t status_count;
};

struct error_pages {
	size_t count;
	struct entry entries[];
};

/* Reads at most `room` octets. Returns how many, or -errno. */
static ssize_t read_whole(int fd, char *data, size_t room)
{
	size_t size = 0;

	while (size < room) {
		ssize_t count = read(fd, data + size, room - size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (!count)
			break;
		size += count;
	}
	return (ssize_t)size;
}

static int load(struct error_page *page, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t size;

	if (fd < 0)
		return -errno;
	page->body = malloc(ERROR_PAGE_MAX + 1);
	size = page->body ? read_whole(fd, page->body, ERROR_PAGE_MAX + 1)
			  : -ENOMEM;
	close(fd);
	if (size < 0)
		return (int)size;
	if (size > ERROR_PAGE_MAX)
		return -EFBIG;
	page->size = size;
	page->type = media_type_of(file);
	return 0;
}

static void explain(char *error, size_t size, const char *file, int result)
{
	if (result == -EFBIG)
		snprintf(error, size, "%s: an error page has at most %d KiB",
			 file, ERROR_PAGE_MAX / 1024);
	else
		snprintf(error, size, "%s: %s", file, strerror(-result));
}

int error_pages_load(const struct qs_config_error_page *list, size_t count,
		     struct error_pages **ret_pages, char *error, size_t size)
{
	struct error_pages *pages;

	*ret_pages = NULL;
	if (!count)
		return 0;
	pages = calloc(1, sizeof(*pages) + count * sizeof(*pages->entries));
	if (!pages) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		struct entry *entry = &pages->entries[pages->count++];
		int result = load(&entry->page, list[i].file);

		if (result) {
			explain(error, size, list[i].file, result);
			error_pages_free(pages);
			return result;
		}
		memcpy(entry->statuses, list[i].statuses,
		       sizeof(entry->statuses));
		entry->status_count = list[i].status_count;
	}
	*ret_pages = pages;
	return 0;
}

int error_pages_check(const struct qs_config *config, char *error, size_t size)
{
	struct error_pages *pages;
	int result =
		error_pages_load(config->error_pages, config->error_page_count,
				 &pages, error, size);

	for (size_t i = 0; !result && i < config->route_count; i++) {
		const struct qs_config_route *route = &config->routes[i];

		error_pages_free(pages);
		result = error_pages_load(route->error_pages,
					  route->error_page_count, &pages,
					  error, size);
	}
	if (!result)
		error_pages_free(pages);
	return result;
}

static bool is_for(const struct entry *entry, unsigned status)
{
	for (size_t i = 0; i < entry->status_count; i++)
		if (status >= entry->statuses[i].first &&
		    status <= entry->statuses[i].last)
			return true;
	return false;
}

const struct error_page *error_pages_find(const struct error_pages *pages,
					  unsigned status)
{
	for (size_t i = 0; pages && i < pages->count; i++)
		if (is_for(&pages->entries[i], status))
			return &pages->entries[i].page;
	return NULL;
}

void error_pages_free(struct error_pages *pages)
{
	if (!pages)
		return;
	for (size_t i = 0; i < pages->count; i++)
		free(pages->entries[i].page.body);
	free(pages);
}
