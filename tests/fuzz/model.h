/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the XDP program has to decide, written from the design and the RFCs and
 * not from the program: nothing here was made to be fast or to be verified.
 * Only the CID codec, the hash and the list of verdicts are shared.
 */
#ifndef TESTS_FUZZ_MODEL_H
#define TESTS_FUZZ_MODEL_H

#include <stdbool.h>

#include "quicsteer/cid.h"
#include "quicsteer/counters.h"
#include "quicsteer/hash.h"

enum { MODEL_LISTED = 64, MODEL_VIPS = 16, MODEL_PREFIXES = 8 };

struct model_pin {
	bool used;
	struct qs_tuple tuple;
	__u8 dcid[8]; /* its first octets */
	__u16 slot;
};

/* New connections that a prefix of sources had. */
struct model_source {
	bool used;
	__u8 prefix[16];
	unsigned int count;
};

/* A handshake that was let in, and is not charged again. */
struct model_admission {
	struct qs_tuple tuple;
	__u64 dcid[4]; /* length and first octet, then the next 19 */
};

struct model {
	struct qs_cid_config configs[QS_CID_CONFIGS];
	struct {
		__u16 instance;
		__u8 state;
	} terminators[QS_MAX_TERMINATORS];
	struct {
		struct qs_server_id_key key;
		__u32 slot;
	} listed[MODEL_LISTED];
	unsigned int listed_count;
	struct {
		struct qs_vip_key key;
		__u32 port_index;
	} vips[MODEL_VIPS];
	unsigned int vip_count;
	__u16 live[QS_MAX_TERMINATORS]; /* by turns in the lookup */
	unsigned int live_count;
	struct qs_prefix_key allowed[MODEL_PREFIXES], denied[MODEL_PREFIXES];
	unsigned int allowed_count, denied_count;
	__u64 hash_key[2];
	__u32 flags;
	/* New connections in all, of a source prefix and together; 0: no limit.
	 * A world ends before time gives any of them back. */
	unsigned int source_burst, global_burst;
	__u8 source_prefix4, source_prefix6;

	/* What packets leave behind. */
	struct model_pin pins[QS_HANDSHAKES];
	struct model_source sources[QS_SOURCES];
	struct model_admission admissions[QS_SOURCES];
	unsigned int global_count;
};

struct decision {
	enum qs_verdict verdict;
	__u16 slot;	  /* if steered */
	__u32 port_index; /* likewise */
};

/* Decides about a frame, and remembers what later frames depend on. */
struct decision model_decide(struct model *model, const __u8 *frame,
			     unsigned int size);

/* Whether a verdict gives the packet to a terminator. */
bool model_is_steered(enum qs_verdict verdict);
/* Whether it drops the packet. */
bool model_is_dropped(enum qs_verdict verdict);

#endif
