/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Map keys and values, map names and pin paths: what the BPF programs, the
 * loader, lbctl and the terminators share. This is their single definition.
 *
 * Compiles for BPF (after vmlinux.h) and for userspace. Each field names its
 * writer; nobody else writes it. Integers are in host order unless said.
 */
#ifndef QUICSTEER_ABI_H
#define QUICSTEER_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#include <stddef.h>
#endif

/* Raised on every change of a map's key, value or meaning. */
#define QS_ABI_VERSION 1

#define QS_PIN_DIR "/sys/fs/bpf/quicsteer"
#define QS_RUN_DIR "/run/quicsteer"
#define QS_STATE_DIR "/var/lib/quicsteer"
#define QS_CONTROL_SOCKET QS_RUN_DIR "/control.sock"

/* Names of pins in the pin directory that are not maps. */
#define QS_PIN_STEER_LINK "steer_link"
#define QS_PIN_DELIVER_LINK "deliver_link"

enum {
	QS_MAX_TERMINATORS = 256, /* slots; a draining process holds one too */
	QS_MAX_VIPS = 64,
	QS_MAX_LISTED_SERVERS = 4096,
	QS_NAME_SIZE = 32,     /* a terminator's name with its final NUL */
	QS_CID_CONFIGS = 8,    /* by config ID; 7 (0b111) is never valid */
	QS_CID_MAX = 20,       /* octets, QUIC v1 and v2 (RFC 9000, 17.2) */
	QS_SERVER_ID_MAX = 15, /* octets */
	QS_ASSIGNED_ID_SIZE =
		4,		/* octets of a server ID the loader gives out */
	QS_LOOKUP_SIZE = 65537, /* prime: entries of one Maglev table */
	QS_LOOKUP_GENERATIONS = 2,
};

/* A slot that names no terminator (in lookup tables and metadata). */
#define QS_NO_SLOT 0xffff

/* vips: address and port that XDP steers. Written by the loader. */
struct qs_vip_key {
	__u8 address[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__u16 port;
	__u16 zero;
};

struct qs_vip {
	__u32 id; /* position in the loader's list, for people */
};

enum qs_encoding {
	QS_ENCODING_NONE = 0, /* this config ID is not in use */
	QS_ENCODING_PLAINTEXT = 1,
	QS_ENCODING_SINGLE_PASS = 2, /* server ID and nonce make 16 octets */
	QS_ENCODING_FOUR_PASS = 3,   /* any other sum */
};

enum {
	/* The loader assigns the server IDs: slot and instance (below). */
	QS_CONFIG_ASSIGNED = 1 << 0,
	/* The server IDs of this configuration are listed in server_ids. */
	QS_CONFIG_LISTED = 1 << 1,
	/* The low five bits of octet 0 encode the CID's length. */
	QS_CONFIG_SELF_LENGTH = 1 << 2,
};

/*
 * cid_configs: array by config ID (draft-ietf-quic-load-balancers-21, 3).
 * Written by the loader. The AES key schedules are computed in userspace by
 * qs_aes_expand() so that the BPF programs only use them.
 */
struct qs_cid_config {
	__u8 encoding; /* enum qs_encoding, 0 = not in use */
	__u8 server_id_length;
	__u8 nonce_length;
	__u8 flags; /* QS_CONFIG_* */
	__u8 key[16];
	__u32 encrypt_schedule[44]; /* four pass */
	__u32 decrypt_schedule[44]; /* single pass: equivalent inverse cipher */
};

/*
 * A server ID that the loader gives out is four octets: slot, then instance,
 * both big endian. In a configuration whose server IDs are longer, zeros
 * follow. A slot's instance is new for each process that gets the slot.
 */

/* server_ids: listed server ID to slot. Written by the loader. */
struct qs_server_id_key {
	__u8 config_id;
	__u8 server_id[QS_SERVER_ID_MAX]; /* zeros behind its length */
};

enum qs_terminator_state {
	QS_TERMINATOR_FREE = 0, /* the slot was never used */
	QS_TERMINATOR_LIVE = 1, /* gets new connections and its own */
	QS_TERMINATOR_DRAINING =
		2,		/* gets only packets of its own connections */
	QS_TERMINATOR_DEAD = 3, /* its process is gone; resets are allowed */
};

/* terminators: mappable array by slot. Written by the loader. */
struct qs_terminator {
	char name[QS_NAME_SIZE];
	__u16 instance; /* last two octets of its server ID */
	__u8 state;	/* enum qs_terminator_state */
	__u8 zero;
	__u32 weight; /* share of new connections, 0 to 65535 */
	__u32 pid;
	__u32 uid;
	__u64 registered_ns; /* CLOCK_REALTIME of its first registration */
	__u64 died_ns;	     /* CLOCK_REALTIME, 0 while it lives */
};

/*
 * lookup: mappable array of QS_LOOKUP_GENERATIONS Maglev tables; which one is
 * in force says qs_settings.lookup_generation. Written under the lock file by
 * whoever changes a weight or a state, always the table not in force.
 */
struct qs_lookup_table {
	__u16 slot[QS_LOOKUP_SIZE]; /* QS_NO_SLOT where no terminator is live */
};

/* settings: mappable array of one. Written by the loader unless said. */
struct qs_settings {
	__u32 abi_version;	 /* QS_ABI_VERSION of the loader that made it */
	__u32 lookup_generation; /* 0 or 1; written after the table is whole,
				    by the holder of the lock */
	__u64 hash_key[2];	 /* secret of the new-connection hash */
	__u32 ifindex;
	__u32 attach_mode; /* enum qs_attach_mode */
	__u64 started_ns;  /* CLOCK_REALTIME of the loader's start */
	__u32 loader_pid;  /* 0 when the loader left in good order */
	__u32 zero;
};

enum qs_attach_mode {
	QS_ATTACH_NONE = 0,
	QS_ATTACH_NATIVE_LINK = 1,	 /* one program, pinned link */
	QS_ATTACH_GENERIC_LINK = 2,	 /* the same in generic (skb) mode */
	QS_ATTACH_NATIVE_DISPATCHER = 3, /* libxdp's dispatcher */
	QS_ATTACH_GENERIC_DISPATCHER = 4,
};

/* terminator_traffic: per-CPU array by slot. Written by XDP. */
struct qs_traffic {
	__u64 packets;
	__u64 bytes;   /* whole frames */
	__u64 by_cid;  /* packets steered by their CID */
	__u64 by_hash; /* packets steered by the 4-tuple hash */
};

/*
 * XDP metadata in front of a steered packet, read by the tc program. GRO
 * merges only packets whose metadata agrees.
 */
#define QS_METADATA_MAGIC 0x5153 /* "QS" */

struct qs_metadata {
	__u16 magic; /* QS_METADATA_MAGIC */
	__u16 slot;
};

#ifndef __bpf__
_Static_assert(sizeof(struct qs_vip_key) == 20, "vip key has no holes");
_Static_assert(sizeof(struct qs_cid_config) == 372, "config has no holes");
_Static_assert(sizeof(struct qs_server_id_key) == 16, "server ID key");
_Static_assert(sizeof(struct qs_terminator) == 64, "one cache line");
_Static_assert(sizeof(struct qs_metadata) == 4, "XDP metadata is 4 octets");
_Static_assert(offsetof(struct qs_settings, lookup_generation) == 4,
	       "swapped in one aligned store");
#endif

#endif
