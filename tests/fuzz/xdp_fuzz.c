/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random packets through the XDP program and through a model of it: both must
 * come to the same verdict, terminator and action, and the packet must come
 * out as it was. Each world of PACKETS packets has a seed of its own, which
 * makes it again. Needs root.
 *
 * usage: xdp_fuzz [-n COUNT] [-s SEED] [SEED-FILE]
 *
 * Without options: the seeds of the file (those that once failed), a fixed one
 * and a random one.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "bpf/steer.skel.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/worlds.h"

enum {
	PACKETS = 2000, /* of a world */
	CHANGE = 250,	/* packets between changes in it */
	SHORT_COUNT = 24000,
	FIXED_SEED = 20260901,
};

#define WORLD_NS 4000000000ULL /* no limit comes back in less */

static struct world world;
static struct model model;
static __u64 seen[QS_VERDICT_COUNT];
static unsigned int failed;

/* What the program has counted of each verdict, all CPUs together. */
static void read_verdicts(__u64 count[QS_VERDICT_COUNT])
{
	static struct qs_verdicts values[QS_MAX_CPUS];
	__u32 zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(world.steer->maps.verdicts), &zero,
				values)) {
		perror("verdicts");
		exit(1);
	}
	memset(count, 0, QS_VERDICT_COUNT * sizeof(*count));
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		for (int i = 0; i < QS_VERDICT_COUNT; i++)
			count[i] += values[cpu].count[i];
}

/* The one verdict that was counted between, or -1. */
static int counted(const __u64 *before, const __u64 *after)
{
	int verdict = -1;

	for (int i = 0; i < QS_VERDICT_COUNT; i++) {
		if (after[i] == before[i])
			continue;
		if (after[i] != before[i] + 1 || verdict >= 0)
			return -1;
		verdict = i;
	}
	return verdict;
}

/* What came out differently from what the model says, NULL if nothing. */
static const char *compare(const struct fuzz_frame *frame,
			   const struct decision *wanted, const struct run *run,
			   int verdict)
{
	bool steered = model_is_steered(wanted->verdict);
	struct qs_metadata metadata = {
		QS_METADATA_MAGIC,
		QS_SOCKET_INDEX(wanted->slot, wanted->port_index)};
	unsigned int front = steered ? sizeof(metadata) : 0;
	__u32 action = model_is_dropped(wanted->verdict) ? XDP_DROP : XDP_PASS;

	if (verdict != (int)wanted->verdict)
		return "the verdict";
	if (run->action != action)
		return "the action";
	if (run->size != frame->size + front)
		return "the size";
	if (memcmp(run->octets, &metadata, front))
		return "the metadata";
	return memcmp(run->octets + front, frame->octets, frame->size)
		       ? "the packet"
		       : NULL;
}

static void describe(const struct fuzz_frame *frame, const char *what,
		     const struct decision *wanted, int verdict, __u64 seed,
		     unsigned int number)
{
	printf("# seed %llu, packet %u: %s differs: model %s slot %u port %u, "
	       "program %s\n# ",
	       (unsigned long long)seed, number, what,
	       verdict_names[wanted->verdict], wanted->slot, wanted->port_index,
	       verdict < 0 ? "counted not just one" : verdict_names[verdict]);
	for (unsigned int i = 0; i < frame->size && i < 200; i++)
		printf("%02x", frame->octets[i]);
	putchar('\n');
}

/* One world. Returns whether all of its packets were right. */
static bool run_world(__u64 seed)
{
	static __u64 before[QS_VERDICT_COUNT], after[QS_VERDICT_COUNT];
	struct dice dice = {seed};
	static struct fuzz_frame frame;
	static struct run run;

	make_world(&dice, &model);
	fill_maps(&world, &model);
	read_verdicts(before);
	for (unsigned int i = 0; i < PACKETS; i++) {
		struct decision wanted;
		const char *what;
		int verdict;

		if (i % CHANGE == CHANGE - 1)
			change_states(&dice, &world, &model);
		make_frame(&dice, &model, &frame);
		wanted = model_decide(&model, frame.octets, frame.size);
		world_steer(&world, frame.octets, frame.size, 1, &run);
		read_verdicts(after);
		verdict = counted(before, after);
		memcpy(before, after, sizeof(before));
		seen[wanted.verdict]++;
		what = compare(&frame, &wanted, &run, verdict);
		if (!what)
			continue;
		describe(&frame, what, &wanted, verdict, seed, i);
		return false;
	}
	return true;
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* The model has no clock. In a world that lasts for seconds, as the machine
 * slept, limits come back: it is made again. */
static bool is_right(__u64 seed)
{
	for (unsigned int tries = 0; tries < 10; tries++) {
		__u64 began = now_ns();

		if (run_world(seed))
			return true;
		if (now_ns() - began < WORLD_NS)
			break;
	}
	return false;
}

/* Worlds of `count` packets in all, whose seeds follow from one. */
static void run_worlds(const char *name, __u64 seed, unsigned long count)
{
	struct dice seeds = {seed};
	unsigned long wrong = 0;

	for (unsigned long n = 0; n < count && wrong < 5; n += PACKETS)
		/* A single world is of the seed itself. */
		wrong += !is_right(count <= PACKETS ? seed : dice_word(&seeds));
	printf("%s fuzz.%s # seed %llu, %lu packets\n", wrong ? "not ok" : "ok",
	       name, (unsigned long long)seed, count);
	fflush(stdout);
	failed += wrong != 0;
}

/* Lines of a seed and a remark each. */
static void run_file(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long long seed;
	char line[200], name[40];

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llu", &seed) != 1)
			continue;
		snprintf(name, sizeof(name), "kept_%llu", seed);
		run_worlds(name, seed, PACKETS);
	}
	fclose(file);
}

static void print_seen(void)
{
	for (int i = 0; i < QS_VERDICT_COUNT; i++)
		printf("# %-20s %llu\n", verdict_names[i],
		       (unsigned long long)seen[i]);
}

static unsigned long long number(const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || !*text || *end) {
		fprintf(stderr, "xdp_fuzz: %s: not a number\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	unsigned long count = 0;
	__u64 seed = 0;
	int option;

	if (getrandom(&seed, sizeof(seed), 0) < 0)
		return 1;
	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		if (option == 'n')
			count = number(optarg);
		else if (option == 's')
			seed = number(optarg);
		else
			return 2;
	}
	if (world_open(&world))
		return 1;
	if (optind < argc)
		run_file(argv[optind]);
	if (count) {
		run_worlds("given", seed, count);
	} else {
		run_worlds("fixed", FIXED_SEED, SHORT_COUNT);
		run_worlds("random", seed, SHORT_COUNT);
	}
	print_seen();
	world_close(&world);
	return failed != 0;
}
