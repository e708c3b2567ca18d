/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the XDP program costs a packet, beside a program that only passes it.
 *
 * usage: xdp_bench [-r ROUNDS] [-n REPEATS] [-c CPU] [-o FILE.json] [ROW...]
 */
#include "tests/bpf/fixture.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "bpf/steer.skel.h"
#include "tests/bench/drive.h"
#include "tests/bench/drive.skel.h"

enum { ROUNDS_MAX = 99 };

/* How a row's packets come to the program; see drive.bpf.c. */
enum driver { DIRECT, SAME, TUPLES, FLOWS };

static const struct row {
	const char *name;
	enum driver driver;
	enum qs_verdict verdict;
	double mark;	  /* ratio to XDP_PASS, or to the row `base` */
	const char *base; /* NULL: XDP_PASS */
	struct layer layers[LAYERS_MAX];
} rows[] = {
	{"plaintext_cid",
	 SAME,
	 QS_VERDICT_route_short,
	 2.5,
	 NULL,
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(PLAINTEXT, LIVE_A), .size = 1100)}},
	{"single_pass_cid",
	 SAME,
	 QS_VERDICT_route_short,
	 4.5,
	 NULL,
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 1100)}},
	{"four_pass_3_cid",
	 SAME,
	 QS_VERDICT_route_short,
	 10,
	 NULL,
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_ODD_3, LIVE_A), .size = 1100)}},
	{"single_pass_cid_all_new_tuples",
	 TUPLES,
	 QS_VERDICT_route_short,
	 1.1,
	 "single_pass_cid",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 1100)}},
	{"single_pass_cid_64k_flows_256_terminators",
	 FLOWS,
	 QS_VERDICT_route_short,
	 1.3,
	 "single_pass_cid",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 1100)}},
	{"initial_hash",
	 SAME,
	 QS_VERDICT_hash_initial,
	 5.5,
	 NULL,
	 {ETHERNET(), IPV4(), UDP(),
	  LONG(QUIC_V1, .dcid = FOREIGN(8), .scid = FOREIGN(8), .size = 1200)}},
	{"initial_new_with_pin",
	 TUPLES,
	 QS_VERDICT_hash_initial,
	 6.5,
	 NULL,
	 {ETHERNET(), IPV4(), UDP(),
	  LONG(QUIC_V1, .dcid = FOREIGN(8), .scid = FOREIGN(8), .size = 1200)}},
	{"fragment_drop",
	 DIRECT,
	 QS_VERDICT_drop_fragment,
	 1.3,
	 NULL,
	 {ETHERNET(), IPV4(.fragment = 0x2000), UDP(), OCTETS(1200)}},
	{"not_a_vip",
	 DIRECT,
	 QS_VERDICT_pass_not_vip,
	 2.0,
	 NULL,
	 {ETHERNET(), IPV4(.destination = "203.0.113.77"), UDP(),
	  OCTETS(1200)}},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(*rows) };

/* Times of one program in nanoseconds a run, one for each round. */
struct times {
	double cpu[ROUNDS_MAX];
	double kernel[ROUNDS_MAX]; /* BPF_PROG_TEST_RUN's own figure */
};

struct result {
	double ns, median_ns, pass_ns, kernel_ns;
};

static struct options {
	unsigned int rounds, repeats, cpu;
	const char *file;
	char **only;
	int only_count;
} options = {.rounds = 9, .repeats = 1000000, .cpu = 1};

static struct drive_bpf *drive;

static void fail(const char *row, const char *what)
{
	fprintf(stderr, "xdp_bench: %s: %s\n", row, what);
	exit(1);
}

static double thread_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Runs a program over a frame once for each repeat. */
static void measure(const struct bpf_program *program,
		    const struct frame *frame, unsigned int round,
		    struct times *times)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->octets,
		    .data_size_in = frame->size, .repeat = options.repeats);
	double begin = thread_seconds();

	if (bpf_prog_test_run_opts(bpf_program__fd(program), &run))
		fail(bpf_program__name(program), strerror(errno));
	times->cpu[round] = (thread_seconds() - begin) * 1e9 / options.repeats;
	times->kernel[round] = run.duration;
}

