/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/format.h"
#include "loader/lbctl/grid.h"
#include "loader/lbctl/lbctl.h"
#include "loader/lib/cid_state.h"
#include "loader/lib/names.h"
#include "quicsteer/cid.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char help[] =
	"Usage: lbctl cid configs [OPTION]...\n"
	"\n"
	"The live CID configurations: encoding, octets of server ID and nonce, "
	"age, and\n"
	"how many connections have CIDs of them. New connections get those of "
	"the current\n"
	"one; one that is retiring is removed when its last connection has "
	"ended.\n"
	"Listed ones are those of loader.cid_configs: how many server IDs they "
	"list, and\n"
	"how many of these a process holds now.\n"
	"\n" COMMON_HELP;

/* Terminators of other makes tell neither age nor connections. */
static json_t *listed_json(const struct qs_maps *maps, int id,
			   const struct qs_cid_config *config)
{
	__u32 held, count = qs_cid_server_ids(maps, id, &held);

	return json_pack("{s:i, s:s, s:i, s:i, s:n, s:s, s:n, s:n, s:I, s:I}",
			 "config_id", id, "encoding",
			 qs_encoding_name(config->encoding), "server_id_length",
			 config->server_id_length, "nonce_length",
			 config->nonce_length, "age_s", "state",
			 qs_cid_state(maps, id, config), "retiring_s",
			 "connections", "server_ids", (json_int_t)count,
			 "server_ids_held", (json_int_t)held);
}

static json_t *config_json(const struct qs_maps *maps, int id,
			   const struct qs_cid_config *config)
{
	const struct qs_settings *settings = maps->settings;
	__u64 created_s = settings->cid_lives[id].created_s;
	__u64 retired_s = settings->cid_lives[id].retired_s;
	__u64 now_s = time(NULL);

	return json_pack(
		"{s:i, s:s, s:i, s:i, s:I, s:s, s:o, s:I}", "config_id", id,
		"encoding", qs_encoding_name(config->encoding),
		"server_id_length", config->server_id_length, "nonce_length",
		config->nonce_length, "age_s",
		(json_int_t)(now_s > created_s ? now_s - created_s : 0),
		"state", qs_cid_state(maps, id, config), "retiring_s",
		retired_s ? json_integer(now_s > retired_s ? now_s - retired_s
							   : 0)
			  : json_null(),
		"connections", (json_int_t)qs_cid_connections(maps, id));
}

static json_t *configs_json(const struct qs_maps *maps)
{
	json_t *list = json_array();
	struct qs_cid_config config;

	for (int id = 0; id < QS_CONFIG_ID_NONE; id++) {
		if (!qs_maps_config(maps, id, &config) &&
		    config.encoding != QS_ENCODING_NONE)
			json_array_append_new(
				list, config.flags & QS_CONFIG_LISTED
					      ? listed_json(maps, id, &config)
					      : config_json(maps, id, &config));
	}
	explicit_bzero(&config, sizeof(config));
	return list;
}

/* A cell with a number, or "-" where there is none. */
static void add_number(struct grid *grid, const json_t *one, const char *key)
{
	if (json_is_integer(json_object_get(one, key)))
		grid_add(grid, "%lld", common_number(one, key));
	else
		grid_add(grid, "-");
}

static void add_age(struct grid *grid, const json_t *one)
{
	char text[FORMAT_TEXT];

	if (json_is_integer(json_object_get(one, "age_s")))
		grid_add(grid, "%s",
			 format_age(text, common_number(one, "age_s")));
	else
		grid_add(grid, "-");
}

static void print_table(const json_t *list)
{
	static const struct grid_column columns[] = {
		{"ID", true, 0},	  {"ENCODING", false, 0},
		{"SERVER ID", true, 0},	  {"NONCE", true, 0},
		{"AGE", true, 0},	  {"STATE", false, 0},
		{"CONNECTIONS", true, 0}, {"LISTED", true, 0},
		{"HELD", true, 0}};
	struct grid grid;
	const json_t *one;
	size_t i;

	grid_init(&grid, columns, sizeof(columns) / sizeof(*columns));
	json_array_foreach(list, i, one)
	{
		grid_add(&grid, "%lld", common_number(one, "config_id"));
		grid_add(&grid, "%s", common_text(one, "encoding"));
		grid_add(&grid, "%lld", common_number(one, "server_id_length"));
		grid_add(&grid, "%lld", common_number(one, "nonce_length"));
		add_age(&grid, one);
		grid_add(&grid, "%s", common_text(one, "state"));
		add_number(&grid, one, "connections");
		add_number(&grid, one, "server_ids");
		add_number(&grid, one, "server_ids_held");
	}
	grid_print(&grid, stdout, GRID_NO_LIMIT);
	grid_clear(&grid);
}

int command_cid_configs(int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS};
	struct common common = {"cid configs", help, QS_PIN_DIR, false};
	struct qs_maps maps;
	json_t *list;

	common_next(&common, argc, argv, options);
	if (argv[optind])
		return usage(&common, "unexpected argument '%s'", argv[optind]);
	if (common_open(&common, &maps))
		return EXIT_FAILED;
	list = configs_json(&maps);
	qs_maps_close(&maps);
	if (common.json)
		return common_print(json_pack("{s:o}", "configs", list));
	print_table(list);
	json_decref(list);
	return EXIT_GOOD;
}
