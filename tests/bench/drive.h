/* SPDX-License-Identifier: GPL-2.0-only */
/* What drive.bpf.c and xdp_bench.c share. */
#ifndef TESTS_BENCH_DRIVE_H
#define TESTS_BENCH_DRIVE_H

enum { DRIVE_FLOWS = 1 << 16 };

/* A client, and the CID that its packets carry. */
struct drive_flow {
	__u8 source[4];
	__u8 source_port[2];
	__u8 cid[18]; /* a single-pass CID of 17 octets */
};

#endif