static void go_on_in(const struct bpf_program *program)
{
	int fd = bpf_program__fd(program);
	__u32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(drive->maps.next), &zero, &fd,
				BPF_ANY))
		fail(bpf_program__name(program), strerror(errno));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sort(struct times *times)
{
	qsort(times->cpu, options.rounds, sizeof(double), compare);
	qsort(times->kernel, options.rounds, sizeof(double), compare);
}

static const struct bpf_program *driver_program(enum driver driver)
{
	switch (driver) {
	case SAME:
		return drive->progs.drive_same;
	case TUPLES:
		return drive->progs.drive_tuples;
	case FLOWS:
		return drive->progs.drive_flows;
	default:
		return NULL;
	}
}

/* Each repeat must have taken the way that the row claims, and no other. */
static void check_counts(const struct row *row, const struct counts *before,
			 const struct counts *after)
{
	static char reason[120];

	for (int i = 0; i < QS_VERDICT_COUNT; i++) {
		__u64 moved = after->verdict[i] - before->verdict[i];
		__u64 right = i == (int)row->verdict
				      ? (__u64)options.rounds * options.repeats
				      : 0;

		if (moved == right)
			continue;
		snprintf(reason, sizeof(reason),
			 "%s counted %llu packets instead of %llu",
			 verdict_names[i], (unsigned long long)moved,
			 (unsigned long long)right);
		fail(row->name, reason);
	}
}

/* The row's program, a driver with XDP_PASS behind it, and XDP_PASS alone by
 * turns, so that whatever disturbs one round disturbs all of them. */
static void run_row(const struct row *row, struct result *result)
{
	static struct times whole, driven, alone;
	const struct bpf_program *steer = world.steer->progs.quicsteer_steer;
	const struct bpf_program *driver = driver_program(row->driver);
	static struct counts before, after;
	static struct frame frame;
	unsigned int middle = options.rounds / 2;

	packet_build(row->layers, &frame);
	world_counts(&world, &before);
	for (unsigned int i = 0; i < options.rounds; i++) {
		measure(drive->progs.pass, &frame, i, &alone);
		if (driver) {
			go_on_in(drive->progs.pass);
			measure(driver, &frame, i, &driven);
			go_on_in(steer);
		}
		measure(driver ? driver : steer, &frame, i, &whole);
	}
	world_counts(&world, &after);
	check_counts(row, &before, &after);
	sort(&whole);
	sort(&driven);
	sort(&alone);
	*result = (struct result){
		.ns = whole.cpu[0],
		.median_ns = whole.cpu[middle],
		.pass_ns = alone.cpu[0],
		.kernel_ns = whole.kernel[0],
	};
	if (!driver)
		return;
	result->ns -= driven.cpu[0] - alone.cpu[0];
	result->median_ns -= driven.cpu[middle] - alone.cpu[middle];
	result->kernel_ns -= driven.kernel[0] - alone.kernel[0];
}

/* 256 terminators, and connections that are spread over them. */
static void fill_flows(void)
{
	struct drive_flow flow;
	__u8 server_id[16], nonce[12], cid[QS_CID_MAX];

	for (__u32 slot = 0; slot < QS_MAX_TERMINATORS; slot++)
		world_set_terminator(&world, slot, INSTANCE_OF(slot),
				     QS_TERMINATOR_LIVE);
	for (__u32 i = 0; i < DRIVE_FLOWS; i++) {
		__u32 slot = i % QS_MAX_TERMINATORS;

		if (getrandom(&flow, sizeof(flow), 0) < 0 ||
		    getrandom(nonce, sizeof(nonce), 0) < 0)
			fail("getrandom", strerror(errno));
		qs_assigned_id_write(server_id, slot, INSTANCE_OF(slot));
		qs_cid_encode(&packet_configs[SINGLE_PASS], SINGLE_PASS,
			      server_id, nonce, 0x0b, cid);
		memcpy(flow.cid, cid, 17);
		if (bpf_map_update_elem(bpf_map__fd(drive->maps.flows), &i,
					&flow, BPF_ANY))
			fail("flows", strerror(errno));
	}
}

