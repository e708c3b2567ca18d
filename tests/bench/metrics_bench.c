/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a scrape costs: fills the pinned maps of a loader with terminators,
 * pools and backends, all counters set, and measures metrics_text().
 *
 * usage: metrics_bench PIN-DIR TERMINATORS BACKENDS ROUNDS
 *
 * Prints one object of JSON: processor time of a scrape in milliseconds,
 * median and highest, and the size of the text.
 */
#include "loader/metrics.h"
#include "loader/lib/parse.h"
#include "loader/lib/wishes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POOLS = 8, MAX_ROUNDS = 1000 };

/* A set of counters, none of them zero. */
static void fill(void *counters, size_t size)
{
	__u64 *words = counters;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		words[i] = 1000003 * (i + 1);
}

static void fill_backend(struct qs_backend *row, unsigned int number)
{
	*row = (struct qs_backend){
		.port = 8000,
		.health = QS_HEALTH_UP,
		.id = number + 1,
		.weight = 100,
		.factor = 987,
		.effective = 25267,
		.openings = 3,
		.half_openings = 2,
		.closings = 2,
		.latency_us = 12345,
		.wish = QS_NO_WISH,
	};
	snprintf(row->name, sizeof(row->name), "backend-%u@10.0.%u.%u:8000",
		 number, number / 256, number % 256);
	snprintf(row->pool, sizeof(row->pool), "pool-%u", number % POOLS);
	row->address[15] = number;
	row->state = QS_BACKEND_ACTIVE;
}

static void fill_slot(struct qs_maps *maps, unsigned int slot,
		      unsigned int backends)
{
	struct qs_terminator *terminator = &maps->terminators[slot];
	struct qs_terminator_stats *stats = &maps->stats[slot];
	struct qs_proxy_stats *row = &maps->proxy[slot];

	*terminator = (struct qs_terminator){
		.weight = 100,
		.factor = QS_FACTOR_ONE,
		.effective = 100,
		.wish = QS_NO_WISH,
	};
	snprintf(terminator->name, sizeof(terminator->name), "terminator-%u",
		 slot);
	fill(&stats->counts, sizeof(stats->counts));
	fill(stats->gauge, sizeof(stats->gauge));
	stats->heartbeat_ns = 1;
	for (unsigned int i = 0; i < POOLS; i++) {
		fill(row->pool[i].responses,
		     sizeof(row->pool[i]) -
			     offsetof(struct qs_pool_stats, responses));
		snprintf(row->pool[i].name, sizeof(row->pool[i].name),
			 "pool-%u", i);
	}
	for (unsigned int i = 0; i < backends; i++) {
		fill(&row->backend[i], sizeof(row->backend[i]));
		row->backend[i].id = i + 1;
	}
	terminator->state = QS_TERMINATOR_LIVE;
}

static double cpu_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * 1e3 + used.tv_nsec / 1e6;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static int measure(const struct qs_maps *maps, unsigned int rounds)
{
	static double times[MAX_ROUNDS];
	struct metrics_config config;
	struct totals totals;
	size_t length = 0;

	totals_init(&totals);
	metrics_config_init(&config);
	for (unsigned int i = 0; i < rounds; i++) {
		double begin = cpu_ms();
		char *text;

		if (metrics_text(maps, &totals, &config, &text, &length))
			return 1;
		free(text);
		times[i] = cpu_ms() - begin;
	}
	metrics_config_close(&config);
	totals_close(&totals);
	qsort(times, rounds, sizeof(*times), compare);
	printf("{\"median_ms\": %.2f, \"highest_ms\": %.2f, \"octets\": %zu}\n",
	       times[rounds / 2], times[rounds - 1], length);
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t terminators, backends, rounds;
	struct qs_maps maps;
	int status;

	if (argc != 5 ||
	    qs_parse_number(argv[2], QS_MAX_TERMINATORS, &terminators) ||
	    qs_parse_number(argv[3], QS_MAX_BACKENDS, &backends) ||
	    qs_parse_number(argv[4], MAX_ROUNDS, &rounds) || !rounds) {
		fprintf(stderr, "usage: metrics_bench PIN-DIR TERMINATORS "
				"BACKENDS ROUNDS\n");
		return 2;
	}
	if (qs_maps_open(&maps, argv[1], true)) {
		fprintf(stderr, "cannot open the maps under %s\n", argv[1]);
		return 1;
	}
	for (unsigned int i = 0; i < backends; i++)
		fill_backend(&maps.backends[i], i);
	for (unsigned int i = 0; i < terminators; i++)
		fill_slot(&maps, i, backends);
	status = measure(&maps, rounds);
	qs_maps_close(&maps);
	return status;
}
