/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/icmp_check.h"

#include <string.h>

enum {
	LONG_HEADER = 0x80,
	LONG_DCID_LENGTH = 5, /* its offset */
	IPV4_HEADERS = 20 + 8,
	IPV6_HEADERS = 40 + 8,
};

/* The CID of `length` octets at `offset`. */
static void fill(struct icmp_cid *cid, const uint8_t *quoted, size_t size,
		 size_t offset, size_t length)
{
	size_t there = size > offset ? size - offset : 0;

	cid->octets = quoted + (there ? offset : 0);
	cid->size = length;
	cid->known = there < length ? there : length;
}

static bool is_long(const uint8_t *quoted, size_t size)
{
	return size > LONG_DCID_LENGTH && quoted[0] & LONG_HEADER;
}

void icmp_quoted_dcid(const uint8_t *quoted, size_t size, size_t short_length,
		      struct icmp_cid *ret_dcid)
{
	if (is_long(quoted, size))
		fill(ret_dcid, quoted, size, LONG_DCID_LENGTH + 1,
		     quoted[LONG_DCID_LENGTH]);
	else if (size && quoted[0] & LONG_HEADER)
		*ret_dcid = (struct icmp_cid){.octets = quoted,
					      .size = short_length};
	else
		fill(ret_dcid, quoted, size, 1, short_length);
}

bool icmp_quoted_scid(const uint8_t *quoted, size_t size,
		      struct icmp_cid *ret_scid)
{
	size_t offset;

	if (!is_long(quoted, size))
		return false;
	offset = LONG_DCID_LENGTH + 1 + quoted[LONG_DCID_LENGTH];
	if (offset >= size)
		return false;
	fill(ret_scid, quoted, size, offset + 1, quoted[offset]);
	return ret_scid->known == ret_scid->size;
}

bool icmp_is_cid(const struct icmp_cid *quoted, const uint8_t *octets,
		 size_t size)
{
	return quoted->size == size &&
	       !memcmp(quoted->octets, octets, quoted->known);
}

enum icmp_mtu icmp_judge_mtu(uint32_t mtu, bool is_ipv4, size_t now,
			     size_t *ret_payload)
{
	size_t headers = is_ipv4 ? IPV4_HEADERS : IPV6_HEADERS;

	if (mtu < headers + ICMP_MIN_PAYLOAD)
		return ICMP_MTU_TOO_SMALL;
	if (mtu - headers >= now)
		return ICMP_MTU_TOO_LARGE;
	*ret_payload = mtu - headers;
	return ICMP_MTU_TAKEN;
}
