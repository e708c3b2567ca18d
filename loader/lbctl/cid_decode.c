/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/cid.h"
#include "loader/lib/names.h"
#include "loader/lib/parse.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: lbctl cid decode [OPTION]... CID_HEX\n"
	"\n"
	"Server ID and nonce of a QUIC-LB connection ID. Without any of the "
	"first\n"
	"four options by the live configuration that the CID names; then also\n"
	"which terminator it leads to. Without a key the CID is plaintext.\n"
	"\n"
	"      --key HEX               AES-128 key (other users can see it; "
	"better:)\n"
	"      --key-file FILE         a file with the key in hex\n"
	"      --server-id-length N    1 to 15 octets\n"
	"      --nonce-length N        4 to 18 octets\n" COMMON_HELP;

enum { OPTION_KEY = 256, OPTION_KEY_FILE, OPTION_SERVER_ID, OPTION_NONCE };

struct decode {
	struct common common;
	struct cid_key key;
	uint32_t server_id_length, nonce_length; /* 0: not given */
	__u8 cid[QS_CID_MAX];
	size_t length;
};

static int parse_length(const struct common *common, const char *option,
			const char *text, uint32_t *ret_length)
{
	if (qs_parse_number(text, QS_BODY_MAX, ret_length) || !*ret_length)
		return usage(common,
			     "%s %s: not a number of octets from 1 to %d",
			     option, text, QS_BODY_MAX);
	return 0;
}

static int parse_option(struct decode *decode, int option)
{
	const struct common *common = &decode->common;

	switch (option) {
	case OPTION_KEY:
		return cid_key_parse(common, optarg, &decode->key);
	case OPTION_KEY_FILE:
		return cid_key_read(common, optarg, &decode->key);
	case OPTION_SERVER_ID:
		return parse_length(common, "--server-id-length", optarg,
				    &decode->server_id_length);
	default:
		return parse_length(common, "--nonce-length", optarg,
				    &decode->nonce_length);
	}
}

static int parse_cid(struct decode *decode, char **arguments)
{
	const struct common *common = &decode->common;

	if (!arguments[0])
		return usage(common, "a CID is missing");
	if (arguments[1])
		return usage(common, "unexpected argument '%s'", arguments[1]);
	if (qs_parse_hex(arguments[0], decode->cid, sizeof(decode->cid),
			 &decode->length))
		return usage(common, "'%s' is not a CID: 2 to 40 hex digits",
			     arguments[0]);
	return 0;
}

static int parse(struct decode *decode, int argc, char **argv)
{
	static const struct option options[] = {
		{"key", required_argument, NULL, OPTION_KEY},
		{"key-file", required_argument, NULL, OPTION_KEY_FILE},
		{"server-id-length", required_argument, NULL, OPTION_SERVER_ID},
		{"nonce-length", required_argument, NULL, OPTION_NONCE},
		COMMON_OPTIONS};
	int option, status;

	while ((option = common_next(&decode->common, argc, argv, options)) !=
	       -1) {
		status = parse_option(decode, option);
		if (status)
			return status;
	}
	return parse_cid(decode, argv + optind);
}

/* The answer as JSON, or NULL after one message. */
static json_t *decode_with(const struct decode *decode,
			   const struct qs_cid_config *config,
			   struct qs_cid_parts *parts)
{
	char server_id[2 * sizeof(parts->server_id) + 1];
	char nonce[2 * sizeof(parts->nonce) + 1];

	if (qs_cid_decode(config, decode->cid, decode->length, parts)) {
		failed(&decode->common,
		       "the CID is %zu octets long, too short for the %u of "
		       "this configuration",
		       decode->length, qs_cid_length(config));
		return NULL;
	}
	return json_pack(
		"{s:i, s:s, s:s}", "config_id",
		qs_cid_config_id(decode->cid[0]), "server_id",
		qs_format_hex(server_id, parts->server_id,
			      config->server_id_length),
		"nonce",
		qs_format_hex(nonce, parts->nonce, config->nonce_length));
}

static void add_holder(const struct qs_maps *maps, __u32 slot, json_t *answer)
{
	const struct qs_terminator *terminator = &maps->terminators[slot];
	char name[QS_NAME_SIZE] = "";

	memcpy(name, terminator->name, QS_NAME_SIZE - 1);
	json_object_set_new(answer, "slot", json_integer(slot));
	json_object_set_new(answer, "terminator", json_string(name));
	json_object_set_new(answer, "state",
			    json_string(qs_state_name(terminator->state)));
}

