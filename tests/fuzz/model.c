/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/fuzz/model_read.h"

enum route { ROUTED, NO_CONFIG, TOO_SHORT, UNKNOWN_SERVER, DEAD };

static enum route route_of_state(const struct model *model, unsigned int slot)
{
	switch (model->terminators[slot].state) {
	case QS_TERMINATOR_LIVE:
	case QS_TERMINATOR_DRAINING:
		return ROUTED;
	case QS_TERMINATOR_DEAD:
		return DEAD;
	default:
		return UNKNOWN_SERVER;
	}
}

/* A server ID as the loader assigns them: slot, instance, zeros. */
static enum route route_assigned(const struct model *model, const __u8 *id,
				 __u16 *slot)
{
	unsigned int number = id[0] << 8 | id[1];
	unsigned int instance = id[2] << 8 | id[3];
	enum route route;

	for (int i = 4; i < QS_SERVER_ID_MAX; i++)
		if (id[i])
			return UNKNOWN_SERVER;
	if (number >= QS_MAX_TERMINATORS)
		return UNKNOWN_SERVER;
	*slot = number;
	route = route_of_state(model, number);
	if (route == ROUTED && model->terminators[number].instance != instance)
		return DEAD; /* an earlier process */
	return route;
}

static enum route route_listed(const struct model *model, __u8 config_id,
			       const __u8 *id, __u16 *slot)
{
	for (unsigned int i = 0; i < model->listed_count; i++) {
		const struct qs_server_id_key *key = &model->listed[i].key;

		if (key->config_id != config_id ||
		    memcmp(key->server_id, id, QS_SERVER_ID_MAX))
			continue;
		*slot = model->listed[i].slot;
		return route_of_state(model, *slot);
	}
	return UNKNOWN_SERVER;
}

static enum route route_cid(const struct model *model, const struct quic *quic,
			    __u16 *slot)
{
	enum route assigned = UNKNOWN_SERVER, listed = UNKNOWN_SERVER;
	const struct qs_cid_config *config;
	__u16 assigned_slot = 0, listed_slot = 0;
	struct qs_cid_parts parts;
	unsigned int id;

	if (quic->cid_length == 0)
		return NO_CONFIG;
	id = quic->cid[0] >> 5;
	config = &model->configs[id];
	if (id == 7 || config->encoding == QS_ENCODING_NONE)
		return NO_CONFIG;
	if (qs_cid_decode(config, quic->cid, quic->cid_length, &parts))
		return TOO_SHORT;
	if (config->flags & QS_CONFIG_ASSIGNED)
		assigned =
			route_assigned(model, parts.server_id, &assigned_slot);
	if (config->flags & QS_CONFIG_LISTED)
		listed = route_listed(model, id, parts.server_id, &listed_slot);
	/* What one of both knows, holds; if both do, a terminator's own word
	 * that it is there, then the list's. */
	if (assigned == ROUTED || listed == UNKNOWN_SERVER) {
		*slot = assigned_slot;
		return assigned;
	}
	*slot = listed_slot;
	return listed;
}

static bool has_prefix(const struct qs_prefix_key *prefixes, unsigned int n,
		       const __u8 address[16])
{
	for (unsigned int i = 0; i < n; i++) {
		unsigned int bit = 0;

		while (bit < prefixes[i].length &&
		       !((prefixes[i].address[bit / 8] ^ address[bit / 8]) &
			 0x80 >> bit % 8))
			bit++;
		if (bit == prefixes[i].length)
			return true;
	}
	return false;
}

/* The row of the prefix that a source belongs to, which it takes over if the
 * row was another's. */
