/* SPDX-License-Identifier: GPL-2.0-only */
#include <criterion/criterion.h>
#include <string.h>

#include "terminator/tls_filter.h"

/* Handshake messages of a type with a body of a size (RFC 8446, 4). */
static size_t message(uint8_t *to, uint8_t type, uint32_t size)
{
	to[0] = type;
	to[1] = (uint8_t)(size >> 16);
	to[2] = (uint8_t)(size >> 8);
	to[3] = (uint8_t)size;
	/* A body that would itself be refused where a header is expected. */
	memset(to + 4, 24, size);
	return 4 + size;
}

static const struct {
	const char *name;
	enum tls_filter_level level;
	uint8_t type;
	bool allowed;
} cases[] = {
	{"KeyUpdate, Initial", TLS_FILTER_INITIAL, 24, false},
	{"KeyUpdate, Handshake", TLS_FILTER_HANDSHAKE, 24, false},
	{"KeyUpdate, 1-RTT", TLS_FILTER_APPLICATION, 24, false},
	{"EndOfEarlyData, Initial", TLS_FILTER_INITIAL, 5, false},
	{"EndOfEarlyData, Handshake", TLS_FILTER_HANDSHAKE, 5, false},
	{"EndOfEarlyData, 1-RTT", TLS_FILTER_APPLICATION, 5, false},
	{"ClientHello, Handshake", TLS_FILTER_HANDSHAKE, 1, false},
	{"ClientHello, 1-RTT", TLS_FILTER_APPLICATION, 1, false},
	{"Finished, Initial", TLS_FILTER_INITIAL, 20, false},
	{"Finished, 1-RTT", TLS_FILTER_APPLICATION, 20, false},
	{"Certificate, Handshake", TLS_FILTER_HANDSHAKE, 11, false},
	{"NewSessionTicket, 1-RTT", TLS_FILTER_APPLICATION, 4, false},
	{"ClientHello, Initial", TLS_FILTER_INITIAL, 1, true},
	{"Finished, Handshake", TLS_FILTER_HANDSHAKE, 20, true},
};

Test(tls_filter, allows_each_type_at_its_level_only)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_filter filter = {0};
		uint8_t data[64];
		size_t size = message(data, cases[i].type, 8);

		cr_expect_eq(
			tls_filter_allows(&filter, cases[i].level, data, size),
			cases[i].allowed, "%s", cases[i].name);
	}
}

Test(tls_filter, sees_a_second_message_behind_a_first)
{
	struct tls_filter filter = {0};
	uint8_t data[64];
	size_t size = message(data, 20, 9);

	size += message(data + size, 24, 1);
	cr_expect_not(
		tls_filter_allows(&filter, TLS_FILTER_HANDSHAKE, data, size));
}

Test(tls_filter, follows_messages_however_they_are_cut)
{
	uint8_t data[400];
	size_t size = message(data, 1, 0);

	size += message(data + size, 1, 300);
	size += message(data + size, 24, 4);
	for (size_t cut = 1; cut < 304; cut++) {
		struct tls_filter filter = {0};
		size_t at;

		for (at = 0; at + cut <= 308; at += cut)
			cr_assert(tls_filter_allows(&filter, TLS_FILTER_INITIAL,
						    data + at, cut),
				  "cut in %zu octets, at %zu", cut, at);
		cr_assert_not(tls_filter_allows(&filter, TLS_FILTER_INITIAL,
						data + at, size - at),
			      "cut in %zu octets", cut);
	}
}

Test(tls_filter, keeps_levels_apart)
{
	struct tls_filter filter = {0};
	uint8_t data[64];
	size_t size = message(data, 1, 20);

	cr_assert(tls_filter_allows(&filter, TLS_FILTER_INITIAL, data, 10));
	message(data, 20, 20);
	cr_assert(tls_filter_allows(&filter, TLS_FILTER_HANDSHAKE, data, size));
	message(data, 1, 20);
	cr_assert(tls_filter_allows(&filter, TLS_FILTER_INITIAL, data + 10,
				    size - 10));
}
