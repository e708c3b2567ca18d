/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of a file of QUIC-LB vectors, with these columns:
 *
 *   section,cr_bits,encoding,key_hex,server_id_hex,nonce_hex,cid_hex,
 *   length_self_encoding
 *
 * A first line that begins with "section," is the heading. Rows whose section
 * contains BROKEN are as misprinted in a draft and are passed over.
 */
#ifndef TESTS_VECTORS_ROWS_H
#define TESTS_VECTORS_ROWS_H

#include <stdio.h>

#include "quicsteer/cid.h"

struct vector_row {
	char section[96];
	unsigned int line; /* in the file, from 1 */
	unsigned int config_id;
	unsigned int server_id_length, nonce_length;
	size_t cid_length;
	__u8 server_id[16]; /* zeros behind its length */
	__u8 nonce[24];
	__u8 cid[QS_CID_MAX];
	struct qs_cid_config config; /* flags: at most QS_CONFIG_SELF_LENGTH */
};

/* Reads up to `size` octets of hex digits. Returns their number, or -1 if the
 * text is anything else or more. */
int hex_read(const char *text, __u8 *octets, size_t size);

/*
 * Reads the next row; `row->line` must be 0 before the first call. Returns 1,
 * 0 at the end of the file, or -EINVAL for a row that is malformed or names
 * an impossible configuration; its section is set even then.
 */
int vector_row_next(FILE *file, struct vector_row *row);

/* Whether the codec makes the row's CID of its server ID and nonce. */
int vector_row_encodes(const struct vector_row *row);

/* Whether the codec finds server ID and nonce in the row's CID. */
int vector_row_decodes(const struct vector_row *row);

#endif
