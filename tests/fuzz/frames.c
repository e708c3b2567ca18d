/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/fuzz/frames.h"

enum { CLIENTS = 8, CLIENT_PORTS = 16, SIZES_MAX = 1500 };

/* A frame in the making: where the headers are whose lengths come last. */
struct making {
	struct dice *dice;
	const struct model *model;
	struct fuzz_frame *frame;
	unsigned int ip, udp;
	bool is_ipv6;
};

static void append(struct making *m, const void *octets, unsigned int n)
{
	if (n > FUZZ_FRAME_MAX - m->frame->size)
		n = FUZZ_FRAME_MAX - m->frame->size;
	memcpy(m->frame->octets + m->frame->size, octets, n);
	m->frame->size += n;
}

static void append8(struct making *m, __u8 octet)
{
	append(m, &octet, 1);
}

static void append_random(struct making *m, unsigned int n)
{
	while (n--)
		append8(m, dice_word(m->dice));
}

static void append_zeros(struct making *m, unsigned int n)
{
	while (n--)
		append8(m, 0);
}

static void put16(struct making *m, unsigned int at, unsigned int x)
{
	m->frame->octets[at] = x >> 8;
	m->frame->octets[at + 1] = x;
}

static unsigned int pick(struct dice *dice, const __u16 *list, unsigned int n)
{
	return list[dice_below(dice, n)];
}

static void add_ethernet(struct making *m)
{
	static const __u16 tags[] = {0x8100, 0x88a8, 0x9100};
	unsigned int type = m->is_ipv6 ? 0x86dd : 0x0800, count = 0;

	if (dice_percent(m->dice, 2))
		type = dice_word(m->dice);
	if (dice_percent(m->dice, 15))
		count = 1 + dice_below(m->dice, 3);
	append_random(m, 12);
	while (count--) {
		append_random(m, 2);
		put16(m, m->frame->size - 2, pick(m->dice, tags, 3));
		append_random(m, 2);
	}
	append_random(m, 2);
	put16(m, m->frame->size - 2, type);
}

/* One of a few clients, so that they come again. */
static void client_address(struct making *m, __u8 address[16])
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned int client = dice_below(m->dice, CLIENTS);

	memset(address, 0, 16);
	if (m->is_ipv6) {
		address[0] = 0x20;
		address[client % 4 * 4 + 1] = client;
		address[15] = client * 37;
	} else {
		memcpy(address, mapped, 12);
		address[12] = 198;
		address[13] = client % 2 * 64;
		address[14] = client % 3;
		address[15] = client;
	}
}

