/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/vectors/rows.h"

#include <ctype.h>
#include <stdlib.h>

enum column {
	SECTION,
	CONFIG_ID,
	ENCODING,
	KEY,
	SERVER_ID,
	NONCE,
	CID,
	SELF_LENGTH,
	COLUMNS,
};

int hex_read(const char *text, __u8 *octets, size_t size)
{
	size_t length = strlen(text);
	size_t i;

	if (length % 2 || length / 2 > size)
		return -1;
	for (i = 0; i < length; i++)
		if (!isxdigit((unsigned char)text[i]))
			return -1;
	for (i = 0; i < length / 2; i++) {
		char pair[3] = {text[2 * i], text[2 * i + 1]};

		octets[i] = strtoul(pair, NULL, 16);
	}
	return length / 2;
}

static int encoding_read(const char *text)
{
	if (!strcmp(text, "plaintext"))
		return QS_ENCODING_PLAINTEXT;
	if (!strcmp(text, "single-pass"))
		return QS_ENCODING_SINGLE_PASS;
	if (!strcmp(text, "four-pass"))
		return QS_ENCODING_FOUR_PASS;
	return QS_ENCODING_NONE;
}

static int config_read(char *const column[COLUMNS], struct vector_row *row)
{
	__u8 key[QS_AES_KEY_SIZE];
	int key_length = hex_read(column[KEY], key, sizeof(key));
	int self = !strcmp(column[SELF_LENGTH], "y");

	if (key_length != 0 && key_length != sizeof(key))
		return -EINVAL;
	if (!self && strcmp(column[SELF_LENGTH], "n"))
		return -EINVAL;
	if (qs_cid_config_init(&row->config, row->server_id_length,
			       row->nonce_length, key_length ? key : NULL,
			       self ? QS_CONFIG_SELF_LENGTH : 0))
		return -EINVAL;
	if (row->config.encoding != encoding_read(column[ENCODING]))
		return -EINVAL;
	return 0;
}

static int row_read(char *const column[COLUMNS], struct vector_row *row)
{
	int server_id, nonce, cid;
	char *end;

	row->config_id = strtoul(column[CONFIG_ID], &end, 10);
	if (end == column[CONFIG_ID] || *end ||
	    row->config_id >= QS_CONFIG_ID_NONE)
		return -EINVAL;
	server_id =
		hex_read(column[SERVER_ID], row->server_id, QS_SERVER_ID_MAX);
	nonce = hex_read(column[NONCE], row->nonce, QS_NONCE_MAX);
	cid = hex_read(column[CID], row->cid, sizeof(row->cid));
	if (server_id < 0 || nonce < 0 || cid < 0)
		return -EINVAL;
	row->server_id_length = server_id;
	row->nonce_length = nonce;
	row->cid_length = cid;
	return config_read(column, row);
}

int vector_row_next(FILE *file, struct vector_row *row)
{
	char line[512];
	char *column[COLUMNS], *rest;
	unsigned int number = row->line;
	int i;

	while (fgets(line, sizeof(line), file)) {
		number++;
		line[strcspn(line, "\r\n")] = '\0';
		if (!*line || !strncmp(line, "section,", 8))
			continue;
		rest = line;
		for (i = 0; i < COLUMNS; i++)
			column[i] = strsep(&rest, ",");
		if (strstr(column[SECTION], "BROKEN"))
			continue;

		memset(row, 0, sizeof(*row));
		row->line = number;
		snprintf(row->section, sizeof(row->section), "%s",
			 column[SECTION]);
		if (!column[COLUMNS - 1] || rest)
			return -EINVAL;
		return row_read(column, row) ? -EINVAL : 1;
	}
	return 0;
}

int vector_row_encodes(const struct vector_row *row)
{
	__u8 cid[QS_CID_MAX];
	size_t length =
		qs_cid_encode(&row->config, row->config_id, row->server_id,
			      row->nonce, row->cid[0], cid);

	return length == row->cid_length && !memcmp(cid, row->cid, length);
}

int vector_row_decodes(const struct vector_row *row)
{
	struct qs_cid_parts parts;

	return qs_cid_config_id(row->cid[0]) == row->config_id &&
	       !qs_cid_decode(&row->config, row->cid, row->cid_length,
			      &parts) &&
	       !memcmp(parts.server_id, row->server_id, 16) &&
	       !memcmp(parts.nonce, row->nonce, sizeof(row->nonce));
}
