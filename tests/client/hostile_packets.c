/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/hostile.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/client/connection_private.h"

enum {
	DATAGRAM_MAX = 1452, /* what fits into an Ethernet frame by IPv6 */
	INITIAL_MIN = 1200,
	QUIET_MS = 150, /* no answer for so long: none will come */
	BATCH = 50,	/* sent between two looks for answers */
	UNKNOWN_VERSION = 0x1a2a3a4a, /* reserved to force negotiation */
};

/* What came back in a case. */
struct answers {
	unsigned int sent, negotiations, resets, others;
};

struct prober {
	int fd;
	struct answers answers;
};

/* Version Negotiation: long header, version 0 (RFC 8999, 6). What has a short
 * header can, without a connection, be a stateless reset only. */
static void classify(struct answers *answers, const uint8_t *data, size_t size)
{
	static const uint8_t zero[4];

	if (size >= 7 && (data[0] & 0x80) && memcmp(data + 1, zero, 4) == 0)
		answers->negotiations++;
	else if (size >= 21 && !(data[0] & 0x80))
		answers->resets++;
	else
		answers->others++;
}

static void collect(struct prober *prober, int wait_ms)
{
	struct pollfd poller = {.fd = prober->fd, .events = POLLIN};
	uint8_t data[2048];
	ssize_t size;

	while (poll(&poller, 1, wait_ms) > 0) {
		size = recv(prober->fd, data, sizeof(data), MSG_DONTWAIT);
		if (size > 0)
			classify(&prober->answers, data, (size_t)size);
	}
}

/* Slow enough that nothing is lost for want of buffers. */
static void probe(struct prober *prober, const uint8_t *data, size_t size)
{
	if (send(prober->fd, data, size, 0) == (ssize_t)size)
		prober->answers.sent++;
	if (prober->answers.sent % BATCH == 0)
		collect(prober, 1);
}

static void judge(struct hostile *hostile, struct prober *prober,
		  const char *name, unsigned int negotiations)
{
	const struct answers *answers = &prober->answers;
	char seen[160];

	collect(prober, QUIET_MS);
	snprintf(seen, sizeof(seen),
		 "%u sent, %u Version Negotiations (%u expected), %u stateless "
		 "resets, %u others",
		 answers->sent, answers->negotiations, negotiations,
		 answers->resets, answers->others);
	hostile_verdict(hostile, name,
			answers->sent > 0 &&
				answers->negotiations == negotiations &&
				answers->others == 0,
			seen);
	prober->answers = (struct answers){0};
}

static void garbage_of_all_sizes(struct hostile *hostile, struct prober *prober)
{
	uint8_t data[DATAGRAM_MAX];
	size_t size;

	for (size = 1; size <= sizeof(data); size++) {
		random_octets(data, size);
		data[0] &= 0x7f; /* long headers have cases of their own */
		probe(prober, data, size);
	}
	judge(hostile, prober, "garbage of 1 to 1452 octets", 0);
}

static void truncated_initials(struct hostile *hostile, struct prober *prober,
			       const uint8_t *initial)
{
	size_t size;

	for (size = 1; size < INITIAL_MIN; size++)
		probe(prober, initial, size);
	judge(hostile, prober, "an Initial cut to 1 to 1199 octets", 0);
}

/* Writes a long header's invariant part (RFC 8999, 5.1). Returns its size. */
static size_t long_header(uint8_t *data, uint8_t first, uint32_t version,
			  size_t dcid_size, size_t scid_size)
{
	size_t at = 0;

	data[at++] = first;
	data[at++] = (uint8_t)(version >> 24);
	data[at++] = (uint8_t)(version >> 16);
	data[at++] = (uint8_t)(version >> 8);
	data[at++] = (uint8_t)version;
	data[at++] = (uint8_t)dcid_size;
	random_octets(data + at, dcid_size);
	at += dcid_size;
	data[at++] = (uint8_t)scid_size;
	random_octets(data + at, scid_size);
	return at + scid_size;
}