static struct model_source *find_source(struct model *model,
					const __u8 address[16])
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned int bits = memcmp(address, mapped, 12)
				    ? model->source_prefix6
				    : 96U + model->source_prefix4;
	struct model_source *row;
	__u8 prefix[16];
	__u64 words[2];

	memcpy(prefix, address, 16);
	for (unsigned int bit = bits; bit < 128; bit++)
		prefix[bit / 8] &= ~(0x80 >> bit % 8);
	words[0] = qs_load_be64(prefix);
	words[1] = qs_load_be64(prefix + 8);
	row = &model->sources[qs_siphash13(model->hash_key, words, 16) %
			      QS_SOURCES];
	if (!row->used || memcmp(row->prefix, prefix, 16)) {
		row->used = true;
		row->count = 0;
		memcpy(row->prefix, prefix, 16);
	}
	return row;
}

/* Charges the limits for a connection. */
static int charge(struct model *model, const struct qs_tuple *tuple)
{
	struct model_source *source;

	if (model->source_burst) {
		source = find_source(model, tuple->source);
		if (source->count == model->source_burst)
			return QS_VERDICT_drop_source_limit;
		source->count++;
	}
	if (model->global_burst) {
		if (model->global_count == model->global_burst)
			return QS_VERDICT_drop_global_limit;
		model->global_count++;
	}
	return GO_ON;
}

/* Whether a connection may be opened; once it was, its packets may pass. */
static int admit(struct model *model, const struct qs_tuple *tuple,
		 const struct quic *quic)
{
	struct model_admission key = {.tuple = *tuple}, *row;
	__u8 octets[24] = {0};
	unsigned int length = quic->cid_length;
	int verdict;

	if ((model->flags & QS_SETTING_DENY &&
	     has_prefix(model->denied, model->denied_count, tuple->source)) ||
	    (model->flags & QS_SETTING_ALLOW_ONLY &&
	     !has_prefix(model->allowed, model->allowed_count, tuple->source)))
		return QS_VERDICT_drop_denied;
	if (!model->source_burst && !model->global_burst)
		return GO_ON;
	key.dcid[0] = length << 8 | (length ? quic->cid[0] : 0);
	if (length > 1)
		memcpy(octets, quic->cid + 1, (length < 20 ? length : 20) - 1);
	for (int i = 0; i < 3; i++)
		key.dcid[1 + i] = qs_load_be64(octets + 8 * i);
	row = &model->admissions[qs_siphash13(model->hash_key, &key,
					      sizeof(key)) %
				 QS_SOURCES];
	if (!memcmp(row, &key, sizeof(key)))
		return GO_ON;
	verdict = charge(model, tuple);
	if (verdict == GO_ON)
		*row = key;
	return verdict;
}

/* Where the 4-tuple goes that no CID steers; `quic` is NULL if it is not a
 * packet of a handshake. */
static int place(struct model *model, const struct qs_tuple *tuple,
		 const struct quic *quic, int verdict, __u16 *slot)
{
	__u8 dcid[8] = {0};
	__u64 hash = qs_tuple_hash(model->hash_key, tuple), key = hash;
	struct model_pin *pin = &model->pins[hash & (QS_HANDSHAKES - 1)];

	if (model->flags & QS_SETTING_HASH_CLIENT_IP)
		key = qs_siphash13(model->hash_key, tuple->source, 16);
	*slot = QS_NO_SLOT;
	if (model->live_count)
		*slot = model->live[qs_lookup_index(key) % model->live_count];
	if (quic)
		memcpy(dcid, quic->cid,
		       quic->cid_length < 8 ? quic->cid_length : 8);
	if (quic && pin->used && !memcmp(&pin->tuple, tuple, sizeof(*tuple)) &&
	    !memcmp(pin->dcid, dcid, sizeof(dcid)) &&
	    route_of_state(model, pin->slot) == ROUTED) {
		if (pin->slot != *slot)
			verdict = QS_VERDICT_hash_pinned;
		*slot = pin->slot;
	} else if (quic && *slot != QS_NO_SLOT) {
		*pin = (struct model_pin){true, *tuple, {0}, *slot};
		memcpy(pin->dcid, dcid, sizeof(dcid));
	}
	return *slot == QS_NO_SLOT ? QS_VERDICT_drop_no_terminator : verdict;
}

