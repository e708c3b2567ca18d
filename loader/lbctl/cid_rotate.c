/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/control.h"
#include "loader/lib/names.h"
#include "loader/lib/parse.h"
#include "quicsteer/cid.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: lbctl cid rotate [OPTION]...\n"
	"\n"
	"New connections get CIDs of a new configuration with a new key, once "
	"XDP knows\n"
	"it. Connections that are open keep theirs; the configuration before "
	"is removed\n"
	"when the last of them has ended, see lbctl cid configs.\n"
	"\n"
	"      --encoding WHICH        plaintext or encrypted; plaintext shows "
	"everybody\n"
	"                              the server IDs\n"
	"      --server-id-length N    4 to 15 octets\n"
	"      --nonce-length N        4 to 15 octets, both together at most "
	"19\n"
	"                              (default of all three: as before)\n"
	"\n" CONTROL_HELP COMMON_HELP "\n"
	"Exit status 3 if a terminator has not answered in time and goes on "
	"with an\n"
	"earlier configuration.\n";

enum {
	OPTION_CONTROL = 256,
	OPTION_ENCODING,
	OPTION_SERVER_ID,
	OPTION_NONCE,
	/* Five seconds for the terminators, and some. */
	TIMEOUT_MS = 10000,
};

struct rotate {
	struct common common;
	const char *path;
	struct qs_rotate message;
};

static int parse_length(const struct common *common, const char *option,
			__u8 *ret_length)
{
	uint32_t length;

	if (qs_parse_number(optarg, QS_BODY_MAX, &length) || length < 4)
		return usage(common,
			     "%s %s: not a number of octets from 4 to 15",
			     option, optarg);
	*ret_length = length;
	return 0;
}

static int parse_encoding(const struct common *common, __u8 *ret_encoding)
{
	if (!strcmp(optarg, "plaintext"))
		*ret_encoding = QS_ROTATE_PLAINTEXT;
	else if (!strcmp(optarg, "encrypted"))
		*ret_encoding = QS_ROTATE_ENCRYPTED;
	else
		return usage(common,
			     "--encoding %s: neither plaintext nor encrypted",
			     optarg);
	return 0;
}

static int parse_option(struct rotate *rotate, int option)
{
	const struct common *common = &rotate->common;

	switch (option) {
	case OPTION_CONTROL:
		rotate->path = optarg;
		return 0;
	case OPTION_ENCODING:
		return parse_encoding(common, &rotate->message.encoding);
	case OPTION_SERVER_ID:
		return parse_length(common, "--server-id-length",
				    &rotate->message.server_id_length);
	default:
		return parse_length(common, "--nonce-length",
				    &rotate->message.nonce_length);
	}
}

static int parse(struct rotate *rotate, int argc, char **argv)
{
	static const struct option options[] = {
		{"control", required_argument, NULL, OPTION_CONTROL},
		{"encoding", required_argument, NULL, OPTION_ENCODING},
		{"server-id-length", required_argument, NULL, OPTION_SERVER_ID},
		{"nonce-length", required_argument, NULL, OPTION_NONCE},
		COMMON_OPTIONS};
	int option, status;

	while ((option = common_next(&rotate->common, argc, argv, options)) !=
	       -1) {
		status = parse_option(rotate, option);
		if (status)
			return status;
	}
	if (argv[optind])
		return usage(&rotate->common, "unexpected argument '%s'",
			     argv[optind]);
	return 0;
}

/* What has become current, which only the maps tell. */
static int print(const struct common *common, const struct qs_result *result)
{
	struct qs_cid_config config;
	struct qs_maps maps;
	__u32 id;

	if (common_open(common, &maps))
		return EXIT_FAILED;
	id = maps.settings->cid_current;
	if (qs_maps_config(&maps, id, &config))
		memset(&config, 0, sizeof(config));
	qs_maps_close(&maps);
	explicit_bzero(config.key, sizeof(config.key));
	if (common->json)
		common_print(
			json_pack("{s:i, s:s, s:i, s:i, s:i}", "config_id", id,
				  "encoding", qs_encoding_name(config.encoding),
				  "server_id_length", config.server_id_length,
				  "nonce_length", config.nonce_length,
				  "terminators", result->count));
	else
		printf("configuration %u (%s, server ID %u, nonce %u) is "
		       "issued by %u terminator%s\n",
		       id, qs_encoding_name(config.encoding),
		       config.server_id_length, config.nonce_length,
		       result->count, result->count == 1 ? "" : "s");
	return EXIT_GOOD;
}

int command_cid_rotate(int argc, char **argv)
{
	struct rotate rotate = {
		.common = {"cid rotate", help, QS_PIN_DIR, false},
		.path = QS_CONTROL_SOCKET,
		.message = {.header = {QS_CONTROL_MAGIC, QS_CONTROL_VERSION,
				       QS_MESSAGE_ROTATE}},
	};
	const struct common *common = &rotate.common;
	struct qs_result result;
	int status = parse(&rotate, argc, argv);

	if (!status)
		status = control_ask(common, rotate.path, &rotate.message,
				     sizeof(rotate.message), -1, TIMEOUT_MS,
				     &result);
	if (status)
		return status;
	if (result.failed)
		return failed(common, "%s", result.text);
	status = print(common, &result);
	if (status || !*result.text)
		return status;
	failed(common, "%s", result.text);
	return EXIT_LEFT;
}
