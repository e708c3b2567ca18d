/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/udp.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static void check(const union udp_address *address, const char *wanted)
{
	char text[INET6_ADDRSTRLEN];

	cr_expect_str_eq(udp_address_text(address, text), wanted);
}

Test(udp, address_text)
{
	static const char *const texts[] = {
		"0.0.0.0",     "1.2.3.4",	  "10.20.30.40",
		"127.0.0.1",   "99.100.101.109",  "192.168.0.200",
		"255.255.9.0", "255.255.255.255",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		union udp_address v4 = {.v4.sin_family = AF_INET};
		union udp_address mapped = {.v6.sin6_family = AF_INET6};
		uint8_t *octets = mapped.v6.sin6_addr.s6_addr;

		inet_pton(AF_INET, texts[i], &v4.v4.sin_addr);
		check(&v4, texts[i]);
		octets[10] = octets[11] = 0xff;
		inet_pton(AF_INET, texts[i], octets + 12);
		check(&mapped, texts[i]);
	}
}

Test(udp, address_text_v6)
{
	union udp_address v6 = {.v6.sin6_family = AF_INET6};

	inet_pton(AF_INET6, "2001:db8::1", &v6.v6.sin6_addr);
	check(&v6, "2001:db8::1");
}
