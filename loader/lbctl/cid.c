/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/cid.h"
#include "loader/lib/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int cid_key_parse(const struct common *common, const char *text,
		  struct cid_key *key)
{
	size_t length;

	if (qs_parse_hex(text, key->octets, sizeof(key->octets), &length) ||
	    length != sizeof(key->octets))
		return usage(common, "a key is 32 hex digits (AES-128)");
	key->given = true;
	return 0;
}

int cid_key_read(const struct common *common, const char *path,
		 struct cid_key *key)
{
	char text[80] = "";
	FILE *file = fopen(path, "re");
	int status;

	if (!file)
		return failed(common, "cannot open the key file %s: %s", path,
			      strerror(errno));
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	text[strcspn(text, " \t\r\n")] = '\0';
	status = cid_key_parse(common, text, key);
	explicit_bzero(text, sizeof(text));
	return status;
}

int cid_config_make(const struct common *common, size_t server_id_length,
		    size_t nonce_length, const struct cid_key *key,
		    struct qs_cid_config *config)
{
	switch (qs_cid_lengths_check(server_id_length, nonce_length)) {
	case QS_CID_CONFIG_SERVER_ID_LENGTH:
		return usage(common,
			     "a server ID is 1 to 15 octets long, not %zu",
			     server_id_length);
	case QS_CID_CONFIG_NONCE_LENGTH:
		return usage(common, "a nonce is 4 to 18 octets long, not %zu",
			     nonce_length);
	case QS_CID_CONFIG_SUM:
		return usage(common,
			     "server ID and nonce are at most 19 octets "
			     "together, not %zu",
			     server_id_length + nonce_length);
	default:
		qs_cid_config_init(config, server_id_length, nonce_length,
				   key->given ? key->octets : NULL, 0);
		return 0;
	}
}

int cid_config_live(const struct common *common, const struct qs_maps *maps,
		    unsigned int id, struct qs_cid_config *config)
{
	int error = qs_maps_config(maps, id, config);

	if (error)
		return failed(common, "cannot read configuration %u: %s", id,
			      strerror(-error));
	if (config->encoding == QS_ENCODING_NONE)
		return failed(common,
			      "configuration %u is not in use; lbctl status "
			      "lists those that are",
			      id);
	return 0;
}
