/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/cid.h"
#include "loader/lib/nearest.h"
#include "loader/lib/parse.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char help[] =
	"Usage: lbctl cid encode [--key HEX] --config-id N --server-id HEX\n"
	"                        --nonce HEX [OPTION]...\n"
	"       lbctl cid encode {--terminator NAME | --server-id HEX} "
	"[OPTION]...\n"
	"\n"
	"A QUIC-LB connection ID. In the first form plaintext, unless there is "
	"a\n"
	"key; in the second by the live configuration, with a random nonce.\n"
	"\n"
	"      --key HEX               AES-128 key (other users can see it; "
	"better:)\n"
	"      --key-file FILE         a file with the key in hex\n"
	"      --config-id N           0 to 6 (live: default 0)\n"
	"      --server-id HEX         1 to 15 octets\n"
	"      --terminator NAME       the server ID of this terminator\n"
	"      --nonce HEX             4 to 18 octets\n"
	"      --length-bits WHAT      low five bits of octet 0: self, the "
	"length\n"
	"                              of what follows, or random (default: "
	"self;\n"
	"                              live: as configured)\n" COMMON_HELP;

enum {
	OPTION_KEY = 256,
	OPTION_KEY_FILE,
	OPTION_CONFIG_ID,
	OPTION_SERVER_ID,
	OPTION_TERMINATOR,
	OPTION_NONCE,
	OPTION_LENGTH_BITS,
};

struct encode {
	struct common common;
	struct cid_key key;
	bool config_id_given;
	uint32_t config_id;
	__u8 server_id[QS_SERVER_ID_MAX + 1];
	size_t server_id_length; /* 0: not given */
	const char *terminator;
	__u8 nonce[QS_NONCE_MAX];
	size_t nonce_length; /* 0: not given */
	const char *length_bits;
};

static int parse_octets(const struct common *common, const char *option,
			__u8 *octets, size_t size, size_t *ret_length)
{
	if (qs_parse_hex(optarg, octets, size, ret_length))
		return usage(common, "%s %s: not 1 to %zu octets in hex",
			     option, optarg, size);
	return 0;
}

static int parse_config_id(struct encode *encode)
{
	if (qs_parse_number(optarg, QS_CONFIG_ID_NONE - 1, &encode->config_id))
		return usage(&encode->common,
			     "--config-id %s: not a number from 0 to 6",
			     optarg);
	encode->config_id_given = true;
	return 0;
}

static int parse_length_bits(struct encode *encode)
{
	if (strcmp(optarg, "self") && strcmp(optarg, "random"))
		return usage(&encode->common,
			     "--length-bits %s: not self or random", optarg);
	encode->length_bits = optarg;
	return 0;
}

static int parse_option(struct encode *encode, int option)
{
	const struct common *common = &encode->common;

	switch (option) {
	case OPTION_KEY:
		return cid_key_parse(common, optarg, &encode->key);
	case OPTION_KEY_FILE:
		return cid_key_read(common, optarg, &encode->key);
	case OPTION_CONFIG_ID:
		return parse_config_id(encode);
	case OPTION_SERVER_ID:
		return parse_octets(common, "--server-id", encode->server_id,
				    QS_SERVER_ID_MAX,
				    &encode->server_id_length);
	case OPTION_TERMINATOR:
		encode->terminator = optarg;
		return 0;
	case OPTION_NONCE:
		return parse_octets(common, "--nonce", encode->nonce,
				    QS_NONCE_MAX, &encode->nonce_length);
	default:
		return parse_length_bits(encode);
	}
}

static int parse(struct encode *encode, int argc, char **argv)
{
	static const struct option options[] = {
		{"key", required_argument, NULL, OPTION_KEY},
		{"key-file", required_argument, NULL, OPTION_KEY_FILE},
		{"config-id", required_argument, NULL, OPTION_CONFIG_ID},
		{"server-id", required_argument, NULL, OPTION_SERVER_ID},
		{"terminator", required_argument, NULL, OPTION_TERMINATOR},
		{"nonce", required_argument, NULL, OPTION_NONCE},
		{"length-bits", required_argument, NULL, OPTION_LENGTH_BITS},
		COMMON_OPTIONS};
	int option, status;

	while ((option = common_next(&encode->common, argc, argv, options)) !=
	       -1) {
		status = parse_option(encode, option);
		if (status)
			return status;
	}
	if (argv[optind])
		return usage(&encode->common, "unexpected argument '%s'",
			     argv[optind]);
	if (encode->terminator && encode->server_id_length)
		return usage(&encode->common,
			     "--terminator and --server-id exclude each other");
	return 0;
}

