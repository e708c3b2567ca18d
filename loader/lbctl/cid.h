/* SPDX-License-Identifier: GPL-2.0-only */
/* What cid decode and cid encode share. */
#ifndef QS_LBCTL_CID_H
#define QS_LBCTL_CID_H

#include "loader/lbctl/lbctl.h"
#include "quicsteer/cid.h"

/* The key from --key or --key-file. */
struct cid_key {
	bool given;
	__u8 octets[16];
};

/*
 * cid_key_parse: reads 32 hex digits. cid_key_read: the same from a file that
 * holds nothing else but white space after them. Return 0, or an exit status
 * after one message.
 */
int cid_key_parse(const struct common *common, const char *text,
		  struct cid_key *key);
int cid_key_read(const struct common *common, const char *path,
		 struct cid_key *key);

/*
 * cid_config_make: a configuration from lengths and key. Returns 0, or an exit
 * status after one message.
 */
int cid_config_make(const struct common *common, size_t server_id_length,
		    size_t nonce_length, const struct cid_key *key,
		    struct qs_cid_config *config);

/*
 * cid_config_live: configuration `id` of the pinned maps. Returns 0, or an
 * exit status after one message.
 */
int cid_config_live(const struct common *common, const struct qs_maps *maps,
		    unsigned int id, struct qs_cid_config *config);

#endif
