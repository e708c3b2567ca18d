/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/proxy_protocol.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static struct sockaddr_storage make(const char *text, uint16_t port)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;

	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return storage;
	}
	cr_assert_eq(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return storage;
}

static void expect(const char *peer, const char *local, const char *octets,
		   size_t size)
{
	struct sockaddr_storage from = make(peer ? peer : "::", 50000);
	struct sockaddr_storage to = make(local, 443);
	uint8_t header[PROXY_PROTOCOL_SIZE];
	size_t got = proxy_protocol_write(
		header, peer ? (struct sockaddr *)&from : NULL,
		(struct sockaddr *)&to);

	cr_assert_eq(got, size, "%s: %zu octets", peer, got);
	cr_expect_arr_eq(header, octets, size, "%s", peer);
}

#define EXPECT(peer, local, octets) \
	expect(peer, local, octets, sizeof(octets) - 1)

Test(proxy_protocol, headers)
{
	EXPECT("192.0.2.9", "198.51.100.1",
	       SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x09\xc6\x33\x64\x01"
			 "\xc3\x50\x01\xbb");
	EXPECT("::ffff:192.0.2.9", "198.51.100.1",
	       SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x09\xc6\x33\x64\x01"
			 "\xc3\x50\x01\xbb");
	EXPECT("2001:db8::9", "2001:db8::1",
	       SIGNATURE "\x21\x21\x00\x24"
			 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"
			 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
			 "\xc3\x50\x01\xbb");
	EXPECT("192.0.2.9", "2001:db8::1", SIGNATURE "\x20\0\0\0");
	EXPECT(NULL, "2001:db8::1", SIGNATURE "\x20\0\0\0");
}
