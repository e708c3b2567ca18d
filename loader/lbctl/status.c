/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/lbctl.h"
#include "loader/lbctl/survey.h"
#include "loader/lib/link.h"
#include "loader/lib/names.h"
#include "loader/lib/parse.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
	"Usage: lbctl status [OPTION]...\n"
	"\n"
	"What is attached where and what that costs, whether loader and "
	"healthd\n"
	"live, VIPs, CID configurations (never their keys), terminators by "
	"state,\n"
	"backends of each pool that are up, breakers that are open, and what "
	"became\n"
	"of packets.\n"
	"\n" COMMON_HELP;

static bool is_running(pid_t pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static json_t *loader_json(const struct qs_settings *settings)
{
	return json_pack("{s:i, s:b, s:I}", "pid", settings->loader_pid,
			 "running", is_running(settings->loader_pid), "started",
			 (json_int_t)(settings->started_ns / 1000000000));
}

static json_t *healthd_json(const struct qs_maps *maps)
{
	const struct qs_settings *settings = maps->settings;
	long long age = survey_age_ms(settings->healthd_heartbeat_ns);

	return json_pack("{s:i, s:b, s:o}", "pid", settings->healthd_pid,
			 "running", survey_healthd_lives(maps),
			 "heartbeat_age_ms",
			 age < 0 ? json_null() : json_integer(age));
}

static json_t *pool_json(const struct qs_maps *maps, const char *pool)
{
	int up = 0, total = 0;

	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &maps->backends[i];

		if (row->state != QS_BACKEND_ACTIVE || strcmp(row->pool, pool))
			continue;
		total++;
		up += survey_is_up(row);
	}
	return json_pack("{s:s, s:i, s:i}", "name", pool, "up", up, "backends",
			 total);
}

static json_t *pools_json(const struct qs_maps *maps)
{
	const char *pools[QS_MAX_POOLS];
	size_t count = survey_pools(maps, pools);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, pool_json(maps, pools[i]));
	return list;
}

static void add_breaker(json_t *list, const char *kind, const char *name,
			unsigned int observed, const struct qs_wish *wish)
{
	if (survey_breaker_closed(observed, wish))
		return;
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:s}", "kind", kind, "name",
				name, "breaker", qs_breaker_name(observed),
				"wish", qs_breaker_wish_name(wish->breaker)));
}

/* Of terminators and backends: all that are not closed. */
static json_t *breakers_json(const struct qs_maps *maps)
{
	json_t *list = json_array();

	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		const struct qs_terminator *row = &maps->terminators[i];

		if (row->state == QS_TERMINATOR_LIVE)
			add_breaker(list, "terminator", row->name, row->breaker,
				    &row->wish);
	}
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &maps->backends[i];

		if (row->state == QS_BACKEND_ACTIVE)
			add_breaker(list, "backend", row->name, row->breaker,
				    &row->wish);
	}
	return list;
}

/* Why a mode is not in force, or NULL. */
static const char *why_not(__u16 error)
{
	return error ? strerror(error) : NULL;
}

static json_t *attach_json(const struct qs_settings *settings)
{
	char interface[IF_NAMESIZE];

	/* The index is of the loader's namespace, which may not be ours. */
	if (!if_indextoname(settings->ifindex, interface))
		strcpy(interface, "?");
	return json_pack("{s:s, s:i, s:s, s:s, s:s?, s:s?}", "interface",
			 interface, "ifindex", settings->ifindex, "mode",
			 qs_attach_mode_name(settings->attach_mode), "cost",
			 qs_attach_mode_cost(settings->attach_mode),
			 "native_error", why_not(settings->native_error),
			 "generic_error", why_not(settings->generic_error));
}

/* A program by its pinned link: null where it is attached in another way. */
static json_t *program_json(const char *pin_dir, const char *link)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	struct link_state state;
	int link_fd = link_open(pin_dir, link, &state);
	int fd;

	if (link_fd < 0)
		return json_null();
	close(link_fd);
	fd = bpf_prog_get_fd_by_id(state.program_id);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) < 0)
		memset(&info, 0, sizeof(info));
	if (fd >= 0)
		close(fd);
	return json_pack("{s:i, s:s, s:b}", "id", state.program_id, "name",
			 info.name, "attached", state.ifindex != 0);
}

static json_t *vips_json(const struct qs_maps *maps)
{
	struct qs_vip_key key, *previous = NULL;
	int fd = maps->fd[QS_MAP_VIPS];
	json_t *list = json_array();
	char text[QS_ENDPOINT_TEXT];

	for (int i = 0; i < QS_MAX_VIPS; i++) {
		if (bpf_map_get_next_key(fd, previous, &key))
			break;
		json_array_append_new(
			list, json_string(qs_format_endpoint(text, &key)));
		previous = &key;
	}
	return list;
}

