/* SPDX-License-Identifier: GPL-2.0-only */
/* The sampling itself: which decisions, how long, and who. event_print.c shows
 * them. */
#include "loader/lbctl/events.h"
#include "loader/lib/clock.h"
#include "loader/lib/names.h"
#include "loader/lib/nearest.h"
#include "loader/lib/parse.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
	"Usage: lbctl events [OPTION]...\n"
	"\n"
	"What XDP decides, as it happens: verdict, addresses, connection ID, "
	"its\n"
	"configuration, terminator. By default of all packets to VIPs. Ctrl-C "
	"ends it.\n"
	"Nothing is sampled while no lbctl events runs, and one can run at a "
	"time.\n"
	"\n"
	"      --sample N     one of N packets, at random (default: 1)\n"
	"      --verdict V    only of this verdict, as status names it, or of "
	"all that\n"
	"                     begin with pass, route, hash or drop; may be "
	"repeated\n"
	"      --count N      end after N events\n" COMMON_HELP "\n"
	"With --json each line is one object.\n";

enum {
	OPTION_SAMPLE = 256,
	OPTION_VERDICT,
	OPTION_COUNT,
	SAMPLE_MAX = 1000000000,
	POLL_MS = 200,
};

/* XDP stops by itself so long after the last renewal. */
#define LEASE_NS 3000000000ULL

static volatile sig_atomic_t is_ended;

static void on_signal(int number)
{
	(void)number;
	is_ended = 1;
}

/* Whether `name` is the verdict, or the word that it begins with. */
static bool is_meant(const char *verdict, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(verdict, name, length) &&
	       (!verdict[length] ||
		(verdict[length] == '_' && !strchr(name, '_')));
}

static int take_verdict(const struct common *common, const char *name,
			__u64 *verdicts)
{
	const char *names[QS_VERDICT_COUNT], *nearest;
	__u64 meant = 0;

	for (int i = 0; i < QS_VERDICT_COUNT; i++) {
		names[i] = qs_verdict_texts[i].name;
		if (is_meant(names[i], name))
			meant |= 1ULL << i;
	}
	*verdicts |= meant;
	if (meant)
		return 0;
	nearest = qs_nearest(name, names, QS_VERDICT_COUNT);
	return usage(common, "no verdict is named '%s'%s%s%s", name,
		     nearest ? "; did you mean '" : "", nearest ? nearest : "",
		     nearest ? "'?" : "");
}

static int take_number(const struct common *common, const char *option,
		       const char *text, __u32 *ret_number)
{
	if (!qs_parse_number(text, SAMPLE_MAX, ret_number) && *ret_number)
		return 0;
	return usage(common, "%s '%s': not a whole number, 1 to %d", option,
		     text, SAMPLE_MAX);
}

/* Verdicts about packets to VIPs, which are all but those that are passed. */
static __u64 default_verdicts(void)
{
	__u64 verdicts = 0;

	for (int i = QS_VERDICT_pass_icmp + 1; i < QS_VERDICT_COUNT; i++)
		verdicts |= 1ULL << i;
	return verdicts;
}

static int take_options(struct events *events, int argc, char **argv)
{
	static const struct option options[] = {
		{"sample", required_argument, NULL, OPTION_SAMPLE},
		{"verdict", required_argument, NULL, OPTION_VERDICT},
		{"count", required_argument, NULL, OPTION_COUNT},
		COMMON_OPTIONS};
	int option, status = 0;

	while (!status && (option = common_next(&events->common, argc, argv,
						options)) != -1) {
		if (option == OPTION_SAMPLE)
			status = take_number(&events->common, "--sample",
					     optarg, &events->sampling);
		else if (option == OPTION_COUNT)
			status = take_number(&events->common, "--count", optarg,
					     &events->count);
		else
			status = take_verdict(&events->common, optarg,
					      &events->verdicts);
	}
	if (!status && optind < argc)
		status = usage(&events->common, "unexpected argument '%s'",
			       argv[optind]);
	if (!events->verdicts)
		events->verdicts = default_verdicts();
	return status;
}

