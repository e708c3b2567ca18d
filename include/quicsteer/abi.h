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
#define QS_ABI_VERSION 7

#define QS_PIN_DIR "/sys/fs/bpf/quicsteer"
#define QS_RUN_DIR "/run/quicsteer"
#define QS_STATE_DIR "/var/lib/quicsteer"
#define QS_CONTROL_SOCKET QS_RUN_DIR "/control.sock"
#define QS_CONFIG_FILE "/etc/quicsteer/quicsteer.yaml"

/* Names of pins in the pin directory that are not maps. */
#define QS_PIN_STEER_LINK "steer_link"
#define QS_PIN_DELIVER_LINK "deliver_link"

enum {
	QS_MAX_TERMINATORS = 256, /* slots; a draining process holds one too */
	QS_MAX_VIPS = 64,
	QS_MAX_PORTS = 8, /* different ports of VIPs: sockets a terminator */
	QS_MAX_PREFIXES = 1024,	       /* each of allowed and denied */
	QS_HANDSHAKES = 1 << 16,       /* entries of the map */
	QS_SOURCES = 1 << 16,	       /* likewise, of sources alone */
	QS_EVENTS_SIZE = 1 << 18,      /* octets of the ring */
	QS_ICMP_ERRORS_SIZE = 1 << 16, /* likewise */
	QS_ICMP_QUOTED = 48, /* octets: a long header with two CIDs is 47 */
	QS_MAX_CPUS = 256,
	QS_MAX_LISTED_SERVERS = 4096,
	QS_NAME_SIZE = 32,     /* a terminator's name with its final NUL */
	QS_CID_CONFIGS = 8,    /* by config ID; 7 (0b111) is never valid */
	QS_CID_MAX = 20,       /* octets, QUIC v1 and v2 (RFC 9000, 17.2) */
	QS_SERVER_ID_MAX = 15, /* octets */
	QS_ASSIGNED_ID_SIZE =
		4,		/* octets of a server ID the loader gives out */
	QS_LOOKUP_SIZE = 65537, /* prime: entries of one Maglev table */
	QS_LOOKUP_GENERATIONS = 2,
	QS_MAX_BACKENDS = 256, /* rows; one that is drained holds one too */
	QS_MAX_POOLS = 32,
	QS_BACKEND_NAME_SIZE = 80, /* "name" or "name@address:port", NUL */
	QS_REASON_SIZE = 56,	   /* why it is down, for people, NUL */
	QS_MAX_WISHES = 1024,
	QS_MAX_TOTALS = 1024, /* names of terminators that are gone */
	QS_WEIGHT_MAX = 65535,
	QS_WEIGHT_DEFAULT = 100,
	QS_FACTOR_ONE = 1000, /* a health factor of 1 */
};

/* No wish: the configured weight holds. */
#define QS_WEIGHT_UNSET 0xffffffff

/* The row of proxy_stats for the sums of slots that were given to others. */
#define QS_RETIRED_SLOT QS_MAX_TERMINATORS

/* No CPU in particular. */
#define QS_NO_CPU 0xffffffff

/* A slot that names no terminator (in lookup tables and metadata). */
#define QS_NO_SLOT 0xffff

