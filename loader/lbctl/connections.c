/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/control.h"
#include "loader/lbctl/format.h"
#include "loader/lbctl/grid.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"Usage: lbctl connections [OPTION]...\n"
	"\n"
	"Every open connection: peer, terminator, protocol (h3, or h2 and h1 "
	"over TCP),\n"
	"TLS version, age, open requests (streams), requests so far, octets "
	"received\n"
	"from the peer and sent to it, round-trip time, connection IDs of "
	"QUIC. "
	"By\n"
	"terminator, the oldest first.\n"
	"\n" CONTROL_HELP COMMON_HELP "\n"
	"Exit status 1 also if a terminator did not tell all of its "
	"connections in time.\n";

enum {
	OPTION_CONTROL = 256,
	TIMEOUT_MS = 10000,	   /* for the loader's answer */
	SILENCE_TIMEOUT_MS = 5000, /* for the next line of a terminator */
};

struct lines {
	char partial[PIPE_BUF];
	size_t length;
	json_t *list;	   /* owned */
	size_t unreadable; /* lines that are not JSON, or too long */
};

static void take_line(struct lines *lines)
{
	json_t *one = json_loadb(lines->partial, lines->length, 0, NULL);

	if (json_is_object(one))
		json_array_append(lines->list, one);
	else
		lines->unreadable++;
	json_decref(one);
	lines->length = 0;
}

static void take_octets(struct lines *lines, const char *octets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (octets[i] == '\n')
			take_line(lines);
		else if (lines->length < sizeof(lines->partial))
			lines->partial[lines->length++] = octets[i];
	}
}

/* Returns 0 at the end of the file, or an exit status after a message. */
static int read_lines(const struct common *common, int fd, struct lines *lines)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char octets[65536];

	for (;;) {
		ssize_t count;
		int ready = poll(&poll_fd, 1, SILENCE_TIMEOUT_MS);

		if (!ready)
			return failed(common,
				      "a terminator has not told all of its "
				      "connections within %d s: the list is "
				      "not complete",
				      SILENCE_TIMEOUT_MS / 1000);
		count = ready < 0 ? -1 : read(fd, octets, sizeof(octets));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return failed(common, "cannot read connections: %s",
				      strerror(errno));
		if (!count)
			break;
		take_octets(lines, octets, count);
	}
	if (lines->length)
		take_line(lines);
	if (lines->unreadable)
		return failed(common, "%zu lines could not be read",
			      lines->unreadable);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;
	const char *name = common_text(one, "terminator");
	const char *other_name = common_text(other, "terminator");
	int order = strverscmp(name ? name : "", other_name ? other_name : "");
	double age = json_number_value(json_object_get(one, "age_s"));
	double other_age = json_number_value(json_object_get(other, "age_s"));

	if (order)
		return order;
	return age > other_age ? -1 : age < other_age;
}

/* Returns the sorted list and frees `list`; NULL if memory is short. */
static json_t *sort(json_t *list)
{
	size_t count = json_array_size(list);
	json_t **ones = calloc(count ? count : 1, sizeof(*ones));
	json_t *sorted = ones ? json_array() : NULL;

	for (size_t i = 0; sorted && i < count; i++)
		ones[i] = json_array_get(list, i);
	if (sorted)
		qsort(ones, count, sizeof(*ones), compare);
	for (size_t i = 0; sorted && i < count; i++)
		json_array_append(sorted, ones[i]);
	free(ones);
	json_decref(list);
	return sorted;
}

static void add_cids(struct grid *grid, const json_t *cids)
{
	const char *first = json_string_value(json_array_get(cids, 0));
	size_t count = json_array_size(cids);

	if (count > 1)
		grid_add(grid, "%s +%zu", first ? first : "-", count - 1);
	else
		grid_add(grid, "%s", first ? first : "-");
}

static void print_table(const json_t *list)
{
	static const struct grid_column columns[] = {
		{"PEER", false, 0},    {"TERMINATOR", false, 0},
		{"PROTO", false, 0},   {"TLS", false, 0},
		{"AGE", true, 0},      {"STREAMS", true, 0},
		{"REQUESTS", true, 0}, {"RECEIVED", true, 0},
		{"SENT", true, 0},     {"RTT", true, 0},
		{"CIDS", false, 0}};
	char text[FORMAT_TEXT];
	struct grid grid;
	const json_t *one;
	size_t i;

	grid_init(&grid, columns, sizeof(columns) / sizeof(*columns));
	json_array_foreach(list, i, one)
	{
		const char *peer = common_text(one, "peer");
		const char *name = common_text(one, "terminator");
		const char *protocol = common_text(one, "protocol");
		const char *tls = common_text(one, "tls");

		grid_add(&grid, "%s", peer ? peer : "?");
		grid_add(&grid, "%s", name ? name : "?");
		grid_add(&grid, "%s", protocol ? protocol : "-");
		grid_add(&grid, "%s", tls ? tls : "-");
		grid_add(&grid, "%s",
			 format_age(text, json_number_value(json_object_get(
						  one, "age_s"))));
		grid_add(&grid, "%lld", common_number(one, "streams"));
		grid_add(&grid, "%lld", common_number(one, "requests"));
		grid_add(&grid, "%s",
			 format_bytes(text,
				      common_number(one, "bytes_received")));
		grid_add(&grid, "%s",
			 format_bytes(text, common_number(one, "bytes_sent")));
		grid_add(&grid, "%s",
			 format_us(text,
				   1000 * json_number_value(json_object_get(
						  one, "rtt_ms"))));
		add_cids(&grid, json_object_get(one, "cids"));
	}
	grid_print(&grid, stdout, GRID_NO_LIMIT);
	grid_clear(&grid);
}

/* Returns 0 or an exit status; *list is filled with what came so far. */
static int fetch(const struct common *common, const char *path,
		 struct lines *lines, __u32 *ret_asked)
{
	struct qs_connections message = {
		.header = {QS_CONTROL_MAGIC, QS_CONTROL_VERSION,
			   QS_MESSAGE_CONNECTIONS},
	};
	struct qs_result result;
	int ends[2], status;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failed(common, "cannot make a pipe: %s",
			      strerror(errno));
	status = control_ask(common, path, &message, sizeof(message), ends[1],
			     TIMEOUT_MS, &result);
	/* The end of the file comes when nobody else has this end. */
	close(ends[1]);
	if (!status && result.failed)
		status = failed(common, "%s", result.text);
	else if (!status)
		status = read_lines(common, ends[0], lines);
	*ret_asked = status ? 0 : result.count;
	close(ends[0]);
	return status;
}

int command_connections(int argc, char **argv)
{
	static const struct option options[] = {
		{"control", required_argument, NULL, OPTION_CONTROL},
		COMMON_OPTIONS};
	struct common common = {"connections", help, QS_PIN_DIR, false};
	const char *path = QS_CONTROL_SOCKET;
	struct lines lines = {};
	__u32 asked;
	int status;

	while (common_next(&common, argc, argv, options) != -1)
		path = optarg;
	if (argv[optind])
		return usage(&common, "unexpected argument '%s'", argv[optind]);
	lines.list = json_array();
	status = fetch(&common, path, &lines, &asked);
	if (status && !json_array_size(lines.list)) {
		json_decref(lines.list);
		return status;
	}
	lines.list = sort(lines.list);
	if (!lines.list)
		return failed(&common, "out of memory");
	if (common.json) {
		common_print(json_pack("{s:b, s:i, s:o}", "complete", !status,
				       "terminators", asked, "connections",
				       lines.list));
		return status;
	}
	print_table(lines.list);
	json_decref(lines.list);
	return status;
}