/* Has the sampling be ours, or says whose it is. */
static int begin(struct events *events)
{
	struct qs_settings *s = events->maps.settings;
	__u64 now = clock_ns(CLOCK_MONOTONIC);
	__u64 end = __atomic_load_n(&s->event_end_ns, __ATOMIC_ACQUIRE);

	if (end > now || !__atomic_compare_exchange_n(
				 &s->event_end_ns, &end, now + LEASE_NS, false,
				 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return failed(
			&events->common,
			"another lbctl events (pid %u) is running, or was "
			"killed within the last %d s",
			s->event_pid, (int)(LEASE_NS / 1000000000));
	s->event_pid = getpid();
	s->event_verdicts = events->verdicts;
	events->lost = __atomic_load_n(&s->events_lost, __ATOMIC_RELAXED);
	__atomic_store_n(&s->event_sampling, events->sampling,
			 __ATOMIC_RELEASE);
	return 0;
}

static void renew(struct events *events)
{
	struct qs_settings *s = events->maps.settings;

	__atomic_store_n(&s->event_end_ns, clock_ns(CLOCK_MONOTONIC) + LEASE_NS,
			 __ATOMIC_RELEASE);
	/* XDP has cleared it if we were stopped for a while. */
	__atomic_store_n(&s->event_sampling, events->sampling,
			 __ATOMIC_RELEASE);
}

static void end(struct events *events)
{
	struct qs_settings *s = events->maps.settings;

	__atomic_store_n(&s->event_sampling, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&s->event_end_ns, 0, __ATOMIC_RELEASE);
	events->lost = __atomic_load_n(&s->events_lost, __ATOMIC_RELAXED) -
		       events->lost;
	if (events->lost)
		fprintf(stderr,
			"lbctl events: %llu events are missing: they came "
			"faster than they could be written; see --sample\n",
			(unsigned long long)events->lost);
}

static int take_event(void *context, void *data, size_t size)
{
	struct events *events = context;

	if (size < sizeof(struct qs_event) || !events->is_begun)
		return 0; /* what an earlier one has left is nothing to us */
	event_print(events, data);
	if (ferror(stdout))
		return -EPIPE;
	return events->count && ++events->shown == events->count ? -ECANCELED
								 : 0;
}

static int stream(struct events *events, struct ring_buffer *ring)
{
	int result = 0;

	while (!is_ended && result >= 0) {
		renew(events);
		result = ring_buffer__poll(ring, POLL_MS);
		if (result == -EINTR)
			result = 0;
		fflush(stdout);
	}
	if (result >= 0 || result == -ECANCELED || result == -EPIPE)
		return EXIT_GOOD;
	return failed(&events->common, "cannot read events: %s",
		      strerror(-result));
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

static int run(struct events *events)
{
	struct ring_buffer *ring = ring_buffer__new(
		events->maps.fd[QS_MAP_EVENTS], take_event, events, NULL);
	int status;

	if (!ring)
		return failed(&events->common, "cannot read events: %s",
			      strerror(errno));
	catch_signals();
	status = begin(events);
	if (!status) {
		ring_buffer__consume(ring);
		events->is_begun = true;
		status = stream(events, ring);
		end(events);
	}
	ring_buffer__free(ring);
	return status;
}

int command_events(int argc, char **argv)
{
	struct events events = {
		.common = {.command = "events",
			   .help = help,
			   .pin_dir = QS_PIN_DIR},
		.sampling = 1,
	};
	int status = take_options(&events, argc, argv);

	if (status)
		return status;
	if (common_open_writable(&events.common, &events.maps))
		return EXIT_FAILED;
	status = run(&events);
	qs_maps_close(&events.maps);
	return status;
}
