/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Both BPF programs, loaded and with their maps filled, but attached to
 * nothing: packets are put through them by BPF_PROG_TEST_RUN. Needs root.
 */
#ifndef TESTS_BPF_WORLD_H
#define TESTS_BPF_WORLD_H

#include "quicsteer/cid.h"
#include "quicsteer/counters.h"
#include "quicsteer/hash.h"

struct world {
	struct steer_bpf *steer;
	struct deliver_bpf *deliver;
};

/* What the programs have counted, all CPUs together. */
struct counts {
	__u64 verdict[QS_VERDICT_COUNT];
	__u64 delivery[QS_DELIVERY_COUNT];
	struct qs_traffic traffic[QS_MAX_TERMINATORS];
};

/* The result of one run of a program. */
struct run {
	__u32 action; /* XDP_* or TC_ACT_* */
	__u32 size;   /* of the packet that came out, metadata and all */
	__u8 octets[4096];
	__u32 nanoseconds; /* one run's, the mean of all repeats */
};

/* Names of verdicts and deliveries, by their number. */
extern const char *const verdict_names[QS_VERDICT_COUNT];
extern const char *const delivery_names[QS_DELIVERY_COUNT];

/* Loads both programs, which share their maps, and sets a random hash key and
 * a lookup table without terminators. Returns 0 or -errno, after a message on
 * standard error. */
int world_open(struct world *world);
void world_close(struct world *world);

/* These fill the maps; what fails in them is a bug, and ends the process. */
void world_set_config(struct world *world, __u32 config_id,
		      const struct qs_cid_config *config);
void world_set_terminator(struct world *world, __u32 slot, __u16 instance,
			  enum qs_terminator_state state);
void world_list_server(struct world *world, __u8 config_id,
		       const __u8 server_id[QS_SERVER_ID_MAX], __u32 slot);
void world_unlist_server(struct world *world, __u8 config_id,
			 const __u8 server_id[QS_SERVER_ID_MAX]);
void world_add_vip(struct world *world, const __u8 address[16], __u16 port);
/* Adds a prefix to the trie `allowed` or `denied`, or removes it. */
void world_add_prefix(struct world *world, int allowed,
		      const struct qs_prefix_key *prefix);
void world_remove_prefix(struct world *world, int allowed,
			 const struct qs_prefix_key *prefix);
/* Sets the limits of new connections, and forgets what was used up. */
void world_set_limits(struct world *world, struct qs_limit source,
		      struct qs_limit global, __u8 prefix4, __u8 prefix6);
/* Has decisions with these verdicts be shown until `end_ns`. */
void world_set_sampling(struct world *world, __u32 sampling, __u64 verdicts,
			__u64 end_ns);
__u32 world_sampling(struct world *world);
/* Takes all events out of the ring. Returns their number and the last one. */
unsigned int world_events(struct world *world, struct qs_event *event);
/* The same of ICMP errors; and how many found the ring full. */
unsigned int world_icmp_errors(struct world *world,
			       struct qs_icmp_error *error);
__u64 world_icmp_ring_full(struct world *world);
void world_set_attach_mode(struct world *world, enum qs_attach_mode mode);
/* Sets settings.flags: QS_SETTING_*. */
void world_set_flags(struct world *world, __u32 flags);
void world_set_socket(struct world *world, __u32 slot, int fd);
void world_clear_socket(struct world *world, __u32 slot);

/* Fills the lookup table in force with these slots by turns, or with
 * QS_NO_SLOT if there are none. */
void world_set_live(struct world *world, const __u16 *slots, unsigned int n);

/* The slot that the lookup table in force has for a 4-tuple, by the flags. */
__u16 world_hash_slot(struct world *world, const struct qs_tuple *tuple);

/* Makes all handshakes that have begun older, by about a second each. */
void world_age_handshakes(struct world *world, __u16 seconds);

void world_counts(struct world *world, struct counts *counts);

/* Puts a frame through the XDP or the tc program, `repeat` times. */
void world_steer(struct world *world, const __u8 *frame, __u32 size,
		 __u32 repeat, struct run *run);
void world_deliver(struct world *world, const __u8 *frame, __u32 size,
		   struct run *run);

/* What the verifier said of the program, "processed N insns ...", NULL if
 * nothing. */
const char *world_steer_log(void);
const char *world_deliver_log(void);

#endif