static int no_terminator(const struct encode *encode,
			 const struct qs_maps *maps)
{
	const char *names[QS_MAX_TERMINATORS], *nearest;
	size_t count = 0;

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		unsigned int state = maps->terminators[slot].state;

		if (state == QS_TERMINATOR_LIVE ||
		    state == QS_TERMINATOR_DRAINING)
			names[count++] = maps->terminators[slot].name;
	}
	nearest = qs_nearest(encode->terminator, names, count);
	return failed(&encode->common,
		      "no terminator %s is live or draining; %s%s%s",
		      encode->terminator, nearest ? "did you mean '" : "",
		      nearest ? nearest : "lbctl terminators lists them",
		      nearest ? "'?" : "");
}

/* Uses the live process of the name; a draining one if none is live. */
static int find_server_id(struct encode *encode, const struct qs_maps *maps)
{
	int found = -1;

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		const struct qs_terminator *terminator =
			&maps->terminators[slot];

		if (strncmp(terminator->name, encode->terminator, QS_NAME_SIZE))
			continue;
		if (terminator->state == QS_TERMINATOR_LIVE ||
		    (terminator->state == QS_TERMINATOR_DRAINING && found < 0))
			found = slot;
	}
	if (found < 0)
		return no_terminator(encode, maps);
	qs_assigned_id_write(encode->server_id, found,
			     maps->terminators[found].instance);
	return 0;
}

static int print_cid(const struct encode *encode,
		     const struct qs_cid_config *config)
{
	char text[2 * QS_CID_MAX + 1];
	__u8 cid[QS_CID_MAX], random;
	size_t length;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return failed(&encode->common, "no random octets to be had");
	length = qs_cid_encode(config, encode->config_id, encode->server_id,
			       encode->nonce, random, cid);
	qs_format_hex(text, cid, length);
	if (encode->common.json)
		return common_print(json_pack("{s:s}", "cid", text));
	puts(text);
	return EXIT_GOOD;
}

static void set_length_bits(const struct encode *encode,
			    struct qs_cid_config *config)
{
	if (!encode->length_bits)
		return;
	config->flags &= ~QS_CONFIG_SELF_LENGTH;
	if (!strcmp(encode->length_bits, "self"))
		config->flags |= QS_CONFIG_SELF_LENGTH;
}

static int encode_given(struct encode *encode)
{
	struct qs_cid_config config;
	int status;

	if (!encode->config_id_given || !encode->server_id_length ||
	    !encode->nonce_length)
		return usage(&encode->common,
			     "with a key, --config-id, --server-id and --nonce "
			     "are needed");
	status = cid_config_make(&encode->common, encode->server_id_length,
				 encode->nonce_length, &encode->key, &config);
	if (status)
		return status;
	if (!encode->length_bits)
		encode->length_bits = "self";
	set_length_bits(encode, &config);
	return print_cid(encode, &config);
}

static int fill_from_live(struct encode *encode, const struct qs_maps *maps,
			  const struct qs_cid_config *config)
{
	const struct common *common = &encode->common;

	if (encode->terminator && !(config->flags & QS_CONFIG_ASSIGNED))
		return failed(common,
			      "the server IDs of configuration %u are not the "
			      "loader's: give --server-id",
			      encode->config_id);
	if (encode->terminator && find_server_id(encode, maps))
		return EXIT_FAILED;
	if (!encode->terminator &&
	    encode->server_id_length != config->server_id_length)
		return usage(common,
			     "the server IDs of configuration %u are %u octets "
			     "long, not %zu",
			     encode->config_id, config->server_id_length,
			     encode->server_id_length);
	if (encode->nonce_length &&
	    encode->nonce_length != config->nonce_length)
		return usage(common,
			     "the nonces of configuration %u are %u octets "
			     "long, not %zu",
			     encode->config_id, config->nonce_length,
			     encode->nonce_length);
	if (!encode->nonce_length &&
	    getrandom(encode->nonce, config->nonce_length, 0) !=
		    config->nonce_length)
		return failed(common, "no random octets to be had");
	return 0;
}

static int encode_live(struct encode *encode)
{
	struct qs_cid_config config;
	struct qs_maps maps;
	int status;

	if (!encode->terminator && !encode->server_id_length)
		return usage(&encode->common,
			     "--terminator or --server-id is needed");
	if (common_open(&encode->common, &maps))
		return EXIT_FAILED;
	status = cid_config_live(&encode->common, &maps, encode->config_id,
				 &config);
	if (!status)
		status = fill_from_live(encode, &maps, &config);
	qs_maps_close(&maps);
	if (!status) {
		set_length_bits(encode, &config);
		status = print_cid(encode, &config);
	}
	explicit_bzero(&config, sizeof(config));
	return status;
}

int command_cid_encode(int argc, char **argv)
{
	struct encode encode = {
		.common = {"cid encode", help, QS_PIN_DIR, false},
	};
	int status = parse(&encode, argc, argv);

	if (status)
		return status;
	if (encode.key.given ||
	    (encode.config_id_given && encode.server_id_length &&
	     encode.nonce_length))
		return encode_given(&encode);
	return encode_live(&encode);
}