static json_t *config_json(int id, const struct qs_cid_config *config)
{
	int body = config->server_id_length + config->nonce_length;

	return json_pack("{s:i, s:s, s:i, s:i, s:i, s:b, s:b, s:b}",
			 "config_id", id, "encoding",
			 qs_encoding_name(config->encoding), "server_id_length",
			 config->server_id_length, "nonce_length",
			 config->nonce_length, "cid_length", 1 + body,
			 "assigned", config->flags & QS_CONFIG_ASSIGNED,
			 "listed", config->flags & QS_CONFIG_LISTED,
			 "self_length", config->flags & QS_CONFIG_SELF_LENGTH);
}

static json_t *configs_json(const struct qs_maps *maps)
{
	json_t *list = json_array();
	struct qs_cid_config config;

	for (int id = 0; id < QS_CID_CONFIGS; id++) {
		if (!qs_maps_config(maps, id, &config) &&
		    config.encoding != QS_ENCODING_NONE)
			json_array_append_new(list, config_json(id, &config));
	}
	explicit_bzero(&config, sizeof(config));
	return list;
}

static json_t *states_json(const struct qs_maps *maps)
{
	int count[QS_TERMINATOR_DEAD + 1] = {};

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		if (maps->terminators[slot].state <= QS_TERMINATOR_DEAD)
			count[maps->terminators[slot].state]++;
	}
	return json_pack("{s:i, s:i, s:i}", "live", count[QS_TERMINATOR_LIVE],
			 "draining", count[QS_TERMINATOR_DRAINING], "dead",
			 count[QS_TERMINATOR_DEAD]);
}

static json_t *counters_json(const struct qs_counter_text *texts,
			     const __u64 *values, int count)
{
	json_t *object = json_object();

	for (int i = 0; i < count; i++)
		json_object_set_new(object, texts[i].name,
				    json_integer(values[i]));
	return object;
}

/* NULL if the counters cannot be read. */
static json_t *status_json(const struct common *common,
			   const struct qs_maps *maps)
{
	const struct qs_settings *settings = maps->settings;
	struct qs_verdicts verdicts;
	struct qs_deliveries deliveries;

	if (qs_maps_verdicts(maps, &verdicts) ||
	    qs_maps_deliveries(maps, &deliveries))
		return NULL;
	return json_pack(
		"{s:i, s:i, s:o, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o, s:o}",
		"abi_version", settings->abi_version, "config_generation",
		settings->config_generation, "attached", attach_json(settings),
		"loader", loader_json(settings), "healthd", healthd_json(maps),
		"programs", "steer",
		program_json(common->pin_dir, QS_PIN_STEER_LINK), "deliver",
		program_json(common->pin_dir, QS_PIN_DELIVER_LINK), "vips",
		vips_json(maps), "configurations", configs_json(maps),
		"terminators", states_json(maps), "pools", pools_json(maps),
		"open_breakers", breakers_json(maps), "verdicts",
		counters_json(qs_verdict_texts, verdicts.count,
			      QS_VERDICT_COUNT),
		"deliveries",
		counters_json(qs_delivery_texts, deliveries.count,
			      QS_DELIVERY_COUNT),
		"icmp_errors",
		counters_json(qs_icmp_relay_texts, maps->icmp->count,
			      QS_ICMP_RELAY_COUNT));
}

static void print_loader(const json_t *loader)
{
	time_t started = common_number(loader, "started");
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", gmtime(&started));
	if (json_is_true(json_object_get(loader, "running")))
		printf("Loader       pid %lld, since %s\n",
		       common_number(loader, "pid"), text);
	else
		printf("Loader       not running; packets are steered as it "
		       "left them (started %s)\n",
		       text);
}

static void print_healthd(const json_t *healthd)
{
	if (json_is_true(json_object_get(healthd, "running")))
		printf("Healthd      pid %lld\n",
		       common_number(healthd, "pid"));
	else if (common_number(healthd, "pid"))
		printf("Healthd      pid %lld, silent for %.1f s: backends and "
		       "terminators stay as it left them\n",
		       common_number(healthd, "pid"),
		       common_number(healthd, "heartbeat_age_ms") / 1000.0);
	else
		printf("Healthd      not running; backends and terminators "
		       "stay as it left them\n");
}