/* vips: address and port that XDP steers. Written by the loader. */
struct qs_vip_key {
	__u8 address[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__u16 port;
	__u16 zero;
};

struct qs_vip {
	__u32 id;	  /* position in the loader's list, for people */
	__u32 port_index; /* of its port, 0 to QS_MAX_PORTS - 1 */
};

/*
 * sockets: SOCKMAP. A terminator has one UDP socket for each port of the VIPs,
 * at slot * QS_MAX_PORTS + port_index.
 */
#define QS_SOCKET_INDEX(slot, port_index) ((slot)*QS_MAX_PORTS + (port_index))

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

/*
 * server_ids: hash, listed server ID to slot; QS_NO_SLOT while no process has
 * the terminator's name. Written by the loader.
 */
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

/* A circuit breaker, of a terminator or a backend, as healthd drives it. */
enum qs_breaker {
	QS_BREAKER_CLOSED = 0,	  /* gets its share */
	QS_BREAKER_OPEN = 1,	  /* gets nothing new */
	QS_BREAKER_HALF_OPEN = 2, /* gets a few trials */
};

/* What the operator wants of a breaker. */
enum qs_breaker_wish {
	QS_WISH_AUTO = 0, /* as healthd sees it */
	QS_WISH_OPEN = 1,
	QS_WISH_CLOSED = 2,
};

enum qs_wish_kind { QS_WISH_TERMINATOR = 1, QS_WISH_BACKEND = 2 };

/*
 * wishes: hash of what the operator changed, by name, so that it outlives
 * processes, slots and rows. Written by lbctl, under the lock file, together
 * with its copy in the rows of that name; who fills a row later (the loader,
 * healthd) copies it from here. A wish that wants nothing is deleted.
 */
struct qs_wish_key {
	__u32 kind; /* enum qs_wish_kind */
	char name[QS_BACKEND_NAME_SIZE];
};

struct qs_wish {
	__u32 weight; /* 0 to QS_WEIGHT_MAX, or QS_WEIGHT_UNSET */
	__u8 breaker; /* enum qs_breaker_wish */
	__u8 drain;   /* 1: no new connections or requests */
	__u16 zero;
	__u64 drain_end_ns; /* CLOCK_REALTIME: the deadline; 0 = none */
};

/* terminator_totals: key; see counters.h for the value. */
struct qs_total_key {
	char name[QS_NAME_SIZE];
};

/*
 * terminators: mappable array by slot. Written by the loader but for the
 * fields that name another writer. All change under the lock file, and the
 * lookup is rebuilt after.
 */
struct qs_terminator {
	char name[QS_NAME_SIZE];
	__u16 instance; /* last two octets of its server ID */
	__u8 state;	/* enum qs_terminator_state */
	__u8 breaker;	/* enum qs_breaker; healthd */
	__u32 weight;	/* by default: share of new connections, 0 to 65535 */
	__u32 pid;
	__u32 uid;
	__u64 registered_ns; /* CLOCK_REALTIME of its first registration */
	__u64 died_ns;	     /* CLOCK_REALTIME, 0 while it lives */
	__u32 factor;	     /* health, 1 to QS_FACTOR_ONE; healthd */
	__u32 effective;     /* qs_lookup_rebuild(): weight in the lookup */
	__u64 breaker_changed_ns; /* CLOCK_REALTIME; healthd */
	__u32 breaker_openings;	  /* since it registered; healthd */
	__u32 cpu; /* that its packets go to; QS_NO_CPU: wherever they are */
	struct qs_wish wish; /* of its name; lbctl */
	__u64 reserved[3];
};

enum qs_backend_state {
	QS_BACKEND_FREE = 0,	 /* the row was never used, or is unused now */
	QS_BACKEND_ACTIVE = 1,	 /* gets requests by its effective weight */
	QS_BACKEND_DRAINING = 2, /* removed: ends its requests, no new ones */
};

enum qs_backend_health {
	QS_HEALTH_UNKNOWN = 0, /* not checked yet, or has no checks: used */
	QS_HEALTH_UP = 1,
	QS_HEALTH_DOWN = 2,
};

/*
 * backends: mappable array, a row each backend address of each pool. Written
 * by healthd but for `wish` (lbctl), under the lock file. Terminators read it
 * for each request (effective, breaker, trial_*) and look for rows that came
 * and went (state, id) every 50 ms. In a row that is being filled, `state` is
 * written last; in one that is given up, first.
 */
struct qs_backend {
	char name[QS_BACKEND_NAME_SIZE];
	char pool[QS_NAME_SIZE];
	__u8 address[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__u16 port;
	__u8 state;   /* enum qs_backend_state */
	__u8 health;  /* enum qs_backend_health, of the active checks */
	__u8 breaker; /* enum qs_breaker */
	__u8 kept;    /* 1: used although ejected, by the cap on ejections */
	__u8 max_ejected; /* per cent of its pool, from the configuration */
	__u8 zero;
	__u32 id;	       /* new for each holder of the row, never 0 */
	__u32 weight;	       /* configured, 0 to QS_WEIGHT_MAX */
	__u32 factor;	       /* health, 1 to QS_FACTOR_ONE */
	__u32 effective;       /* what balancing uses; 0 = none. 256 times finer
				  than weight, so that a factor shows on small ones */
	__u32 trial_limit;     /* requests while half open */
	__u32 trial_episode;   /* which half-open time this is; see trials */
	__u32 openings;	       /* of the breaker, in all */
	__u32 half_openings;   /* likewise */
	__u32 closings;	       /* likewise */
	__u32 openings_in_row; /* since it last closed: the back-off's step */
	__u32 withheld; /* of its weight, in QS_FACTOR_ONE: by slow start */
	__u32 zero_too;
	__u64 breaker_changed_ns; /* CLOCK_REALTIME */
	__u64 open_end_ns;	  /* CLOCK_REALTIME: half open from then */
	__u64 latency_us;	  /* smoothed response time that factor is by */
	__u64 checked_ns;	  /* CLOCK_REALTIME of the last active check */
	__u64 slow_start_ns;	  /* CLOCK_REALTIME of its beginning; 0: none */
	char reason[QS_REASON_SIZE]; /* of the last opening or failed check */
	struct qs_wish wish;	     /* of its name; lbctl */
};

/*
 * trials: mappable array beside backends, written by the terminators: the
 * half-open time that is counted in the upper half, trials taken in it in the
 * lower. One who finds an older time in it begins a new count by one
 * compare-and-swap, so that all together take no more than trial_limit.
 */
struct qs_trials {
	__u64 taken; /* trial_episode << 32 | count */
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
	__u32 attach_mode;	 /* enum qs_attach_mode */
	__u64 started_ns;	 /* CLOCK_REALTIME of the loader's start */
	__u32 loader_pid;	 /* 0 when the loader left in good order */
	__u32 config_generation; /* one more with each configuration applied */
	__u64 healthd_heartbeat_ns; /* CLOCK_MONOTONIC; healthd, every 100 ms */
	__u32 healthd_pid;	    /* healthd; 0 when it left in good order */
	__u32 flags;		    /* QS_SETTING_* */
	/* One new connection each so many ns, and up to `burst` at once. */
	struct qs_limit {
		__u32 interval_ns; /* 0: no limit */
		__u32 burst;	   /* at least 1 */
	} source_limit, global_limit;
	__u8 source_prefix4; /* bits of an IPv4 source that count as one */
	__u8 source_prefix6; /* likewise of IPv6 */
	__u16 zero;
	__u32 event_sampling;  /* lbctl: one of so many packets; 0: none */
	__u32 vips_generation; /* one more after each change of vips */
	/* Which configuration new CIDs are issued with, and since when each
	 * is there and is retiring; CLOCK_REALTIME in seconds, 0: not. */
	__u32 cid_current;
	struct qs_cid_life {
		__u64 created_s;
		__u64 retired_s;
	} cid_lives[QS_CID_CONFIGS];
	/* lbctl events: beside event_sampling, which XDP clears when the time
	 * is over that lbctl renews. */
	__u64 event_end_ns;   /* CLOCK_MONOTONIC */
	__u64 event_verdicts; /* bits of the verdicts that are wanted */
	__u64 events_lost;    /* XDP: the ring was full */
	__u32 event_pid;
	/* Why XDP is not attached in this mode: the errno with which that
	 * failed; 0: it did not, or was not tried. */
	__u16 native_error;
	__u16 generic_error;
	__u32 healthd_generation; /* healthd: the config_generation that its
				     work is by */
	__u32 spare;
};

enum {
	/* New connections are placed by the client's address alone. */
	QS_SETTING_HASH_CLIENT_IP = 1 << 0,
	/* Packets with IPv4 options or IPv6 extension headers are dropped. */
	QS_SETTING_DROP_OPTIONS = 1 << 1,
	/* New connections only from the prefixes in `allowed`. */
	QS_SETTING_ALLOW_ONLY = 1 << 2,
	/* No new connections from the prefixes in `denied`. */
	QS_SETTING_DENY = 1 << 4,
};

/*
 * handshakes: array by hash, written by XDP: where a handshake that has begun
 * stays although the lookup changes. Entries are overwritten at will; the tag
 * tells whose it is.
 */
struct qs_handshake {
	__u32 tag; /* other bits of the hash than the index; never 0 */
	__u16 slot;
	__u16 time; /* low bits of CLOCK_MONOTONIC's ns when it was written,
		       shifted by QS_HANDSHAKE_TIME_SHIFT: about seconds */
};

#define QS_HANDSHAKE_TIME_SHIFT 30

/*
 * sources: array by hash of a source prefix, written by XDP: how far each has
 * used up its limit of new connections (police.bpf.h). The row QS_SOURCES is
 * that of all sources together; as many again follow, by hash of a handshake
 * that was let in. Overwritten at will as the above.
 */
struct qs_source {
	__u32 tag;
	__u32 zero;
	__u64 due_ns; /* CLOCK_MONOTONIC: when its burst is whole again; of a
			 handshake: when it is forgotten */
};

/* allowed, denied: LPM tries of prefixes. Written by the loader. */
struct qs_prefix_key {
	__u32 length;	  /* bits, 0 to 128 */
	__u8 address[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
};

/* events: ring buffer of sampled decisions. Written by XDP. */
struct qs_event {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u8 source[16];
	__u8 destination[16];
	__u8 source_port[2]; /* network order */
	__u8 destination_port[2];
	__u16 slot; /* QS_NO_SLOT: steered nowhere */
	__u8 verdict;
	__u8 cid_length; /* octets of cid that are the packet's */
	__u8 cid[QS_CID_MAX];
	__u32 frame_size;
};

enum qs_icmp_kind {
	QS_ICMP_UNREACHABLE = 1,
	QS_ICMP_TOO_BIG = 2, /* of IPv4: fragmentation needed */
};

/*
 * icmp_errors: ring buffer of ICMP and ICMPv6 errors about datagrams that were
 * sent from a VIP. Written by the program that decides, read by the loader, who
 * relays them to terminators. None of it is more than the sender's word.
 */
struct qs_icmp_error {
	__u8 vip[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__u8 client[16];
	__u8 vip_port[2]; /* network order */
	__u8 client_port[2];
	__u16 slot; /* that the quoted SCID names; QS_NO_SLOT: it names none */
	__u8 kind;  /* enum qs_icmp_kind */
	__u8 code;  /* as received */
	__u32 mtu;  /* of the whole IP packet, as claimed; 0 if unreachable */
	__u8 quoted_size;
	__u8 zero[3];
	__u8 quoted[QS_ICMP_QUOTED]; /* the first octets of the UDP payload */
};

enum qs_attach_mode {
	QS_ATTACH_NONE = 0,
	QS_ATTACH_NATIVE_LINK = 1,	 /* one program, pinned link */
	QS_ATTACH_GENERIC_LINK = 2,	 /* the same in generic (skb) mode */
	QS_ATTACH_NATIVE_DISPATCHER = 3, /* libxdp's dispatcher */
	QS_ATTACH_GENERIC_DISPATCHER = 4,
	QS_ATTACH_TC = 5, /* no XDP program: the tc program decides */
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
	__u16 magic;  /* QS_METADATA_MAGIC */
	__u16 socket; /* QS_SOCKET_INDEX() */
};

#ifndef __bpf__
_Static_assert(sizeof(struct qs_vip_key) == 20, "vip key has no holes");
_Static_assert(sizeof(struct qs_cid_config) == 372, "config has no holes");
_Static_assert(sizeof(struct qs_server_id_key) == 16, "server ID key");
_Static_assert(sizeof(struct qs_wish_key) == 84, "wish key has no holes");
_Static_assert(sizeof(struct qs_wish) == 16, "wish has no holes");
_Static_assert(sizeof(struct qs_terminator) == 128, "two cache lines");
_Static_assert(sizeof(struct qs_backend) == 296, "backend has no holes");
_Static_assert(sizeof(struct qs_icmp_error) == 96, "ICMP error has no holes");
_Static_assert(sizeof(struct qs_metadata) == 4, "XDP metadata is 4 octets");
_Static_assert(offsetof(struct qs_settings, lookup_generation) == 4,
	       "swapped in one aligned store");
#endif

#endif