static void unknown_versions(struct hostile *hostile, struct prober *prober)
{
	uint8_t data[DATAGRAM_MAX];
	size_t size, expected = 0;

	for (size = INITIAL_MIN - 40; size <= INITIAL_MIN + 40; size++) {
		random_octets(data, sizeof(data));
		long_header(data, 0xc0, UNKNOWN_VERSION, 8, 8);
		probe(prober, data, size);
		expected += size >= INITIAL_MIN;
	}
	judge(hostile, prober, "unknown version in 1160 to 1240 octets",
	      (unsigned int)expected);
}

static void all_cid_lengths(struct hostile *hostile, struct prober *prober,
			    uint32_t version, const char *name,
			    unsigned int negotiations)
{
	uint8_t data[DATAGRAM_MAX];
	size_t length, at;

	for (length = 0; length <= 255; length++) {
		random_octets(data, sizeof(data));
		at = long_header(data, 0xc0, version, length, 8);
		/* No token: one that begins as ours do would be answered. */
		data[at] = 0;
		probe(prober, data, sizeof(data));
	}
	judge(hostile, prober, name, negotiations);
}

static void cut_headers(struct hostile *hostile, struct prober *prober)
{
	uint8_t data[DATAGRAM_MAX];
	size_t whole, size;

	random_octets(data, sizeof(data));
	whole = long_header(data, 0xc0, UNKNOWN_VERSION, 255, 255);
	for (size = 1; size < whole; size++)
		probe(prober, data, size);
	judge(hostile, prober, "unknown version cut inside its header", 0);
}

static void empty(struct hostile *hostile, struct prober *prober)
{
	int i;

	for (i = 0; i < 20; i++)
		probe(prober, (const uint8_t *)"", 0);
	judge(hostile, prober, "datagrams of no octets", 0);
}

static void server_packets(struct hostile *hostile, struct prober *prober)
{
	uint8_t data[INITIAL_MIN];
	int i;

	random_octets(data, sizeof(data));
	for (i = 0; i < 20; i++) {
		long_header(data, 0xc0, 0, 8, 8);
		probe(prober, data, sizeof(data));
	}
	judge(hostile, prober, "Version Negotiation by a client", 0);
	for (i = 0; i < 20; i++) {
		long_header(data, 0xf0, NGTCP2_PROTO_VER_V1, 8, 8);
		probe(prober, data, sizeof(data));
	}
	judge(hostile, prober, "Retry by a client", 0);
	for (i = 0; i < 20; i++) {
		long_header(data, 0xe0, NGTCP2_PROTO_VER_V1, 17, 8);
		probe(prober, data, sizeof(data));
	}
	judge(hostile, prober, "Handshake packets of no connection", 0);
}

void hostile_packets(struct hostile *hostile, const uint8_t *initial,
		     size_t size)
{
	const struct udp_address *remote = &hostile->connection.remote;
	struct prober prober = {
		.fd = socket(remote->storage.ss_family,
			     SOCK_DGRAM | SOCK_CLOEXEC, 0),
	};

	if (prober.fd < 0 || size < INITIAL_MIN ||
	    connect(prober.fd, (const struct sockaddr *)&remote->storage,
		    remote->size) < 0) {
		hostile_verdict(hostile, "datagrams", false, strerror(errno));
		return;
	}
	garbage_of_all_sizes(hostile, &prober);
	truncated_initials(hostile, &prober, initial);
	unknown_versions(hostile, &prober);
	cut_headers(hostile, &prober);
	all_cid_lengths(hostile, &prober, NGTCP2_PROTO_VER_V1,
			"QUIC v1 with DCIDs of 0 to 255 octets", 0);
	all_cid_lengths(hostile, &prober, UNKNOWN_VERSION,
			"unknown version with DCIDs of 0 to 255 octets", 256);
	empty(hostile, &prober);
	server_packets(hostile, &prober);
	close(prober.fd);
}