/* Listed, but nobody has registered under the terminator's name: "absent". */
static void add_listed(const struct qs_maps *maps, __u8 config_id,
		       const struct qs_cid_parts *parts, json_t *answer)
{
	struct qs_server_id_key key = {.config_id = config_id};
	__u32 slot;

	memcpy(key.server_id, parts->server_id, sizeof(key.server_id));
	if (bpf_map_lookup_elem(maps->fd[QS_MAP_SERVER_IDS], &key, &slot))
		json_object_set_new(answer, "state", json_string("unknown"));
	else if (slot >= QS_MAX_TERMINATORS)
		json_object_set_new(answer, "state", json_string("absent"));
	else
		add_holder(maps, slot, answer);
}

static void add_terminator(const struct qs_maps *maps,
			   const struct qs_cid_parts *parts, json_t *answer)
{
	const struct qs_terminator *terminator;
	char name[QS_NAME_SIZE] = "";
	__u16 slot, instance;
	const char *state;

	if (!qs_assigned_id_read(parts->server_id, &slot, &instance) ||
	    slot >= QS_MAX_TERMINATORS ||
	    maps->terminators[slot].state == QS_TERMINATOR_FREE) {
		json_object_set_new(answer, "state", json_string("unknown"));
		return;
	}
	terminator = &maps->terminators[slot];
	state = qs_state_name(terminator->state);
	if (terminator->instance != instance)
		state = "dead"; /* and its slot has a new holder */
	else
		memcpy(name, terminator->name, QS_NAME_SIZE - 1);
	json_object_set_new(answer, "slot", json_integer(slot));
	json_object_set_new(answer, "instance", json_integer(instance));
	json_object_set_new(answer, "terminator",
			    *name ? json_string(name) : json_null());
	json_object_set_new(answer, "state", json_string(state));
}

static json_t *decode_live(const struct decode *decode)
{
	struct qs_cid_config config;
	struct qs_cid_parts parts;
	struct qs_maps maps;
	json_t *answer = NULL;

	if (common_open(&decode->common, &maps))
		return NULL;
	if (!cid_config_live(&decode->common, &maps,
			     qs_cid_config_id(decode->cid[0]), &config))
		answer = decode_with(decode, &config, &parts);
	if (answer && config.flags & QS_CONFIG_ASSIGNED)
		add_terminator(&maps, &parts, answer);
	else if (answer && config.flags & QS_CONFIG_LISTED)
		add_listed(&maps, qs_cid_config_id(decode->cid[0]), &parts,
			   answer);
	explicit_bzero(&config, sizeof(config));
	qs_maps_close(&maps);
	return answer;
}

static void print_answer(const json_t *answer)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)answer, key, value)
	{
		if (json_is_integer(value))
			printf("%s: %lld\n", key, json_integer_value(value));
		else if (json_is_string(value))
			printf("%s: %s\n", key, json_string_value(value));
	}
}

static int finish(const struct decode *decode, json_t *answer)
{
	if (!answer)
		return EXIT_FAILED;
	if (decode->common.json)
		return common_print(answer);
	print_answer(answer);
	json_decref(answer);
	return EXIT_GOOD;
}

int command_cid_decode(int argc, char **argv)
{
	struct decode decode = {
		.common = {"cid decode", help, QS_PIN_DIR, false},
	};
	const struct common *common = &decode.common;
	struct qs_cid_config config;
	struct qs_cid_parts parts;
	int status = parse(&decode, argc, argv);

	if (status)
		return status;
	if (qs_cid_config_id(decode.cid[0]) == QS_CONFIG_ID_NONE)
		return failed(common,
			      "config ID 7: its server had no configuration, "
			      "so nothing is encoded in it");
	if (!decode.key.given && !decode.server_id_length &&
	    !decode.nonce_length)
		return finish(&decode, decode_live(&decode));
	if (!decode.server_id_length || !decode.nonce_length)
		return usage(common, "--server-id-length and --nonce-length "
				     "are both needed");
	status = cid_config_make(common, decode.server_id_length,
				 decode.nonce_length, &decode.key, &config);
	if (status)
		return status;
	return finish(&decode, decode_with(&decode, &config, &parts));
}
