/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of loader.cid_configs. */
#include "loader/lib/config_tables.h"
#include "quicsteer/cid.h"

static const cyaml_strval_t encodings[] = {
	{"plaintext", false},
	{"encrypted", true},
};

static const struct qs_config_key server_id_keys[] = {
	{
		.name = "server_id",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_REQUIRED | QS_KEY_LOWER_CASE,
		MEMBER(struct qs_config_server_id, server_id),
		.minimum = 2,
		.maximum = 2 * QS_SERVER_ID_MAX,
		.pattern = "^([0-9A-Fa-f][0-9A-Fa-f])+$",
		.form = "a server ID is 1 to 15 octets in hex",
		.help = "the server ID in hex, two digits an octet",
	},
	{
		.name = "terminator",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_server_id, terminator),
		.minimum = 1,
		.maximum = QS_NAME_SIZE - 1,
		.pattern = NAME_PATTERN,
		.form = NAME_FORM,
		.help = "name of the terminator that issues CIDs with it; the "
			"process that has registered under it last gets the "
			"packets",
	},
	{},
};

static const struct qs_config_mapping server_id_mapping = {
	server_id_keys, sizeof(struct qs_config_server_id)};

static const struct qs_config_key keys[] = {
	{
		.name = "id",
		.kind = QS_KIND_NUMBER,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_cid, id),
		.maximum = QS_CONFIG_ID_NONE - 1,
		.help = "configuration ID, the first three bits of its CIDs; "
			"the loader's own configurations never take it",
	},
	{
		.name = "encoding",
		.kind = QS_KIND_CHOICE,
		.fallback = "encrypted",
		MEMBER(struct qs_config_cid, is_encrypted),
		CHOICES(encodings),
		.help = "encrypted is single pass where server ID and nonce "
			"are 16 octets together, else four pass",
	},
	{
		.name = "key_file",
		.kind = QS_KIND_TEXT,
		.flags = QS_KEY_FILE,
		MEMBER(struct qs_config_cid, key_file),
		.minimum = 2,
		.maximum = 4095,
		.pattern = FILE_PATTERN,
		.form = FILE_FORM,
		.help = "file with the AES-128 key of an encrypted one, 32 "
			"hex digits, that nobody but the loader's user may "
			"read",
	},
	{
		.name = "server_id_length",
		.kind = QS_KIND_NUMBER,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_cid, server_id_length),
		.minimum = QS_SERVER_ID_MIN,
		.maximum = QS_SERVER_ID_MAX,
		.help = "octets of a server ID",
	},
	{
		.name = "nonce_length",
		.kind = QS_KIND_NUMBER,
		.flags = QS_KEY_REQUIRED,
		MEMBER(struct qs_config_cid, nonce_length),
		.minimum = QS_NONCE_MIN,
		.maximum = QS_NONCE_MAX,
		.help = "octets of a nonce; with the server ID at most 19",
	},
	{
		.name = "server_ids",
		LIST(struct qs_config_cid, server_ids, server_id_count),
		.flags = QS_KEY_REQUIRED,
		.minimum = 1,
		.maximum = QS_MAX_LISTED_SERVERS,
		.mapping = &server_id_mapping,
		.help = "the server IDs and whose they are, at most 4096 of "
			"all configurations",
	},
	{},
};

const struct qs_config_mapping qs_config_cid_mapping = {
	keys, sizeof(struct qs_config_cid)};
