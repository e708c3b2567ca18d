/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tc program without metadata, as behind a driver that has no room for it.
 * BPF_PROG_TEST_RUN gives no skb at ingress, so the kernel refuses each socket
 * there: "refused" shows that a socket was found. Metadata and true delivery
 * are tests/e2e's.
 */
#include "tests/bpf/fixture.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TC_UNSPEC = -1, TC_SHOT = 2 };

static const struct delivery {
	const char *name;
	struct layer layers[LAYERS_MAX];
	enum qs_delivery delivery;
	int action;
} deliveries[] = {
	{"truncated_ip",
	 {ETHERNET(), IPV4(.lie = 1), UDP(), OCTETS(3)},
	 QS_DELIVERY_not_ours,
	 TC_UNSPEC},
	{"truncated_quic",
	 {ETHERNET(), IPV4(), UDP(), SHORT()},
	 QS_DELIVERY_undecided,
	 TC_SHOT},
	{"version_zero",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(0, .dcid = FOREIGN(8), .scid = FOREIGN(8), .size = 20)},
	 QS_DELIVERY_undecided,
	 TC_SHOT},
	{"first_fragment",
	 {ETHERNET(), IPV4(.fragment = 0x2000), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_DELIVERY_undecided,
	 TC_SHOT},
	{"arp",
	 {ETHERNET(.type = 0x0806), OCTETS(28)},
	 QS_DELIVERY_not_ours,
	 TC_UNSPEC},
	{"tcp",
	 {ETHERNET(), IPV4(.next = 6), OCTETS(40)},
	 QS_DELIVERY_not_ours,
	 TC_UNSPEC},
	{"other_port",
	 {ETHERNET(), IPV6(), UDP(.port = OTHER_PORT), OCTETS(40)},
	 QS_DELIVERY_not_ours,
	 TC_UNSPEC},
	{"slot_without_socket",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_B), .size = 1100)},
	 QS_DELIVERY_no_socket,
	 TC_SHOT},
	{"slot_with_socket_ipv4",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 1100)},
	 QS_DELIVERY_refused,
	 TC_SHOT},
	{"slot_with_socket_ipv6_extensions",
	 {ETHERNET(), IPV6(), EXTENSION(60, 264), UDP(),
	  LONG(0x0a0a0a0a, .first = 0xe0, .dcid = ISSUED(PLAINTEXT, LIVE_A),
	       .scid = FOREIGN(255), .size = 100)},
	 QS_DELIVERY_refused,
	 TC_SHOT},
};

static const char *check_delivery(const struct delivery *delivery)
{
	static struct counts before, after;
	static struct frame frame;
	static struct run run;
	static char reason[80];

	packet_build(delivery->layers, &frame);
	world_counts(&world, &before);
	world_deliver(&world, frame.octets, frame.size, &run);
	world_counts(&world, &after);
	for (unsigned int i = 0; i < QS_DELIVERY_COUNT; i++) {
		__u64 moved = after.delivery[i] - before.delivery[i];

		if (moved == (i == delivery->delivery))
			continue;
		snprintf(reason, sizeof(reason), "%s moved by %llu",
			 delivery_names[i], (unsigned long long)moved);
		return reason;
	}
	if (memcmp(before.verdict, after.verdict, sizeof(before.verdict)))
		return "XDP's verdicts moved";
	if ((int)run.action != delivery->action)
		return "the action is not right";
	if (run.size != frame.size ||
	    memcmp(run.octets, frame.octets, frame.size))
		return "the packet was changed";
	return NULL;
}

/* A UDP socket on a free port of the loopback interface. */
static int bound_socket(void)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !bind(fd, (const void *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

void test_deliver(void)
{
	int fd = bound_socket();
	const char *reason;

	report("deliver", "socket", fd >= 0, "no UDP socket can be bound");
	if (fd < 0)
		return;
	world_set_socket(&world, LIVE_A, fd);
	for (unsigned int i = 0; i < sizeof(deliveries) / sizeof(*deliveries);
	     i++) {
		reason = check_delivery(&deliveries[i]);
		report("deliver", deliveries[i].name, !reason, "%s", reason);
	}
	world_clear_socket(&world, LIVE_A);
	close(fd);
}
