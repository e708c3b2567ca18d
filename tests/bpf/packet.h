/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames as tables of layers. A layer is what the reader of a fixture has to
 * know of a header; lengths, next headers and checksums that it does not name
 * come out right by themselves.
 */
#ifndef TESTS_BPF_PACKET_H
#define TESTS_BPF_PACKET_H

#include "quicsteer/cid.h"
#include "quicsteer/hash.h"

enum { FRAME_MAX = 2048, LAYERS_MAX = 14 };

#define CLIENT4 "198.51.100.7"
#define CLIENT6 "2001:db8::7"
#define VIP4 "203.0.113.1"
#define VIP6 "2001:db8:1::1"
#define CLIENT_PORT 50000
#define VIP_PORT 9443

#define QUIC_V1 0x00000001
#define QUIC_V2 0x6b3343cf

/* A connection ID: issued by a configuration of the fixtures' world, or octets
 * that no configuration made. */
struct cid {
	enum { CID_FOREIGN, CID_ISSUED, CID_HEX } kind;
	unsigned int config_id;
	unsigned int slot;
	unsigned int instance;
	unsigned int length;   /* foreign: octets; issued: cut to so many */
	unsigned int extra;    /* octets of the server's own behind it */
	const __u8 *server_id; /* issued: instead of slot and instance */
	const char *hex;
};

/* The CID of `length` octets that a client chose: octet 0 is 0b111..... so that
 * it is unroutable by itself. */
#define FOREIGN(octets)                                 \
	{                                               \
		.kind = CID_FOREIGN, .length = (octets) \
	}
/* The CID that a slot's terminator of some instance issues. */
#define OF_INSTANCE(config, slot_, instance_, ...)                          \
	{                                                                   \
		.kind = CID_ISSUED, .config_id = (config), .slot = (slot_), \
		.instance = (instance_), ##__VA_ARGS__                      \
	}
/* The CID that the terminator in a slot issues. */
#define ISSUED(config, slot_, ...) \
	OF_INSTANCE(config, slot_, INSTANCE_OF(slot_), ##__VA_ARGS__)
/* A CID with a server ID of its own. */
#define LISTED(config, octets, ...)                        \
	{                                                  \
		.kind = CID_ISSUED, .config_id = (config), \
		.server_id = (octets), ##__VA_ARGS__       \
	}
#define HEX(digits)                              \
	{                                        \
		.kind = CID_HEX, .hex = (digits) \
	}

/* The instance that each slot has in the fixtures' world. */
#define INSTANCE_OF(slot) (0xa000 + (slot))

struct layer {
	enum {
		LAYER_NONE, /* the end */
		LAYER_ETHERNET,
		LAYER_VLAN,
		LAYER_IPV4,
		LAYER_IPV6,
		LAYER_EXTENSION,
		LAYER_FRAGMENT,
		LAYER_ICMP, /* `type`, then a quoted packet */
		LAYER_UDP,
		LAYER_LONG,
		LAYER_SHORT,
		LAYER_OCTETS,
		LAYER_PADDING, /* behind the IP packet */
	} kind;

	int type; /* Ethernet's and a tag's next type; 0: the right one; this
		     extension header's type; ICMP's type */
	int tag;  /* the type that announces this VLAN tag */
	const char *source, *destination; /* IP; NULL: client and VIP */
	int next;	     /* IP: protocol; 0: what the next layer is */
	int version;	     /* IP: the nibble; 0: the right one */
	int header_words;    /* IPv4: the nibble; 0: the right one */
	const char *options; /* IPv4, as hex */
	int fragment;	     /* IPv4: flags and offset; IPv6: offset | M */
	int port, from;	     /* UDP destination and source; 0: the VIP's */
	int lie;	     /* IP, UDP: added to the true length */
	int first;	     /* QUIC: octet 0 (its low 8 bits); 0: usual */
	int no_token;	     /* long: the octet behind the CIDs is 0 */
	__u32 quic_version;
	struct cid dcid, scid;
	int size; /* extension: octets; others: octets of payload */
};

#define ETHERNET(...)                                 \
	{                                             \
		.kind = LAYER_ETHERNET, ##__VA_ARGS__ \
	}
#define VLAN(tag_, ...)                                          \
	{                                                        \
		.kind = LAYER_VLAN, .tag = (tag_), ##__VA_ARGS__ \
	}
#define IPV4(...)                                 \
	{                                         \
		.kind = LAYER_IPV4, ##__VA_ARGS__ \
	}
#define IPV6(...)                                 \
	{                                         \
		.kind = LAYER_IPV6, ##__VA_ARGS__ \
	}
#define EXTENSION(type_, size_, ...)                                       \
	{                                                                  \
		.kind = LAYER_EXTENSION, .type = (type_), .size = (size_), \
		##__VA_ARGS__                                              \
	}
#define FRAGMENT(fragment_, ...)                                               \
	{                                                                      \
		.kind = LAYER_FRAGMENT, .fragment = (fragment_), ##__VA_ARGS__ \
	}
#define ICMP(type_)                                 \
	{                                           \
		.kind = LAYER_ICMP, .type = (type_) \
	}
#define UDP(...)                                 \
	{                                        \
		.kind = LAYER_UDP, ##__VA_ARGS__ \
	}
#define LONG(version_, ...)                                                   \
	{                                                                     \
		.kind = LAYER_LONG, .quic_version = (version_), ##__VA_ARGS__ \
	}
#define SHORT(...)                                 \
	{                                          \
		.kind = LAYER_SHORT, ##__VA_ARGS__ \
	}
#define OCTETS(size_)                                 \
	{                                             \
		.kind = LAYER_OCTETS, .size = (size_) \
	}
#define PADDING(size_)                                 \
	{                                              \
		.kind = LAYER_PADDING, .size = (size_) \
	}

struct frame {
	__u8 octets[FRAME_MAX];
	unsigned int size;
	unsigned int ip, udp, quic; /* where these start; 0: not there */
	struct qs_tuple tuple;	    /* as the hash takes it */
};

/* The configurations by which issued CIDs are made. */
extern struct qs_cid_config packet_configs[QS_CID_CONFIGS];

void packet_build(const struct layer *layers, struct frame *frame);

/* Writes the octets of a CID and returns their number, at most 255. */
unsigned int packet_cid(const struct cid *cid, __u8 *octets);

/* An address in text as 16 octets, IPv4 as ::ffff:a.b.c.d. */
void packet_address(const char *text, __u8 address[16]);

#endif
