/* SPDX-License-Identifier: GPL-2.0-only */
/* What takes more than one key of loader.cid_configs to tell. */
#include "loader/lib/config_internal.h"
#include "quicsteer/cid.h"

#include <stdio.h>
#include <string.h>

typedef char path_text[QS_CONFIG_PATH_SIZE];
typedef char key_text[64];

/* An error at a key of a configuration. */
#define fail(document, index, key, ...)                                      \
	({                                                                   \
		path_text fail_path;                                         \
                                                                             \
		snprintf(fail_path, sizeof(fail_path),                       \
			 "loader.cid_configs[%zu]%s", (size_t)(index), key); \
		qs_document_error(document,                                  \
				  qs_document_find(document, fail_path),     \
				  fail_path, __VA_ARGS__);                   \
	})

static int check_lengths(struct qs_document *document,
			 const struct qs_config_cid *config, size_t index)
{
	uint32_t sum = config->server_id_length + config->nonce_length;

	if (sum > QS_BODY_MAX)
		return fail(document, index, ".nonce_length",
			    "server ID and nonce are at most %d octets "
			    "together, not %u",
			    QS_BODY_MAX, sum);
	return 0;
}

static int check_key(struct qs_document *document,
		     const struct qs_config_cid *config, size_t index)
{
	if (config->is_encrypted && !config->key_file)
		return fail(document, index, "",
			    "key_file is missing, but an encrypted "
			    "configuration needs it (encoding: plaintext "
			    "needs none)");
	if (!config->is_encrypted && config->key_file)
		return fail(document, index, ".key_file",
			    "a plaintext configuration has no key");
	return 0;
}

/* Where the server ID stands a second time, or in clear and encrypted, which
 * would give the cipher's input away. */
static int check_once(struct qs_document *document,
		      const struct qs_config_cid *configs, size_t index,
		      size_t entry)
{
	const struct qs_config_cid *config = &configs[index];
	const char *server_id = config->server_ids[entry].server_id;

	for (size_t i = 0; i <= index; i++) {
		size_t count = i < index ? configs[i].server_id_count : entry;

		if (i < index &&
		    configs[i].is_encrypted == config->is_encrypted)
			continue;
		for (size_t j = 0; j < count; j++) {
			key_text key;

			if (strcmp(configs[i].server_ids[j].server_id,
				   server_id))
				continue;
			snprintf(key, sizeof(key), ".server_ids[%zu].server_id",
				 entry);
			return fail(document, index, key,
				    "\"%s\": given twice; the first is "
				    "loader.cid_configs[%zu].server_ids[%zu]%s",
				    server_id, i, j,
				    i < index ? ", and what one of them shows "
						"the other encrypts"
					      : "");
		}
	}
	return 0;
}

static int check_server_ids(struct qs_document *document,
			    const struct qs_config_cid *configs, size_t index)
{
	const struct qs_config_cid *config = &configs[index];
	int result = 0;

	for (size_t i = 0; i < config->server_id_count && !result; i++) {
		const char *server_id = config->server_ids[i].server_id;
		key_text key;

		if (strlen(server_id) == 2 * config->server_id_length) {
			result = check_once(document, configs, index, i);
			continue;
		}
		snprintf(key, sizeof(key), ".server_ids[%zu].server_id", i);
		result = fail(document, index, key,
			      "\"%s\": %zu octets, but server_id_length is %u",
			      server_id, strlen(server_id) / 2,
			      config->server_id_length);
	}
	return result;
}

int qs_config_check_cid(struct qs_document *document,
			const struct qs_config_loader *loader)
{
	const struct qs_config_cid *configs = loader->cid_configs;
	size_t count = 0;

	for (size_t i = 0; i < loader->cid_config_count; i++) {
		int result = check_lengths(document, &configs[i], i);

		for (size_t j = 0; j < i && !result; j++) {
			if (configs[j].id == configs[i].id)
				result = fail(document, i, ".id",
					      "%u: given twice; the first is "
					      "loader.cid_configs[%zu]",
					      configs[i].id, j);
		}
		count += configs[i].server_id_count;
		if (!result && count > QS_MAX_LISTED_SERVERS)
			result = fail(document, i, ".server_ids",
				      "%zu server IDs with those before; at "
				      "most %d are allowed in all",
				      count, QS_MAX_LISTED_SERVERS);
		if (!result)
			result = check_key(document, &configs[i], i);
		if (!result)
			result = check_server_ids(document, configs, i);
		if (result)
			return result;
	}
	return 0;
}
