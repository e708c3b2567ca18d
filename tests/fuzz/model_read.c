/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/fuzz/model_read.h"

static unsigned int left(const struct reader *reader)
{
	return reader->end - reader->at;
}

static unsigned int peek8(const struct reader *reader, unsigned int offset)
{
	return reader->octets[reader->at + offset];
}

static unsigned int peek16(const struct reader *reader, unsigned int offset)
{
	return peek8(reader, offset) << 8 | peek8(reader, offset + 1);
}

static void copy(const struct reader *reader, unsigned int offset, void *to,
		 unsigned int n)
{
	memcpy(to, reader->octets + reader->at + offset, n);
}

static void map_ipv4(const struct reader *reader, unsigned int offset,
		     __u8 address[16])
{
	memset(address, 0, 10);
	memset(address + 10, 0xff, 2);
	copy(reader, offset, address + 12, 4);
}

/* RFC 791. */
static int read_ipv4(struct reader *reader, struct headers *headers)
{
	unsigned int size, total, fragment;

	if (left(reader) < 20)
		return QS_VERDICT_pass_truncated;
	size = (peek8(reader, 0) & 15) * 4;
	total = peek16(reader, 2);
	if (peek8(reader, 0) >> 4 != 4 || size < 20 || total < size ||
	    total > left(reader))
		return QS_VERDICT_pass_truncated;
	fragment = peek16(reader, 6);
	if (peek8(reader, 9) == 1 && !(fragment & 0x1fff))
		return GO_ICMP;
	if (peek8(reader, 9) != 17)
		return QS_VERDICT_pass_not_udp;
	if (fragment & 0x1fff)
		return QS_VERDICT_pass_fragment;
	headers->fragment = fragment & 0x2000;
	headers->options = size > 20;
	map_ipv4(reader, 12, headers->tuple.source);
	map_ipv4(reader, 16, headers->tuple.destination);
	reader->end = reader->at + total;
	reader->at += size;
	return GO_ON;
}

/* One extension header of RFC 8200; *next is its type, then the next one's. */
static int read_extension(struct reader *reader, struct headers *headers,
			  unsigned int *next)
{
	unsigned int size = 8;

	switch (*next) {
	case 0:
	case 43:
	case 44:
	case 60:
		break;
	case 50:
	case 51:
	case 135:
	case 139:
	case 140:
		return QS_VERDICT_pass_extensions;
	default:
		return QS_VERDICT_pass_not_udp;
	}
	if (left(reader) < 8)
		return QS_VERDICT_pass_truncated;
	if (*next == 44) {
		if (peek16(reader, 2) >> 3)
			return QS_VERDICT_pass_fragment;
		if (peek16(reader, 2) & 1)
			headers->fragment = true;
	} else {
		size = (peek8(reader, 1) + 1) * 8;
	}
	if (left(reader) < size)
		return QS_VERDICT_pass_truncated;
	*next = peek8(reader, 0);
	reader->at += size;
	headers->options = true;
	return GO_ON;
}

static int read_ipv6(struct reader *reader, struct headers *headers)
{
	unsigned int next, length, count = 0;
	int verdict;

	if (left(reader) < 40)
		return QS_VERDICT_pass_truncated;
	length = peek16(reader, 4);
	if (peek8(reader, 0) >> 4 != 6 || length > left(reader) - 40)
		return QS_VERDICT_pass_truncated;
	next = peek8(reader, 6);
	if (next == 58)
		return GO_ICMP;
	copy(reader, 8, headers->tuple.source, 16);
	copy(reader, 24, headers->tuple.destination, 16);
	reader->at += 40;
	reader->end = reader->at + length;
	while (next != 17) {
		if (count++ == 6)
			return QS_VERDICT_pass_extensions;
		verdict = read_extension(reader, headers, &next);
		if (verdict != GO_ON)
			return verdict;
	}
	return GO_ON;
}

int read_ip(struct reader *reader, struct headers *headers)
{
	unsigned int type = peek16(reader, 12), tags = 0;

	reader->at = 14;
	while (tags < 2 && (type == 0x8100 || type == 0x88a8 ||
			    (type == 0x9100 && tags == 0))) {
		if (left(reader) < 4)
			return QS_VERDICT_pass_truncated;
		type = peek16(reader, 2);
		reader->at += 4;
		tags++;
	}
	if (type == 0x0800)
		return read_ipv4(reader, headers);
	if (type == 0x86dd)
		return read_ipv6(reader, headers);
	return QS_VERDICT_pass_not_ip;
}

static bool find_vip(const struct model *model, const struct qs_tuple *tuple,
		     __u32 *port_index)
{
	static const __u8 any[16];
	unsigned int port =
		tuple->destination_port[0] << 8 | tuple->destination_port[1];

	/* An address of its own comes before a wildcard. */
	for (int wildcard = 0; wildcard < 2; wildcard++)
		for (unsigned int i = 0; i < model->vip_count; i++) {
			const __u8 *wanted =
				wildcard ? any : tuple->destination;

			*port_index = model->vips[i].port_index;
			if (model->vips[i].key.port == port &&
			    !memcmp(model->vips[i].key.address, wanted, 16))
				return true;
		}
	return false;
}

