/* SPDX-License-Identifier: GPL-2.0-only */
/* How the model reads a frame: each step returns its verdict or GO_ON. */
#ifndef TESTS_FUZZ_MODEL_READ_H
#define TESTS_FUZZ_MODEL_READ_H

#include "tests/fuzz/model.h"

enum { GO_ON = QS_VERDICT_COUNT, GO_ICMP };

/* A frame that is read from front to back. */
struct reader {
	const __u8 *octets;
	unsigned int at, end;
};

struct headers {
	struct qs_tuple tuple;
	bool fragment; /* the first one of several */
	bool options;
};

/* What of a QUIC packet matters here. */
struct quic {
	bool is_long;
	enum { INITIAL, ZERO_RTT, HANDSHAKE, RETRY, UNKNOWN } type;
	const __u8 *cid;
	unsigned int cid_length; /* short: all that is left */
	unsigned int datagram;
	bool short_dcid; /* too short for a client's first */
};

/* Ethernet and IP, up to the UDP header. */
int read_ip(struct reader *reader, struct headers *headers);

/* Leaves the payload; what is wrong with UDP matters to a VIP only. */
int read_udp(const struct model *model, struct reader *reader,
	     struct headers *headers, __u32 *port_index);

/*
 * What an ICMP or ICMPv6 error quotes, from its IP header on to the end of the
 * frame: the 4-tuple of the VIP's flow, and the SCID of a long header.
 */
int read_quote(const struct model *model, struct reader *reader,
	       struct headers *headers, struct quic *quic);

/* The datagram's first QUIC packet. */
int read_quic(struct reader *reader, struct quic *quic);

#endif
