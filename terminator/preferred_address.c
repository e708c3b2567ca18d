/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/preferred_address.h"

#include <arpa/inet.h>
#include <string.h>

#include "loader/lib/parse.h"
#include "terminator/quic.h"

static void fill_v4(const struct qs_vip_key *from, ngtcp2_preferred_addr *to)
{
	to->ipv4_present = 1;
	to->ipv4.sin_family = AF_INET;
	to->ipv4.sin_port = htons(from->port);
	memcpy(&to->ipv4.sin_addr, from->address + 12, 4);
}

static void fill_v6(const struct qs_vip_key *from, ngtcp2_preferred_addr *to)
{
	to->ipv6_present = 1;
	to->ipv6.sin6_family = AF_INET6;
	to->ipv6.sin6_port = htons(from->port);
	memcpy(&to->ipv6.sin6_addr, from->address, 16);
}

void preferred_address_fill(const struct quic *quic, const ngtcp2_cid *scid,
			    ngtcp2_preferred_addr *to)
{
	const struct qs_config_quic *options = &quic->options.more;

	if (!options->preferred_address_count)
		return;
	for (size_t i = 0; i < options->preferred_address_count; i++) {
		const struct qs_vip_key *from = &options->preferred_address[i];

		if (qs_endpoint_is_v4(from))
			fill_v4(from, to);
		else
			fill_v6(from, to);
	}
	/* One length for all CIDs of a connection. */
	cid_new(quic->identity, (uint8_t)qs_cid_config_id(scid->data[0]),
		&to->cid);
	cid_reset_token(quic->identity, &to->cid, to->stateless_reset_token);
}
