/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/control.h"
#include "loader/lbctl/survey.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: lbctl reload [OPTION]...\n"
	"\n"
	"Has the loader and all terminators read the configuration file again, "
	"check it\n"
	"and, if all of them agree, apply what can be applied while they run. "
	"If one\n"
	"does not, nothing changes. What needs a restart is told. healthd "
	"follows.\n"
	"\n" CONTROL_HELP COMMON_HELP;

enum {
	OPTION_CONTROL = 256,
	/* Two phases of five seconds each, and some. */
	TIMEOUT_MS = 15000,
};

/* The result's lines; they come one a line. */
static json_t *lines_json(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length)
			json_array_append_new(list, json_stringn(text, length));
		text += length + (text[length] == '\n');
	}
	return list;
}

static void print_lines(FILE *stream, const char *prefix, const char *text)
{
	while (*text) {
		int length = strcspn(text, "\n");

		if (length)
			fprintf(stream, "%s%.*s\n", prefix, length, text);
		text += length + (text[length] == '\n');
	}
}

/* Backends are healthd's: it is told if nobody takes care of them. */
static void check_healthd(const struct common *common)
{
	struct qs_maps maps;

	if (qs_maps_open(&maps, common->pin_dir, false))
		return;
	if (!survey_healthd_lives(&maps))
		fprintf(stderr,
			"lbctl reload: warning: quicsteer-healthd is not "
			"running: backends change when it is\n");
	qs_maps_close(&maps);
}

int command_reload(int argc, char **argv)
{
	static const struct option options[] = {
		{"control", required_argument, NULL, OPTION_CONTROL},
		COMMON_OPTIONS};
	struct common common = {"reload", help, QS_PIN_DIR, false};
	const char *path = QS_CONTROL_SOCKET;
	struct qs_reload message = {
		.header = {QS_CONTROL_MAGIC, QS_CONTROL_VERSION,
			   QS_MESSAGE_RELOAD},
		.phase = QS_RELOAD_REQUEST,
	};
	struct qs_result result;
	int status;

	while (common_next(&common, argc, argv, options) != -1)
		path = optarg;
	if (argv[optind])
		return usage(&common, "unexpected argument '%s'", argv[optind]);
	status = control_ask(&common, path, &message, sizeof(message), -1,
			     TIMEOUT_MS, &result);
	if (status)
		return status;
	status = result.failed ? EXIT_FAILED : EXIT_GOOD;
	if (common.json) {
		common_print(json_pack("{s:b, s:i, s:o}", "applied",
				       !result.failed, "terminators",
				       result.count,
				       result.failed ? "errors" : "notes",
				       lines_json(result.text)));
	} else if (result.failed) {
		print_lines(stderr, "lbctl reload: ", result.text);
	} else {
		printf("applied by the loader and %u terminator%s\n",
		       result.count, result.count == 1 ? "" : "s");
		print_lines(stdout, "  ", result.text);
	}
	if (!result.failed)
		check_healthd(&common);
	return status;
}