static void vip_address(struct making *m, const struct qs_vip_key *vip,
			__u8 address[16])
{
	static const __u8 any[16], mapped[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(address, vip->address, 16);
	if (dice_percent(m->dice, 5) || !memcmp(vip->address, any, 16))
		dice_octets(m->dice, address, 16);
	if (!m->is_ipv6)
		memcpy(address, mapped, 12);
}

static void add_ipv4(struct making *m, const __u8 *source,
		     const __u8 *destination)
{
	unsigned int words = 5;

	if (dice_percent(m->dice, 10))
		words += 1 + dice_below(m->dice, 10);
	m->ip = m->frame->size;
	append8(m, 4 << 4 | words);
	append_random(m, 5);
	append_zeros(m, 2);
	if (dice_percent(m->dice, 4))
		put16(m, m->ip + 6,
		      dice_percent(m->dice, 50) ? 0x2000 : dice_word(m->dice));
	append8(m, 64);
	append8(m, dice_percent(m->dice, 2) ? dice_word(m->dice) : 17);
	append_random(m, 2);
	append(m, source + 12, 4);
	append(m, destination + 12, 4);
	append_random(m, words * 4 - 20);
}

/* Extension headers: mostly such as can be stepped over. */
static void add_extensions(struct making *m)
{
	static const __u16 types[] = {0,  43, 44,  60,	0,   43, 44, 60,
				      44, 51, 135, 139, 140, 50, 59};
	unsigned int count = 1 + dice_below(m->dice, 7), next = m->ip + 6;

	while (count--) {
		unsigned int type = pick(m->dice, types, 15), at, size;

		m->frame->octets[next] = type;
		at = next = m->frame->size;
		size = type == 44 ? 1 : 1 + dice_below(m->dice, 4);
		append_random(m, size * 8);
		m->frame->octets[at] = 17;
		if (type != 44)
			m->frame->octets[at + 1] = size - 1;
		else if (!dice_percent(m->dice, 10))
			put16(m, at + 2, dice_below(m->dice, 16) == 0);
	}
}

static void add_ipv6(struct making *m, const __u8 *source,
		     const __u8 *destination)
{
	m->ip = m->frame->size;
	append8(m, 6 << 4);
	append_random(m, 5);
	append8(m, dice_percent(m->dice, 2) ? dice_word(m->dice) : 17);
	append8(m, 64);
	append(m, source, 16);
	append(m, destination, 16);
	if (dice_percent(m->dice, 15))
		add_extensions(m);
}

/* IP and UDP: a client to a VIP, but for some. */
static void add_ip(struct making *m, const struct qs_vip_key *vip)
{
	__u8 source[16], destination[16];

	client_address(m, source);
	vip_address(m, vip, destination);
	if (m->is_ipv6)
		add_ipv6(m, source, destination);
	else
		add_ipv4(m, source, destination);
	m->udp = m->frame->size;
	append_random(m, 8);
	put16(m, m->udp, 50000 + dice_below(m->dice, CLIENT_PORTS));
	if (!dice_percent(m->dice, 4))
		put16(m, m->udp + 2, vip->port);
}

/* A CID that some configuration made, in or not in use. */
static unsigned int issue_cid(struct making *m, __u8 *cid)
{
	unsigned int id = dice_below(m->dice, QS_CID_CONFIGS);
	const struct qs_cid_config *config = &m->model->configs[id];
	unsigned int slot = dice_below(m->dice, 20), length;
	__u8 server_id[16], nonce[QS_NONCE_MAX];

	if (config->encoding == QS_ENCODING_NONE) {
		dice_octets(m->dice, cid, 20);
		cid[0] = id << 5;
		return 20;
	}
	if (slot > 15)
		slot = dice_percent(m->dice, 80) ? 240 + slot
						 : dice_word(m->dice);
	qs_assigned_id_write(server_id, slot,
			     m->model->terminators[slot & 255].instance +
				     dice_percent(m->dice, 10));
	if (m->model->listed_count && (!(config->flags & QS_CONFIG_ASSIGNED) ||
				       dice_percent(m->dice, 30)))
		memcpy(server_id,
		       m->model->listed[dice_below(m->dice,
						   m->model->listed_count)]
			       .key.server_id,
		       QS_SERVER_ID_MAX);
	if (dice_percent(m->dice, 5))
		server_id[dice_below(m->dice, config->server_id_length)] ^= 1;
	dice_octets(m->dice, nonce, sizeof(nonce));
	length = qs_cid_encode(config, id, server_id, nonce, dice_word(m->dice),
			       cid);
	if (dice_percent(m->dice, 5))
		length = dice_below(m->dice, length);
	return length;
}

static unsigned int make_cid(struct making *m, __u8 *cid,
			     unsigned int issued_percent)
{
	if (dice_percent(m->dice, issued_percent))
		return issue_cid(m, cid);
	dice_octets(m->dice, cid, 255);
	if (dice_percent(m->dice, 8))
		return dice_below(m->dice, 256);
	return dice_below(m->dice, 21);
}

static void add_long(struct making *m)
{
	static const __u32 versions[] = {1, 1, 1, 0x6b3343cf, 0x6b3343cf};
	unsigned int die = dice_below(m->dice, 100), length;
	__u32 version = versions[die % 5];
	__u8 cid[256];

	if (die < 3)
		version = 0;
	else if (die < 20)
		version = dice_word(m->dice);
	append8(m, 0x80 | dice_word(m->dice));
	for (int shift = 24; shift >= 0; shift -= 8)
		append8(m, version >> shift);
	length = make_cid(m, cid, 40);
	append8(m, length);
	append(m, cid, length);
	length = make_cid(m, cid, 0);
	append8(m, length);
	append(m, cid, length);
	append8(m, dice_percent(m->dice, 60) ? 0 : dice_word(m->dice));
	if (dice_percent(m->dice, 60))
		append_zeros(m, 1150 + dice_below(m->dice, 80));
	else
		append_random(m, dice_below(m->dice, 60));
}

static void add_short(struct making *m)
{
	__u8 cid[256];
	unsigned int length = make_cid(m, cid, 80);

	append8(m, dice_word(m->dice) & 0x7f);
	append(m, cid, length);
	append_random(m, dice_below(m->dice, 40));
}

/* A packet of the quoted flow, from the VIP: its SCID is a terminator's. */
static void add_quoted_long(struct making *m)
{
	unsigned int length;
	__u8 cid[256];

	append8(m, dice_percent(m->dice, 80) ? 0xc0 : 0x40);
	append_random(m, 4);
	length = make_cid(m, cid, 0);
	append8(m, length);
	append(m, cid, length);
	length = make_cid(m, cid, 90);
	append8(m, length);
	append(m, cid, dice_percent(m->dice, 90) ? length : length / 2);
	append_random(m, dice_below(m->dice, 30));
}

/* A router's error about a packet that a VIP sent. */
static void add_icmp(struct making *m, const struct qs_vip_key *vip)
{
	void (*add)(struct making *, const __u8 *, const __u8 *) =
		m->is_ipv6 ? add_ipv6 : add_ipv4;
	unsigned int outer = m->frame->size;
	__u8 client[16], address[16], type = 3;

	client_address(m, client);
	vip_address(m, vip, address);
	add(m, client, address);
	m->frame->octets[outer + (m->is_ipv6 ? 6 : 9)] = m->is_ipv6 ? 58 : 1;
	if (m->is_ipv6)
		type = 1 + dice_below(m->dice, 2);
	append8(m, dice_percent(m->dice, 90) ? type : dice_word(m->dice));
	append_random(m, 7);
	add(m, address, client);
	m->ip = outer;
	append_random(m, 8);
	put16(m, m->frame->size - 8, vip->port);
	put16(m, m->frame->size - 6, 50000 + dice_below(m->dice, CLIENT_PORTS));
	add_quoted_long(m);
}

/* A few octets too many or too few, now and then. */
static unsigned int length_or_lie(struct making *m, unsigned int length)
{
	if (dice_percent(m->dice, 96))
		return length;
	if (dice_percent(m->dice, 20))
		return dice_word(m->dice);
	return length + dice_below(m->dice, 40) - 20;
}

static void set_lengths(struct making *m)
{
	unsigned int end = m->frame->size;

	if (m->is_ipv6)
		put16(m, m->ip + 4, length_or_lie(m, end - m->ip - 40));
	else
		put16(m, m->ip + 2, length_or_lie(m, end - m->ip));
	if (m->udp)
		put16(m, m->udp + 4, length_or_lie(m, end - m->udp));
	if (dice_percent(m->dice, 10))
		append_random(m, dice_below(m->dice, 40));
}

static void mutate(struct making *m)
{
	struct fuzz_frame *frame = m->frame;
	unsigned int count = 0, reach = frame->size < 120 ? frame->size : 120;

	if (dice_percent(m->dice, 15))
		count = 1 + dice_below(m->dice, 4);
	while (count--)
		frame->octets[dice_below(m->dice, reach)] = dice_word(m->dice);
	if (dice_percent(m->dice, 8))
		frame->size = 14 + dice_below(m->dice, reach);
	if (frame->size < 14)
		frame->size = 14;
}

void make_frame(struct dice *dice, const struct model *model,
		struct fuzz_frame *frame)
{
	struct making m = {.dice = dice, .model = model, .frame = frame};
	const struct qs_vip_key *vip =
		&model->vips[dice_below(dice, model->vip_count)].key;
	static const __u8 zeros[10];

	frame->size = 0;
	m.is_ipv6 = memcmp(vip->address, zeros, 10) != 0;
	if (!memcmp(vip->address, zeros, 10) && !vip->address[10])
		m.is_ipv6 = dice_percent(dice, 50);
	add_ethernet(&m);
	if (dice_percent(dice, 8)) {
		add_icmp(&m, vip);
	} else {
		add_ip(&m, vip);
		if (dice_percent(dice, 50))
			add_short(&m);
		else
			add_long(&m);
	}
	set_lengths(&m);
	mutate(&m);
}
