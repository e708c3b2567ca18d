/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From CID or 4-tuple to the slot of a terminator
 * (draft-ietf-quic-load-balancers-21, 4.2, without per-flow state).
 */
#ifndef QUICSTEER_SELECT_BPF_H
#define QUICSTEER_SELECT_BPF_H

#include "bpf/handshake.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/quic.bpf.h"

/* What a CID says about its terminator. */
enum cid_result {
	CID_ROUTED,	    /* it is there, in this slot */
	CID_NO_CONFIG,	    /* its config ID is not in use */
	CID_TOO_SHORT,	    /* ends before the server ID and nonce do */
	CID_UNKNOWN_SERVER, /* its server ID is nobody's */
	CID_DEAD,	    /* its terminator is gone */
};

/* Whether packets with CIDs of this slot's terminator go to it. */
static __always_inline enum cid_result
terminator_result(const struct qs_terminator *terminator)
{
	switch (terminator->state) {
	case QS_TERMINATOR_LIVE:
	case QS_TERMINATOR_DRAINING:
		return CID_ROUTED;
	case QS_TERMINATOR_DEAD:
		return CID_DEAD;
	default:
		return CID_UNKNOWN_SERVER;
	}
}

/* A server ID that the loader assigned. Another instance than the slot's was
 * an earlier process, so it is dead. */
static __always_inline enum cid_result select_assigned(const __u8 *server_id,
						       __u32 *slot)
{
	struct qs_terminator *terminator;
	enum cid_result result;
	__u16 number, instance;

	if (!qs_assigned_id_read(server_id, &number, &instance))
		return CID_UNKNOWN_SERVER;
	*slot = number;
	terminator = bpf_map_lookup_elem(&terminators, slot);
	if (!terminator)
		return CID_UNKNOWN_SERVER;
	result = terminator_result(terminator);
	if (result == CID_ROUTED && terminator->instance != instance)
		return CID_DEAD;
	return result;
}

/* A server ID that the configuration lists. */
static __always_inline enum cid_result
select_listed(__u8 config_id, const __u8 *server_id, __u32 *slot)
{
	struct qs_server_id_key key = {.config_id = config_id};
	struct qs_terminator *terminator;
	__u32 *listed;

	__builtin_memcpy(key.server_id, server_id, QS_SERVER_ID_MAX);
	listed = bpf_map_lookup_elem(&server_ids, &key);
	if (!listed)
		return CID_UNKNOWN_SERVER;
	*slot = *listed;
	terminator = bpf_map_lookup_elem(&terminators, slot);
	if (!terminator)
		return CID_UNKNOWN_SERVER;
	return terminator_result(terminator);
}

/*
 * The slot of the terminator that issued the CID. No function of its own in
 * BPF, though the verifier would be done sooner: a return costs 10 ns where
 * the kernel guards returns against speculation.
 */
static __always_inline int select_by_cid(struct quic *quic, __u32 *slot)
{
	__u8 server_id[16] __attribute__((aligned(8)));
	enum cid_result result = CID_UNKNOWN_SERVER, listed;
	struct qs_cid_config *config;
	struct qs_body body;
	__u32 config_id;

	config_id = qs_cid_config_id(quic->cid_first);
	config = bpf_map_lookup_elem(&cid_configs, &config_id);
	if (!config || config_id == QS_CONFIG_ID_NONE ||
	    config->encoding == QS_ENCODING_NONE || quic->cid_length == 0)
		return CID_NO_CONFIG;
	if (quic->cid_length < qs_cid_length(config))
		return CID_TOO_SHORT;

	body = quic->body;
	qs_body_server_id(config, &body, server_id);
	if (config->flags & QS_CONFIG_ASSIGNED)
		result = select_assigned(server_id, slot);
	if (result == CID_ROUTED || !(config->flags & QS_CONFIG_LISTED))
		return result;
	listed = select_listed(config_id, server_id, slot);
	return listed == CID_UNKNOWN_SERVER ? result : listed;
}

/*
 * The slot of the live terminator that a 4-tuple's new connections go to, or,
 * if this is `in_handshake` (of the DCID that begins with `dcid`), of that
 * where its handshake began. Returns GO_ON or the verdict, in the latter case
 * one with a slot. A global function, because the verifier looks at such a one
 * once and not once for each way to it.
 */
__noinline int select_by_hash(const struct qs_tuple *tuple, __u32 *slot,
			      int in_handshake, __u64 dcid)
{
	__u32 zero = 0, generation, index, client_ip;
	int verdict = GO_ON;
	struct qs_lookup_table *table;
	struct qs_settings *s;
	__u64 hash;

	s = bpf_map_lookup_elem(&settings, &zero);
	if (!s || !tuple || !slot)
		return QS_VERDICT_drop_internal;
	generation = s->lookup_generation & 1;
	table = bpf_map_lookup_elem(&lookup, &generation);
	if (!table)
		return QS_VERDICT_drop_internal;
	client_ip = s->flags & QS_SETTING_HASH_CLIENT_IP;
	hash = client_ip ? qs_client_hash(s->hash_key, tuple)
			 : qs_tuple_hash(s->hash_key, tuple);
	index = qs_lookup_index(hash);
	/* The compiler knows this bound, the verifier does not. */
	barrier_var(index);
	if (index >= QS_LOOKUP_SIZE)
		return QS_VERDICT_drop_internal;
	*slot = table->slot[index];
	if (in_handshake) {
		if (client_ip)
			hash = qs_tuple_hash(s->hash_key, tuple);
		verdict = stay_in_handshake(hash, dcid, slot);
	}
	return *slot < QS_MAX_TERMINATORS ? verdict
					  : QS_VERDICT_drop_no_terminator;
}

#endif
