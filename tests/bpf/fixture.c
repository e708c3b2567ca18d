/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/bpf/fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const __u8 listed_live[16] = {0xc4, 0x60, 0x5e, 0x45, 0x04,
			      0xcc, 0x4f, 0x35, 0x0d, 0x28};
const __u8 listed_dead[16] = {0xc4, 0x60, 0x5e, 0x45, 0x04,
			      0xcc, 0x4f, 0x35, 0x0d, 0x29};
const __u8 listed_free[16] = {0xc4, 0x60, 0x5e, 0x45, 0x04,
			      0xcc, 0x4f, 0x35, 0x0d, 0x2a};
const __u8 listed_nowhere[16] = {0xc4, 0x60, 0x5e, 0x45, 0x04,
				 0xcc, 0x4f, 0x35, 0x0d, 0x2b};
const __u8 listed_only[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
const __u8 listed_and_live[16] = {0, LIVE_A, INSTANCE_OF(LIVE_A) >> 8,
				  INSTANCE_OF(LIVE_A) & 0xff};
const __u8 listed_and_dead[16] = {0, DEAD, INSTANCE_OF(DEAD) >> 8,
				  INSTANCE_OF(DEAD) & 0xff};

struct world world;

static const __u8 key[16] = {0x8f, 0x95, 0xf0, 0x92, 0x45, 0x76, 0x5f, 0x80,
			     0x25, 0x69, 0x34, 0xe5, 0x0c, 0x66, 0x20, 0x7f};
static unsigned int failed;

static const struct {
	unsigned int server_id_length, nonce_length;
	int encrypted;
	__u8 flags;
} configs[QS_CID_CONFIGS] = {
	[SINGLE_PASS] = {4, 12, 1, QS_CONFIG_ASSIGNED},
	[PLAINTEXT] = {4, 8, 0, QS_CONFIG_ASSIGNED | QS_CONFIG_SELF_LENGTH},
	[FOUR_PASS_ODD_3] = {4, 5, 1, QS_CONFIG_ASSIGNED},
	[FOUR_PASS_EVEN_4] = {8, 6, 1, QS_CONFIG_ASSIGNED},
	[FOUR_PASS_ODD_4] = {10, 9, 1, QS_CONFIG_LISTED},
	[FOUR_PASS_EVEN_3] = {9, 9, 1, QS_CONFIG_ASSIGNED | QS_CONFIG_LISTED},
	[RESERVED] = {4, 12, 1, QS_CONFIG_ASSIGNED},
};

static void add_vip(const char *text, __u16 port)
{
	__u8 address[16];

	packet_address(text, address);
	world_add_vip(&world, address, port);
}

static void set_configs(void)
{
	for (unsigned int i = 0; i < QS_CID_CONFIGS; i++) {
		if (i == UNUSED)
			continue;
		if (qs_cid_config_init(&packet_configs[i],
				       configs[i].server_id_length,
				       configs[i].nonce_length,
				       configs[i].encrypted ? key : NULL,
				       configs[i].flags)) {
			fprintf(stderr, "configuration %u is impossible\n", i);
			exit(1);
		}
		world_set_config(&world, i, &packet_configs[i]);
	}
	/* A CID of the unused configuration has to be made somehow. */
	packet_configs[UNUSED] = packet_configs[SINGLE_PASS];
}

int fixtures_open(void)
{
	static const __u16 live[] = {LIVE_A, LIVE_B, LIVE_C};
	int error = world_open(&world);

	if (error)
		return error;
	set_configs();
	world_set_terminator(&world, LIVE_A, INSTANCE_OF(LIVE_A),
			     QS_TERMINATOR_LIVE);
	world_set_terminator(&world, LIVE_B, INSTANCE_OF(LIVE_B),
			     QS_TERMINATOR_LIVE);
	world_set_terminator(&world, LIVE_C, INSTANCE_OF(LIVE_C),
			     QS_TERMINATOR_LIVE);
	world_set_terminator(&world, DRAINING, INSTANCE_OF(DRAINING),
			     QS_TERMINATOR_DRAINING);
	world_set_terminator(&world, DEAD, INSTANCE_OF(DEAD),
			     QS_TERMINATOR_DEAD);
	world_list_server(&world, FOUR_PASS_ODD_4, listed_live, LIVE_B);
	world_list_server(&world, FOUR_PASS_ODD_4, listed_dead, DEAD);
	world_list_server(&world, FOUR_PASS_ODD_4, listed_free, FREE);
	world_list_server(&world, FOUR_PASS_EVEN_3, listed_only, LIVE_C);
	world_list_server(&world, FOUR_PASS_EVEN_3, listed_and_live, LIVE_B);
	world_list_server(&world, FOUR_PASS_EVEN_3, listed_and_dead, LIVE_B);
	world_set_live(&world, live, sizeof(live) / sizeof(*live));
	add_vip(VIP4, VIP_PORT);
	add_vip(VIP6, VIP_PORT);
	add_vip("::", WILDCARD_PORT);
	return 0;
}

void report(const char *feature, const char *name, int right,
	    const char *format, ...)
{
	va_list arguments;

	printf("%s %s.%s", right ? "ok" : "not ok", feature, name);
	if (!right) {
		failed++;
		printf(": ");
		va_start(arguments, format);
		vprintf(format, arguments);
		va_end(arguments);
	}
	putchar('\n');
}

unsigned int failures(void)
{
	return failed;
}

static int is_hashed(enum qs_verdict verdict)
{
	return verdict >= QS_VERDICT_hash_initial &&
	       verdict <= QS_VERDICT_hash_pinned;
}

static int is_routed(enum qs_verdict verdict)
{
	return verdict == QS_VERDICT_route_short ||
	       verdict == QS_VERDICT_route_long;
}

/* The octets that must come out: steered packets behind their metadata. */
static const char *check_octets(const struct frame *frame,
				const struct run *run, int steered,
				unsigned int slot)
{
	const struct qs_metadata metadata = {QS_METADATA_MAGIC,
					     QS_SOCKET_INDEX(slot, 0)};
	unsigned int front = steered ? sizeof(metadata) : 0;
	static char reason[80];

	if (run->size != frame->size + front) {
		snprintf(reason, sizeof(reason), "%u octets came out of %u",
			 run->size, frame->size);
		return reason;
	}
	if (steered && memcmp(run->octets, &metadata, front)) {
		snprintf(reason, sizeof(reason),
			 "metadata is %02x%02x%02x%02x, not for slot %u",
			 run->octets[0], run->octets[1], run->octets[2],
			 run->octets[3], slot);
		return reason;
	}
	if (memcmp(run->octets + front, frame->octets, frame->size))
		return "the packet was changed";
	return NULL;
}

static const char *check_verdicts(const struct counts *before,
				  const struct counts *after,
				  enum qs_verdict verdict)
{
	static char reason[120];

	for (unsigned int i = 0; i < QS_VERDICT_COUNT; i++) {
		__u64 moved = after->verdict[i] - before->verdict[i];

		if (moved == (i == verdict))
			continue;
		snprintf(reason, sizeof(reason),
			 "%s moved by %llu instead of %d (expected %s)",
			 verdict_names[i], (unsigned long long)moved,
			 i == verdict, verdict_names[verdict]);
		return reason;
	}
	return NULL;
}

/* Only the slot's counters move, and by this packet. */
static const char *check_traffic(const struct counts *before,
				 const struct counts *after,
				 const struct qs_traffic *expected,
				 unsigned int slot)
{
	static const struct qs_traffic none;
	static char reason[80];

	for (unsigned int i = 0; i < QS_MAX_TERMINATORS; i++) {
		const struct qs_traffic *a = &before->traffic[i];
		const struct qs_traffic *b = &after->traffic[i];
		const struct qs_traffic moved = {
			.packets = b->packets - a->packets,
			.bytes = b->bytes - a->bytes,
			.by_cid = b->by_cid - a->by_cid,
			.by_hash = b->by_hash - a->by_hash,
		};

		if (!memcmp(&moved, i == slot ? expected : &none,
			    sizeof(moved)))
			continue;
		snprintf(reason, sizeof(reason),
			 "traffic of slot %u is not right", i);
		return reason;
	}
	return NULL;
}

const char *check_frame(const struct frame *frame, enum qs_verdict verdict,
			unsigned int slot)
{
	int steered = is_routed(verdict) || is_hashed(verdict);
	__u32 action =
		verdict >= QS_VERDICT_drop_fragment ? XDP_DROP : XDP_PASS;
	struct qs_traffic traffic = {
		.packets = steered,
		.bytes = steered ? frame->size : 0,
		.by_cid = is_routed(verdict),
		.by_hash = is_hashed(verdict),
	};
	static struct counts before, after;
	static struct run run;
	const char *reason;

	if (is_hashed(verdict) && verdict != QS_VERDICT_hash_pinned)
		slot = world_hash_slot(&world, &frame->tuple);
	world_counts(&world, &before);
	world_steer(&world, frame->octets, frame->size, 1, &run);
	world_counts(&world, &after);

	reason = check_verdicts(&before, &after, verdict);
	if (!reason)
		reason = check_octets(frame, &run, steered, slot);
	if (!reason)
		reason = check_traffic(&before, &after, &traffic, slot);
	if (!reason && run.action != action)
		reason = "the action is not right";
	return reason;
}

void run_fixtures(const char *feature, const struct fixture *fixtures,
		  unsigned int n)
{
	static struct frame frame;
	const char *reason;

	for (unsigned int i = 0; i < n; i++) {
		packet_build(fixtures[i].layers, &frame);
		reason = check_frame(&frame, fixtures[i].verdict,
				     fixtures[i].slot);
		report(feature, fixtures[i].name, !reason, "%s", reason);
	}
}
