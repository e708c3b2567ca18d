/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/bpf/packet.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>

#include "tests/vectors/rows.h"

struct qs_cid_config packet_configs[QS_CID_CONFIGS];

static void append(struct frame *frame, const void *octets, unsigned int size)
{
	assert(frame->size + size <= FRAME_MAX);
	memcpy(frame->octets + frame->size, octets, size);
	frame->size += size;
}

/* Octets that no field of ours has by accident. */
static void append_filler(struct frame *frame, unsigned int size)
{
	__u8 octet;

	for (unsigned int i = 0; i < size; i++) {
		octet = 0x11 + 7 * i;
		append(frame, &octet, 1);
	}
}

static void put16(struct frame *frame, unsigned int at, unsigned int x)
{
	frame->octets[at] = x >> 8;
	frame->octets[at + 1] = x;
}

void packet_address(const char *text, __u8 address[16])
{
	int ok;

	memset(address, 0, 16);
	if (strchr(text, ':')) {
		ok = inet_pton(AF_INET6, text, address);
	} else {
		address[10] = address[11] = 0xff;
		ok = inet_pton(AF_INET, text, address + 12);
	}
	assert(ok == 1);
}

static unsigned int issued_cid(const struct cid *cid, __u8 *octets)
{
	const struct qs_cid_config *config = &packet_configs[cid->config_id];
	__u8 server_id[16], nonce[QS_NONCE_MAX];
	unsigned int length;

	qs_assigned_id_write(server_id, cid->slot, cid->instance);
	for (unsigned int i = 0; i < sizeof(nonce); i++)
		nonce[i] = 0x31 + 11 * i;
	length = qs_cid_encode(config, cid->config_id,
			       cid->server_id ? cid->server_id : server_id,
			       nonce, 0x0b, octets);
	if (cid->length)
		return cid->length;
	memset(octets + length, 0x77, cid->extra);
	return length + cid->extra;
}

unsigned int packet_cid(const struct cid *cid, __u8 *octets)
{
	switch (cid->kind) {
	case CID_ISSUED:
		return issued_cid(cid, octets);
	case CID_HEX:
		return hex_read(cid->hex, octets, 255);
	default:
		for (unsigned int i = 0; i < cid->length; i++)
			octets[i] = 0xe5 + 13 * i;
		return cid->length;
	}
}

static unsigned int next_header(const struct layer *layer)
{
	const struct layer *next = layer + 1;

	if (layer->next)
		return layer->next;
	switch (next->kind) {
	case LAYER_UDP:
		return IPPROTO_UDP;
	case LAYER_FRAGMENT:
		return IPPROTO_FRAGMENT;
	case LAYER_EXTENSION:
		return next->type;
	default:
		return IPPROTO_NONE;
	}
}

/* Of what follows Ethernet's header or a VLAN tag. */
static unsigned int ethernet_type(const struct layer *layer)
{
	if (layer->type)
		return layer->type;
	switch (layer[1].kind) {
	case LAYER_VLAN:
		return layer[1].tag;
	case LAYER_IPV6:
		return ETH_P_IPV6;
	default:
		return ETH_P_IP;
	}
}

static void add_ethernet(struct frame *frame, const struct layer *layer)
{
	static const __u8 macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	append(frame, macs, sizeof(macs));
	append(frame, "\0", 2);
	put16(frame, frame->size - 2, ethernet_type(layer));
}

/* VLAN 5, priority 1. */
static void add_vlan(struct frame *frame, const struct layer *layer)
{
	append(frame, "\x20\x05\0", 4);
	put16(frame, frame->size - 2, ethernet_type(layer));
}

static void add_ipv4(struct frame *frame, const struct layer *layer)
{
	int options = 0, version = layer->version ? layer->version : 4;
	__u8 octets[60] = {0};

	if (layer->options)
		options = hex_read(layer->options, octets + 20, 40);
	packet_address(layer->source ? layer->source : CLIENT4,
		       frame->tuple.source);
	packet_address(layer->destination ? layer->destination : VIP4,
		       frame->tuple.destination);
	octets[0] = version << 4 | (layer->header_words ? layer->header_words
							: 5 + options / 4);
	octets[6] = layer->fragment >> 8;
	octets[7] = layer->fragment;
	octets[8] = 64;
	octets[9] = next_header(layer);
	memcpy(octets + 12, frame->tuple.source + 12, 4);
	memcpy(octets + 16, frame->tuple.destination + 12, 4);
	frame->ip = frame->size;
	append(frame, octets, 20 + options);
}