static void print_pools(const json_t *status)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(status, "pools"), i, one)
		printf("Pool         %s: %lld of %lld backends up\n",
		       common_text(one, "name"), common_number(one, "up"),
		       common_number(one, "backends"));
	json_array_foreach(json_object_get(status, "open_breakers"), i, one)
		printf("Breaker      of %s %s: %s\n", common_text(one, "kind"),
		       common_text(one, "name"),
		       strcmp(common_text(one, "wish"), "auto")
			       ? "open, by the operator's wish"
			       : common_text(one, "breaker"));
}

static void print_program(const json_t *status, const char *name)
{
	const json_t *program =
		json_object_get(json_object_get(status, "programs"), name);

	if (json_is_null(program))
		printf("Program      %-8s no pinned link\n", name);
	else
		printf("Program      %-8s id %lld%s\n", name,
		       common_number(program, "id"),
		       json_is_true(json_object_get(program, "attached"))
			       ? ""
			       : ", its interface is gone");
}

static void print_configs(const json_t *configs)
{
	const json_t *config;
	size_t i;

	json_array_foreach(configs, i, config) printf(
		"CID config   %lld: %s, server ID %lld, nonce %lld, CID %lld "
		"octets%s%s%s\n",
		common_number(config, "config_id"),
		common_text(config, "encoding"),
		common_number(config, "server_id_length"),
		common_number(config, "nonce_length"),
		common_number(config, "cid_length"),
		json_is_true(json_object_get(config, "assigned")) ? ", assigned"
								  : "",
		json_is_true(json_object_get(config, "listed")) ? ", listed"
								: "",
		json_is_true(json_object_get(config, "self_length"))
			? ", length in octet 0"
			: "");
}

static void print_counters(const char *title, const json_t *object,
			   const struct qs_counter_text *texts, int count)
{
	bool any = false;

	printf("%s\n", title);
	for (int i = 0; i < count; i++) {
		json_int_t value = common_number(object, texts[i].name);

		if (!value)
			continue;
		any = true;
		printf("  %-20s %12lld  %s\n", texts[i].name, value,
		       texts[i].help);
	}
	if (!any)
		printf("  none yet\n");
}

static void print_why_not(const json_t *attached, const char *mode,
			  const char *key)
{
	const char *error = json_string_value(json_object_get(attached, key));

	if (error)
		printf("             %s XDP cannot be attached: %s\n", mode,
		       error);
}

static void print_status(const json_t *status)
{
	const json_t *attached = json_object_get(status, "attached");
	const json_t *states = json_object_get(status, "terminators");
	const json_t *vip;
	size_t i;

	printf("Attached     %s to %s (index %lld)\n",
	       common_text(attached, "mode"),
	       common_text(attached, "interface"),
	       common_number(attached, "ifindex"));
	printf("             %s\n", common_text(attached, "cost"));
	print_why_not(attached, "native", "native_error");
	print_why_not(attached, "generic", "generic_error");
	print_program(status, "steer");
	print_program(status, "deliver");
	print_loader(json_object_get(status, "loader"));
	print_healthd(json_object_get(status, "healthd"));
	printf("Configured   generation %lld\n",
	       common_number(status, "config_generation"));
	json_array_foreach(json_object_get(status, "vips"), i, vip)
		printf("VIP          %s\n", json_string_value(vip));
	print_configs(json_object_get(status, "configurations"));
	printf("Terminators  %lld live, %lld draining, %lld dead\n",
	       common_number(states, "live"), common_number(states, "draining"),
	       common_number(states, "dead"));
	print_pools(status);
	print_counters("Packets by the XDP program's verdict",
		       json_object_get(status, "verdicts"), qs_verdict_texts,
		       QS_VERDICT_COUNT);
	print_counters("Packets (merged by GRO) by the tc program's result",
		       json_object_get(status, "deliveries"), qs_delivery_texts,
		       QS_DELIVERY_COUNT);
	print_counters("ICMP errors about VIPs' datagrams, for terminators",
		       json_object_get(status, "icmp_errors"),
		       qs_icmp_relay_texts, QS_ICMP_RELAY_COUNT);
}

int command_status(int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS};
	struct common common = {"status", help, QS_PIN_DIR, false};
	struct qs_maps maps;
	json_t *status;

	common_next(&common, argc, argv, options);
	if (argv[optind])
		return usage(&common, "unexpected argument '%s'", argv[optind]);
	if (common_open(&common, &maps))
		return EXIT_FAILED;
	status = status_json(&common, &maps);
	qs_maps_close(&maps);
	if (!status)
		return failed(&common, "cannot read the counters under %s",
			      common.pin_dir);
	if (common.json)
		return common_print(status);
	print_status(status);
	json_decref(status);
	return EXIT_GOOD;
}