static int is_wanted(const struct row *row)
{
	for (int i = 0; i < options.only_count; i++)
		if (!strcmp(options.only[i], row->name))
			return 1;
	return !options.only_count;
}

/* The row's mark as a ratio to XDP_PASS; 0: its base was not measured. */
static double mark(const struct row *row, const struct result *results)
{
	if (!row->base)
		return row->mark;
	for (int i = 0; i < ROW_COUNT; i++)
		if (!strcmp(rows[i].name, row->base) && results[i].ns)
			return row->mark * results[i].ns / results[i].pass_ns;
	return 0;
}

static void print_row(const struct row *row, const struct result *result,
		      const struct result *results)
{
	double ratio = result->ns / result->pass_ns, goal = mark(row, results);

	printf("%-42s %7.1f %7.1f %7.1f %7.1f %6.2f %6.2f%s\n", row->name,
	       result->ns, result->median_ns, result->kernel_ns,
	       result->pass_ns, ratio, goal,
	       goal && ratio > goal ? "  missed" : "");
	fflush(stdout);
}

static void write_json(const struct result *results)
{
	FILE *file = fopen(options.file, "w");
	const char *comma = "";

	if (!file)
		fail(options.file, strerror(errno));
	fputs("[", file);
	for (int i = 0; i < ROW_COUNT; i++) {
		const struct result *r = &results[i];

		if (!r->ns)
			continue;
		fprintf(file,
			"%s\n  {\"name\": \"%s\", \"ns\": %.1f, "
			"\"ratio_to_pass\": %.2f, \"median_ns\": %.1f, "
			"\"pass_ns\": %.1f, \"mark\": %.2f}",
			comma, rows[i].name, r->ns, r->ns / r->pass_ns,
			r->median_ns, r->pass_ns, mark(&rows[i], results));
		comma = ",";
	}
	fputs("\n]\n", file);
	if (fclose(file))
		fail(options.file, strerror(errno));
}

static unsigned int number(const char *text, unsigned int least,
			   unsigned int most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value < least || value > most) {
		fprintf(stderr, "xdp_bench: %s: a number from %u to %u\n", text,
			least, most);
		exit(2);
	}
	return value;
}

static void read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "r:n:c:o:")) != -1) {
		switch (option) {
		case 'r':
			options.rounds = number(optarg, 1, ROUNDS_MAX);
			break;
		case 'n':
			options.repeats = number(optarg, 1, 100000000);
			break;
		case 'c':
			options.cpu = number(optarg, 0, CPU_SETSIZE - 1);
			break;
		case 'o':
			options.file = optarg;
			break;
		default:
			exit(2);
		}
	}
	options.only = argv + optind;
	options.only_count = argc - optind;
}

static void stay_on_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(options.cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity", strerror(errno));
}

int main(int argc, char **argv)
{
	static struct result results[ROW_COUNT];

	read_options(argc, argv);
	stay_on_cpu();
	if (fixtures_open())
		return 1;
	drive = drive_bpf__open_and_load();
	if (!drive)
		fail("drive.bpf.c", strerror(errno));
	fill_flows();
	printf("CPU %u, %u rounds of %u repeats, nanoseconds of CPU time\n",
	       options.cpu, options.rounds, options.repeats);
	printf("%-42s %7s %7s %7s %7s %6s %6s\n", "", "least", "median",
	       "kernel", "PASS", "ratio", "mark");
	for (int i = 0; i < ROW_COUNT; i++) {
		if (!is_wanted(&rows[i]))
			continue;
		run_row(&rows[i], &results[i]);
		print_row(&rows[i], &results[i], results);
	}
	if (options.file)
		write_json(results);
	drive_bpf__destroy(drive);
	world_close(&world);
	return 0;
}
