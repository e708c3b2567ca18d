/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/cid_configs.h"
#include "quicsteer/cid.h"

#include <stdio.h>
#include <string.h>

static bool is_live(const struct qs_state_secrets *secrets, int id)
{
	return secrets->configs[id].config.encoding != QS_ENCODING_NONE;
}

/* IDs go round, so that one that has just become free, and whose last packets
 * may still be under way, comes last. -1: all are in use. */
static int choose_id(const struct qs_state_secrets *secrets)
{
	for (__u32 i = 1; i < QS_CONFIG_ID_NONE; i++) {
		int id = (secrets->current + i) % QS_CONFIG_ID_NONE;

		if (!is_live(secrets, id) && !(secrets->listed >> id & 1))
			return id;
	}
	return -1;
}

static int check_lengths(__u32 server_id, __u32 nonce, char *text, size_t size)
{
	switch (qs_cid_lengths_check(server_id, nonce)) {
	case QS_CID_CONFIG_SERVER_ID_LENGTH:
		snprintf(text, size,
			 "a server ID is %d to %d octets long, not %u",
			 QS_ASSIGNED_ID_SIZE, QS_SERVER_ID_MAX, server_id);
		return -1;
	case QS_CID_CONFIG_NONCE_LENGTH:
		snprintf(text, size, "a nonce is %d to %d octets long, not %u",
			 QS_NONCE_MIN, QS_NONCE_MAX, nonce);
		return -1;
	case QS_CID_CONFIG_SUM:
		snprintf(text, size,
			 "server ID and nonce are at most %d octets together, "
			 "not %u",
			 QS_BODY_MAX, server_id + nonce);
		return -1;
	default:
		break;
	}
	if (server_id >= QS_ASSIGNED_ID_SIZE)
		return 0;
	snprintf(text, size,
		 "a server ID that the loader gives out needs %d octets or "
		 "more, not %u",
		 QS_ASSIGNED_ID_SIZE, server_id);
	return -1;
}

static bool is_plaintext(const struct qs_rotate *wish,
			 const struct qs_control_cid_config *current)
{
	if (wish->encoding == QS_ROTATE_SAME)
		return current->encoding == QS_ENCODING_PLAINTEXT;
	return wish->encoding == QS_ROTATE_PLAINTEXT;
}

int cid_configs_rotate(struct qs_state_secrets *secrets,
		       const struct qs_rotate *wish, const __u8 key[16],
		       __u64 now_s, char *text, size_t size)
{
	struct qs_state_config *old = &secrets->configs[secrets->current];
	const struct qs_control_cid_config *model = &old->config;
	__u32 server_id = wish->server_id_length ? wish->server_id_length
						 : model->server_id_length;
	__u32 nonce =
		wish->nonce_length ? wish->nonce_length : model->nonce_length;
	int id = choose_id(secrets);

	if (check_lengths(server_id, nonce, text, size))
		return -1;
	if (wish->encoding > QS_ROTATE_ENCRYPTED) {
		snprintf(text, size, "encoding %u is not known",
			 wish->encoding);
		return -1;
	}
	if (id < 0) {
		snprintf(text, size,
			 "all seven configuration IDs are in use%s: each is "
			 "free again when no connection has CIDs of it any "
			 "more (lbctl cid configs)",
			 secrets->listed ? ", some by loader.cid_configs" : "");
		return -1;
	}
	qs_state_config_fill(&secrets->configs[id].config, server_id, nonce,
			     is_plaintext(wish, model) ? NULL : key,
			     QS_CONFIG_ASSIGNED | QS_CONFIG_SELF_LENGTH);
	secrets->configs[id].created_s = now_s;
	secrets->configs[id].retired_s = 0;
	old->retired_s = now_s;
	secrets->current = id;
	return id;
}

bool cid_configs_retires(const struct qs_state_secrets *secrets, int id)
{
	return is_live(secrets, id) && (__u32)id != secrets->current;
}

void cid_configs_remove(struct qs_state_secrets *secrets, int id)
{
	explicit_bzero(&secrets->configs[id], sizeof(secrets->configs[id]));
}

__u8 cid_configs_leave(const struct qs_state_secrets *secrets, __u64 now_s,
		       __u64 max_age_s)
{
	__u8 leave = 0;

	for (int id = 0; id < QS_CONFIG_ID_NONE && max_age_s; id++) {
		if (cid_configs_retires(secrets, id) &&
		    now_s >= secrets->configs[id].retired_s + max_age_s)
			leave |= 1 << id;
	}
	return leave;
}
