/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/listed.h"
#include "loader/lib/key_file.h"
#include "loader/lib/parse.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct qs_server_id_key));
}

static const struct listed_server *
find_server(const struct listed *listed, const struct qs_server_id_key *key)
{
	if (!listed->count)
		return NULL;
	return bsearch(key, listed->servers, listed->count,
		       sizeof(*listed->servers), compare_keys);
}

static int read_key(const struct qs_config_cid *config, __u8 key[16],
		    char *text, size_t size)
{
	int error = qs_key_file_read(config->key_file, key);

	if (error == -EACCES)
		snprintf(text, size,
			 "loader.cid_configs, ID %u: key_file %.200s must be a "
			 "file of the loader's user that nobody else may read "
			 "or write (chmod 600)",
			 config->id, config->key_file);
	else if (error == -EBADMSG)
		snprintf(text, size,
			 "loader.cid_configs, ID %u: key_file %.200s does not "
			 "hold 32 hex digits and nothing else",
			 config->id, config->key_file);
	else if (error)
		snprintf(text, size,
			 "loader.cid_configs, ID %u: cannot read key_file "
			 "%.200s: %s",
			 config->id, config->key_file, strerror(-error));
	return error ? -1 : 0;
}

static int make_config(struct listed *listed,
		       const struct qs_config_cid *config,
		       const struct qs_state_secrets *secrets, char *text,
		       size_t size)
{
	__u8 key[16];
	int error = 0;

	if (secrets->configs[config->id].config.encoding != QS_ENCODING_NONE) {
		snprintf(text, size,
			 "loader.cid_configs, ID %u: the loader's own %s "
			 "configuration has it; choose one that lbctl cid "
			 "configs does not show",
			 config->id,
			 secrets->current == config->id ? "current"
							: "retiring");
		return -1;
	}
	if (config->is_encrypted)
		error = read_key(config, key, text, size);
	if (!error)
		qs_state_config_fill(
			&listed->configs[config->id], config->server_id_length,
			config->nonce_length, config->is_encrypted ? key : NULL,
			QS_CONFIG_LISTED);
	explicit_bzero(key, sizeof(key));
	return error;
}

static void add_servers(struct listed *listed,
			const struct qs_config_cid *config)
{
	for (size_t i = 0; i < config->server_id_count; i++) {
		const struct qs_config_server_id *from = &config->server_ids[i];
		struct listed_server *server = &listed->servers[listed->count];
		size_t length;

		server->key.config_id = config->id;
		qs_parse_hex(from->server_id, server->key.server_id,
			     sizeof(server->key.server_id), &length);
		strncpy(server->terminator, from->terminator,
			sizeof(server->terminator) - 1);
		listed->count++;
	}
}

int listed_make(struct listed *ret_listed, const struct options *options,
		const struct qs_state_secrets *secrets, char *text, size_t size)
{
	const struct qs_config_cid *configs = options->cid_configs;
	size_t count = 0;

	*ret_listed = (struct listed){};
	for (size_t i = 0; i < options->cid_config_count; i++)
		count += configs[i].server_id_count;
	if (!count)
		return 0;
	ret_listed->servers = calloc(count, sizeof(*ret_listed->servers));
	if (!ret_listed->servers) {
		snprintf(text, size, "loader.cid_configs: memory is short");
		return -1;
	}
	for (size_t i = 0; i < options->cid_config_count; i++) {
		if (make_config(ret_listed, &configs[i], secrets, text, size)) {
			listed_free(ret_listed);
			return -1;
		}
		add_servers(ret_listed, &configs[i]);
	}
	qsort(ret_listed->servers, ret_listed->count,
	      sizeof(*ret_listed->servers), compare_keys);
	return 0;
}

void listed_free(struct listed *listed)
{
	free(listed->servers);
	explicit_bzero(listed, sizeof(*listed));
}

__u8 listed_ids(const struct listed *listed)
{
	__u8 ids = 0;

	for (int id = 0; id < QS_CID_CONFIGS; id++) {
		if (listed->configs[id].encoding != QS_ENCODING_NONE)
			ids |= 1 << id;
	}
	return ids;
}

/* Who has the name: the live process, else the newest of those that drain. */
static __u32 find_slot(const struct qs_maps *maps, const char *name)
{
	const struct qs_terminator *found = NULL, *one = maps->terminators;

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++, one++) {
		if ((one->state != QS_TERMINATOR_LIVE &&
		     one->state != QS_TERMINATOR_DRAINING) ||
		    strcmp(one->name, name))
			continue;
		if (one->state == QS_TERMINATOR_LIVE)
			return slot;
		if (!found || one->registered_ns > found->registered_ns)
			found = one;
	}
	return found ? found - maps->terminators : QS_NO_SLOT;
}

int listed_follow(const struct listed *listed, const struct qs_maps *maps)
{
	int fd = maps->fd[QS_MAP_SERVER_IDS];
	const char *name = "";
	__u32 slot = QS_NO_SLOT, recorded;

	for (size_t i = 0; i < listed->count; i++) {
		const struct listed_server *server = &listed->servers[i];

		if (strcmp(server->terminator, name)) {
			name = server->terminator;
			slot = find_slot(maps, name);
		}
		if (!bpf_map_lookup_elem(fd, &server->key, &recorded) &&
		    recorded == slot)
			continue;
		if (bpf_map_update_elem(fd, &server->key, &slot, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

int listed_forget(const struct listed *listed, const struct qs_maps *maps)
{
	int fd = maps->fd[QS_MAP_SERVER_IDS];
	struct qs_server_id_key key, next;
	bool more = !bpf_map_get_next_key(fd, NULL, &key);

	for (; more; key = next) {
		more = !bpf_map_get_next_key(fd, &key, &next);
		if (!find_server(listed, &key) &&
		    bpf_map_delete_elem(fd, &key) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}
