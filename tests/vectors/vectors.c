/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vectors [--tap] FILE.csv...
 *
 * Checks each row of QUIC-LB vectors three times: encoded and decoded in
 * userspace, and decoded by the loaded XDP program. Needs root. The last line
 * is "N passed, N failed"; with --tap there is a line for each check instead.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>

#include "tests/bpf/world.h"
#include "tests/vectors/rows.h"

enum {
	SLOT = 77,
	VIP_PORT = 9443,
	HEADERS = 14 + 40 + 8 + 1, /* Ethernet, IPv6, UDP, a short header */
};

static struct world world;
static unsigned int passed, failed;
static int tap;

/* Counts one check of a row; the reason is what went wrong in it. */
static void check(const char *path, const struct vector_row *row,
		  const char *what, int right, const char *reason)
{
	if (right)
		passed++;
	else
		failed++;
	if (!right)
		printf("not ok %s:%u %s, %s: %s\n", path, row->line,
		       row->section, what, reason);
	else if (tap)
		printf("ok %s:%u %s, %s\n", path, row->line, row->section,
		       what);
}

/* A short header packet with the row's CID over IPv6, ::2 to ::1. Returns its
 * size. */
static __u32 build_frame(const struct vector_row *row, __u8 *frame)
{
	__u16 udp = 8 + 1 + row->cid_length;

	memset(frame, 0, HEADERS);
	frame[12] = 0x86;
	frame[13] = 0xdd;
	frame[14] = 0x60;
	frame[18] = udp >> 8;
	frame[19] = udp;
	frame[20] = IPPROTO_UDP;
	frame[37] = 2;
	frame[53] = 1;
	frame[56] = VIP_PORT >> 8;
	frame[57] = VIP_PORT & 0xff;
	frame[58] = udp >> 8;
	frame[59] = udp;
	frame[62] = 0x40;
	memcpy(frame + HEADERS, row->cid, row->cid_length);
	return HEADERS + row->cid_length;
}

/* Whether the XDP program steers the row's CID to its terminator, and one
 * whose server ID differs by a bit to nobody. */
static int is_steered(const struct vector_row *row)
{
	const struct qs_metadata expected = {QS_METADATA_MAGIC,
					     QS_SOCKET_INDEX(SLOT, 0)};
	struct vector_row other = *row;
	__u8 frame[HEADERS + QS_CID_MAX];
	struct run run;
	__u32 size;

	size = build_frame(row, frame);
	world_steer(&world, frame, size, 1, &run);
	if (run.action != XDP_PASS || run.size != size + sizeof(expected) ||
	    memcmp(run.octets, &expected, sizeof(expected)))
		return 0;

	other.server_id[row->server_id_length - 1] ^= 1;
	qs_cid_encode(&row->config, row->config_id, other.server_id,
		      other.nonce, row->cid[0], other.cid);
	size = build_frame(&other, frame);
	world_steer(&world, frame, size, 1, &run);
	return run.action == XDP_DROP;
}

/* The row's configuration and server ID are in the maps for this row only. */
static void check_steering(const char *path, const struct vector_row *row)
{
	static const struct qs_cid_config unused;
	struct qs_cid_config config = row->config;

	config.flags |= QS_CONFIG_LISTED;
	world_set_config(&world, row->config_id, &config);
	world_list_server(&world, row->config_id, row->server_id, SLOT);
	check(path, row, "XDP", is_steered(row),
	      "the program did not find the server ID");
	world_unlist_server(&world, row->config_id, row->server_id);
	world_set_config(&world, row->config_id, &unused);
}

static int check_file(const char *path)
{
	struct vector_row row = {.line = 0};
	FILE *file = fopen(path, "r");
	int result;

	if (!file) {
		fprintf(stderr, "vectors: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while ((result = vector_row_next(file, &row)) != 0) {
		if (result < 0) {
			check(path, &row, "read", 0,
			      "malformed, or an impossible configuration");
			continue;
		}
		check(path, &row, "encode", vector_row_encodes(&row),
		      "another CID came out");
		check(path, &row, "decode", vector_row_decodes(&row),
		      "another server ID or nonce came out");
		check_steering(path, &row);
	}
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	static const __u8 vip[16] = {[15] = 1};
	int i = 1, error = 0;

	tap = argc > 1 && !strcmp(argv[1], "--tap");
	i += tap;
	if (i == argc) {
		fprintf(stderr, "usage: vectors [--tap] FILE.csv...\n");
		return 2;
	}
	if (world_open(&world))
		return 1;
	world_add_vip(&world, vip, VIP_PORT);
	world_set_terminator(&world, SLOT, 1, QS_TERMINATOR_LIVE);
	for (; i < argc; i++)
		error |= check_file(argv[i]);
	world_close(&world);
	if (!tap)
		printf("%u passed, %u failed\n", passed, failed);
	return error || failed || !passed;
}
