/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/wishes.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

static struct qs_wish_key make_key(enum qs_wish_kind kind, const char *name,
				   size_t length)
{
	struct qs_wish_key key = {.kind = kind};

	if (length >= sizeof(key.name))
		length = sizeof(key.name) - 1;
	memcpy(key.name, name, length);
	return key;
}

static int look_up(const struct qs_maps *maps, const struct qs_wish_key *key,
		   struct qs_wish *ret_wish)
{
	if (bpf_map_lookup_elem(maps->fd[QS_MAP_WISHES], key, ret_wish) < 0)
		return -errno;
	return 0;
}

int qs_wish_get(const struct qs_maps *maps, enum qs_wish_kind kind,
		const char *name, struct qs_wish *ret_wish)
{
	struct qs_wish_key key = make_key(kind, name, strlen(name));
	const char *at = strchr(name, '@');
	struct qs_wish wish;
	int error = look_up(maps, &key, &wish);

	if (error == -ENOENT && kind == QS_WISH_BACKEND && at) {
		key = make_key(kind, name, at - name);
		error = look_up(maps, &key, &wish);
	}
	*ret_wish = error ? QS_NO_WISH : wish;
	return error == -ENOENT ? 0 : error;
}

static bool wants_nothing(const struct qs_wish *wish)
{
	return wish->weight == QS_WEIGHT_UNSET &&
	       wish->breaker == QS_WISH_AUTO && !wish->drain;
}

static int keep(struct qs_maps *maps, const struct qs_wish_key *key,
		const struct qs_wish *wish)
{
	int fd = maps->fd[QS_MAP_WISHES];

	if (!wants_nothing(wish))
		return bpf_map_update_elem(fd, key, wish, BPF_ANY) < 0 ? -errno
								       : 0;
	if (bpf_map_delete_elem(fd, key) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

static int copy_to_terminators(struct qs_maps *maps, const char *name,
			       const struct qs_wish *wish)
{
	int count = 0;

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		struct qs_terminator *row = &maps->terminators[slot];

		if (row->state == QS_TERMINATOR_FREE || strcmp(row->name, name))
			continue;
		row->wish = *wish;
		count++;
	}
	return count;
}

/* Rows of "name" and of "name@...", each by what now holds for it. */
static int copy_to_backends(struct qs_maps *maps, const char *name)
{
	size_t length = strlen(name);
	int count = 0, error = 0;

	for (int i = 0; i < QS_MAX_BACKENDS && !error; i++) {
		struct qs_backend *row = &maps->backends[i];

		if (row->state == QS_BACKEND_FREE ||
		    strncmp(row->name, name, length) ||
		    (row->name[length] && row->name[length] != '@'))
			continue;
		error = qs_wish_get(maps, QS_WISH_BACKEND, row->name,
				    &row->wish);
		count++;
	}
	return error ? error : count;
}

int qs_wish_set(struct qs_maps *maps, enum qs_wish_kind kind, const char *name,
		const struct qs_wish *wish)
{
	struct qs_wish_key key = make_key(kind, name, strlen(name));
	int error = keep(maps, &key, wish);

	if (error)
		return error;
	return kind == QS_WISH_TERMINATOR
		       ? copy_to_terminators(maps, name, wish)
		       : copy_to_backends(maps, name);
}