/* The verdict if the 4-tuple decides. */
static int hash_verdict(const struct quic *quic, enum route route)
{
	static const int types[] = {
		[INITIAL] = QS_VERDICT_hash_initial,
		[ZERO_RTT] = QS_VERDICT_hash_zero_rtt,
		[HANDSHAKE] = QS_VERDICT_hash_handshake,
		[RETRY] = QS_VERDICT_hash_handshake,
		[UNKNOWN] = QS_VERDICT_hash_version,
	};

	if (route == DEAD)
		return QS_VERDICT_hash_dead;
	if (quic->is_long)
		return types[quic->type];
	return route == NO_CONFIG ? QS_VERDICT_hash_short_config
				  : QS_VERDICT_hash_short_server;
}

static int decide_quic(struct model *model, const struct quic *quic,
		       const struct qs_tuple *tuple, __u16 *slot)
{
	enum route route = route_cid(model, quic, slot);
	int verdict;

	if (route == ROUTED)
		return quic->is_long ? QS_VERDICT_route_long
				     : QS_VERDICT_route_short;
	if (route == TOO_SHORT && !quic->is_long)
		return QS_VERDICT_drop_truncated;
	if (quic->is_long && quic->short_dcid)
		return QS_VERDICT_drop_short_dcid;
	if (quic->is_long && (quic->type == INITIAL || quic->type == UNKNOWN)) {
		verdict = admit(model, tuple, quic);
		if (verdict != GO_ON)
			return verdict;
	}
	return place(model, tuple, quic->is_long ? quic : NULL,
		     hash_verdict(quic, route), slot);
}

/* Whose packet an ICMP error is about. The kernel gets it in any case. */
static int decide_icmp(struct model *model, struct reader *reader, __u16 *slot)
{
	struct headers headers = {0};
	struct quic quic = {0};
	int verdict = read_quote(model, reader, &headers, &quic);

	if (verdict != GO_ON)
		return verdict;
	if (route_cid(model, &quic, slot) == ROUTED)
		return QS_VERDICT_route_icmp;
	verdict =
		place(model, &headers.tuple, NULL, QS_VERDICT_hash_icmp, slot);
	return verdict == QS_VERDICT_hash_icmp ? verdict : QS_VERDICT_pass_icmp;
}

struct decision model_decide(struct model *model, const __u8 *frame,
			     unsigned int size)
{
	struct reader reader = {.octets = frame, .end = size};
	struct decision decision = {.slot = QS_NO_SLOT};
	struct headers headers = {0};
	struct quic quic = {0};
	int verdict = read_ip(&reader, &headers);

	if (verdict == GO_ICMP)
		verdict = decide_icmp(model, &reader, &decision.slot);
	else if (verdict == GO_ON)
		verdict = read_udp(model, &reader, &headers,
				   &decision.port_index);
	if (verdict == GO_ON)
		verdict = read_quic(&reader, &quic);
	if (verdict == GO_ON)
		verdict = decide_quic(model, &quic, &headers.tuple,
				      &decision.slot);
	decision.verdict = verdict;
	return decision;
}

bool model_is_steered(enum qs_verdict verdict)
{
	switch (verdict) {
	case QS_VERDICT_route_short:
	case QS_VERDICT_route_long:
	case QS_VERDICT_hash_initial:
	case QS_VERDICT_hash_zero_rtt:
	case QS_VERDICT_hash_handshake:
	case QS_VERDICT_hash_version:
	case QS_VERDICT_hash_short_config:
	case QS_VERDICT_hash_short_server:
	case QS_VERDICT_hash_dead:
	case QS_VERDICT_hash_pinned:
		return true;
	default:
		return false;
	}
}

bool model_is_dropped(enum qs_verdict verdict)
{
	return !model_is_steered(verdict) && verdict > QS_VERDICT_hash_icmp;
}