static void add_ipv6(struct frame *frame, const struct layer *layer)
{
	__u8 octets[40] = {0};

	packet_address(layer->source ? layer->source : CLIENT6,
		       frame->tuple.source);
	packet_address(layer->destination ? layer->destination : VIP6,
		       frame->tuple.destination);
	octets[0] = (layer->version ? layer->version : 6) << 4;
	octets[6] = next_header(layer);
	octets[7] = 64;
	memcpy(octets + 8, frame->tuple.source, 16);
	memcpy(octets + 24, frame->tuple.destination, 16);
	frame->ip = frame->size;
	append(frame, octets, sizeof(octets));
}

/* Both kinds of extension header. */
static void add_extension(struct frame *frame, const struct layer *layer)
{
	__u8 octets[8] = {next_header(layer)};

	if (layer->kind == LAYER_FRAGMENT) {
		octets[2] = layer->fragment >> 8;
		octets[3] = layer->fragment;
		append(frame, octets, 8);
		return;
	}
	octets[1] = layer->size / 8 - 1 + layer->lie;
	append(frame, octets, 2);
	append_filler(frame, layer->size - 2);
}

static void add_icmp(struct frame *frame, const struct layer *layer)
{
	const __u8 octets[8] = {layer->type};

	append(frame, octets, sizeof(octets));
}

static void add_udp(struct frame *frame, const struct layer *layer)
{
	int from = layer->from ? layer->from : CLIENT_PORT;
	int port = layer->port ? layer->port : VIP_PORT;

	frame->udp = frame->size;
	append(frame, "\0\0\0\0\0\0\0", 8);
	put16(frame, frame->udp, from);
	put16(frame, frame->udp + 2, port);
	memcpy(frame->tuple.source_port, frame->octets + frame->udp, 2);
	memcpy(frame->tuple.destination_port, frame->octets + frame->udp + 2,
	       2);
}

static void add_cid(struct frame *frame, const struct cid *cid, int length)
{
	__u8 octets[256];

	octets[0] = packet_cid(cid, octets + 1);
	append(frame, octets + !length, octets[0] + length);
}

static void add_quic(struct frame *frame, const struct layer *layer)
{
	int is_long = layer->kind == LAYER_LONG;
	__u8 octets[5] = {layer->first};

	if (!layer->first)
		octets[0] = is_long ? 0xc0 : 0x40;
	qs_store_be32(octets + 1, layer->quic_version);
	frame->quic = frame->size;
	append(frame, octets, is_long ? 5 : 1);
	add_cid(frame, &layer->dcid, is_long);
	if (is_long)
		add_cid(frame, &layer->scid, 1);
	append_filler(frame, layer->size);
	if (layer->no_token)
		frame->octets[frame->size - layer->size] = 0;
}

static void add(struct frame *frame, const struct layer *layer)
{
	switch (layer->kind) {
	case LAYER_ETHERNET:
		return add_ethernet(frame, layer);
	case LAYER_VLAN:
		return add_vlan(frame, layer);
	case LAYER_IPV4:
		return add_ipv4(frame, layer);
	case LAYER_IPV6:
		return add_ipv6(frame, layer);
	case LAYER_EXTENSION:
	case LAYER_FRAGMENT:
		return add_extension(frame, layer);
	case LAYER_ICMP:
		return add_icmp(frame, layer);
	case LAYER_UDP:
		return add_udp(frame, layer);
	case LAYER_LONG:
	case LAYER_SHORT:
		return add_quic(frame, layer);
	default:
		return append_filler(frame, layer->size);
	}
}

static void set_ipv4_checksum(struct frame *frame, unsigned int ip)
{
	unsigned int size = (frame->octets[ip] & 15) * 4, sum = 0;

	for (unsigned int i = 0; i < size; i += 2)
		sum += frame->octets[ip + i] << 8 | frame->octets[ip + i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(frame, ip + 10, ~sum);
}

/* Lengths are known last; layer i starts at starts[i]. */
static void set_lengths(struct frame *frame, const struct layer *layers,
			const unsigned int *starts, unsigned int end)
{
	for (unsigned int i = 0; layers[i].kind; i++) {
		unsigned int start = starts[i];
		unsigned int size = end - start + layers[i].lie;

		if (layers[i].kind == LAYER_UDP)
			put16(frame, start + 4, size);
		if (layers[i].kind == LAYER_IPV6)
			put16(frame, start + 4, size - 40);
		if (layers[i].kind == LAYER_IPV4) {
			put16(frame, start + 2, size);
			set_ipv4_checksum(frame, start);
		}
	}
}

void packet_build(const struct layer *layers, struct frame *frame)
{
	unsigned int starts[LAYERS_MAX + 1], end = 0;

	memset(frame, 0, sizeof(*frame));
	for (unsigned int i = 0; layers[i].kind; i++) {
		starts[i] = frame->size;
		add(frame, &layers[i]);
		if (layers[i].kind != LAYER_PADDING)
			end = frame->size;
	}
	set_lengths(frame, layers, starts, end);
}