int read_udp(const struct model *model, struct reader *reader,
	     struct headers *headers, __u32 *port_index)
{
	if (left(reader) < 4)
		return QS_VERDICT_pass_truncated;
	copy(reader, 0, headers->tuple.source_port, 2);
	copy(reader, 2, headers->tuple.destination_port, 2);
	if (!find_vip(model, &headers->tuple, port_index))
		return QS_VERDICT_pass_not_vip;
	if (headers->fragment)
		return QS_VERDICT_drop_fragment;
	if (left(reader) < 8 || peek16(reader, 4) < 8 ||
	    peek16(reader, 4) > left(reader))
		return QS_VERDICT_drop_udp_length;
	reader->end = reader->at + peek16(reader, 4);
	reader->at += 8;
	if (headers->options && model->flags & QS_SETTING_DROP_OPTIONS)
		return QS_VERDICT_drop_options;
	return GO_ON;
}

static int read_type(__u8 first, __u32 version)
{
	static const int v1[4] = {INITIAL, ZERO_RTT, HANDSHAKE, RETRY};
	static const int v2[4] = {RETRY, INITIAL, ZERO_RTT, HANDSHAKE};

	if (version == 1)
		return v1[first >> 4 & 3];
	if (version == 0x6b3343cf)
		return v2[first >> 4 & 3];
	return UNKNOWN;
}

/* RFC 8999, 5.1, and what versions 1 and 2 forbid a client. */
static int read_long(struct reader *reader, struct quic *quic)
{
	unsigned int scid_length, token;
	__u32 version;

	if (left(reader) < 7)
		return QS_VERDICT_drop_truncated;
	version = peek16(reader, 1) << 16 | peek16(reader, 3);
	if (version == 0)
		return QS_VERDICT_drop_version_zero;
	quic->type = read_type(peek8(reader, 0), version);
	quic->cid_length = peek8(reader, 5);
	quic->cid = reader->octets + reader->at + 6;
	if (left(reader) < 6 + quic->cid_length + 1)
		return QS_VERDICT_drop_truncated;
	scid_length = peek8(reader, 6 + quic->cid_length);
	token = 6 + quic->cid_length + 1 + scid_length;
	if (left(reader) < token)
		return QS_VERDICT_drop_truncated;
	if (quic->type == UNKNOWN)
		return GO_ON;
	if (quic->cid_length > 20 || scid_length > 20)
		return QS_VERDICT_drop_cid_length;
	if (quic->type == RETRY)
		return QS_VERDICT_drop_retry;
	if (quic->type == INITIAL && quic->datagram < 1200)
		return QS_VERDICT_drop_small_initial;
	quic->short_dcid = quic->type == INITIAL && quic->cid_length < 8 &&
			   left(reader) > token && peek8(reader, token) == 0;
	return GO_ON;
}

int read_quic(struct reader *reader, struct quic *quic)
{
	quic->datagram = left(reader);
	if (quic->datagram < 2)
		return QS_VERDICT_drop_truncated;
	quic->is_long = peek8(reader, 0) & 0x80;
	if (quic->is_long)
		return read_long(reader, quic);
	quic->cid = reader->octets + reader->at + 1;
	quic->cid_length = quic->datagram - 1;
	return GO_ON;
}

static int read_quoted_ip(struct reader *reader, struct headers *headers)
{
	bool is_ipv6 = peek8(reader, 0) >> 4 != 4;
	unsigned int type;

	reader->at += is_ipv6 ? 40 : (peek8(reader, 0) & 15) * 4;
	if (reader->at > reader->end || left(reader) < 8)
		return QS_VERDICT_pass_not_udp;
	type = peek8(reader, 0);
	reader->at += 8;
	if (left(reader) < (is_ipv6 ? 40 : 20))
		return QS_VERDICT_pass_not_udp;
	/* It went from the VIP to the client. */
	if (is_ipv6) {
		if ((type != 1 && type != 2) || peek8(reader, 0) >> 4 != 6 ||
		    peek8(reader, 6) != 17)
			return QS_VERDICT_pass_not_udp;
		copy(reader, 8, headers->tuple.destination, 16);
		copy(reader, 24, headers->tuple.source, 16);
		reader->at += 40;
		return GO_ON;
	}
	if (type != 3 || peek8(reader, 0) >> 4 != 4 || peek8(reader, 9) != 17 ||
	    peek16(reader, 6) & 0x1fff)
		return QS_VERDICT_pass_not_udp;
	map_ipv4(reader, 12, headers->tuple.destination);
	map_ipv4(reader, 16, headers->tuple.source);
	reader->at += (peek8(reader, 0) & 15) * 4;
	return GO_ON;
}

/* The SCID of a long header, if all of it is quoted. */
static void read_quoted_cid(const struct reader *reader, struct quic *quic)
{
	unsigned int scid, length;

	if (left(reader) < 7 || !(peek8(reader, 0) & 0x80))
		return;
	scid = 6 + peek8(reader, 5);
	if (left(reader) < scid + 1)
		return;
	length = peek8(reader, scid);
	if (length > 20 || left(reader) < scid + 1 + length)
		return;
	quic->cid = reader->octets + reader->at + scid + 1;
	quic->cid_length = length;
}

int read_quote(const struct model *model, struct reader *reader,
	       struct headers *headers, struct quic *quic)
{
	__u32 port_index;
	int verdict;

	if (left(reader) < 20)
		return QS_VERDICT_pass_not_udp;
	verdict = read_quoted_ip(reader, headers);
	if (verdict != GO_ON)
		return verdict;
	if (reader->at > reader->end || left(reader) < 8)
		return QS_VERDICT_pass_not_udp;
	copy(reader, 0, headers->tuple.destination_port, 2);
	copy(reader, 2, headers->tuple.source_port, 2);
	reader->at += 8;
	if (!find_vip(model, &headers->tuple, &port_index))
		return QS_VERDICT_pass_not_udp;
	quic->is_long = true;
	read_quoted_cid(reader, quic);
	return GO_ON;
}
