/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/proxy_protocol.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum {
	HEAD_SIZE = 16,
	VERSION = 0x20,
	COMMAND_PROXY = 0x01, /* else LOCAL */
	STREAM_V4 = 0x11,
	STREAM_V6 = 0x21,
};

/* One end, as the header has it. */
struct end {
	uint8_t address[16];
	size_t size;   /* 0: not known */
	uint16_t port; /* network order */
};

static struct end end_of(const struct sockaddr *from)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
	struct end end = {.size = 0};

	if (!from)
		return end;
	if (from->sa_family == AF_INET) {
		end.size = 4;
		end.port = v4->sin_port;
		memcpy(end.address, &v4->sin_addr, 4);
	} else if (from->sa_family == AF_INET6) {
		bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);

		end.size = mapped ? 4 : 16;
		end.port = v6->sin6_port;
		memcpy(end.address, v6->sin6_addr.s6_addr + (mapped ? 12 : 0),
		       end.size);
	}
	return end;
}

size_t proxy_protocol_write(uint8_t header[PROXY_PROTOCOL_SIZE],
			    const struct sockaddr *peer,
			    const struct sockaddr *local)
{
	static const uint8_t signature[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
					    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
	struct end from = end_of(peer), to = end_of(local);
	uint8_t *at = header + HEAD_SIZE;

	memcpy(header, signature, sizeof(signature));
	header[12] = VERSION;
	memset(header + 13, 0, 3);
	if (!from.size || from.size != to.size)
		return HEAD_SIZE;
	header[12] = VERSION | COMMAND_PROXY;
	header[13] = from.size == 4 ? STREAM_V4 : STREAM_V6;
	header[15] = 2 * from.size + 4;
	memcpy(at, from.address, from.size);
	memcpy(at + from.size, to.address, to.size);
	at += 2 * from.size;
	memcpy(at, &from.port, 2);
	memcpy(at + 2, &to.port, 2);
	return HEAD_SIZE + header[15];
}
