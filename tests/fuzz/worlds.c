/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/fuzz/worlds.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf/steer.skel.h"

enum {
	SLOTS = 16, /* in use from 0 on, and as many before the last */
	PORTS = 3,
	FULL_BURST_NS = 0xffffffff, /* no limit is whole again in a test */
};

static void make_configs(struct dice *dice, struct model *model)
{
	static const __u8 flags[] = {QS_CONFIG_ASSIGNED, QS_CONFIG_LISTED,
				     QS_CONFIG_ASSIGNED | QS_CONFIG_LISTED,
				     QS_CONFIG_ASSIGNED |
					     QS_CONFIG_SELF_LENGTH};
	__u8 key[16];

	for (int id = 0; id < QS_CID_CONFIGS; id++) {
		struct qs_cid_config *config = &model->configs[id];

		memset(config, 0, sizeof(*config));
		if (dice_percent(dice, 20))
			continue;
		dice_octets(dice, key, sizeof(key));
		while (qs_cid_config_init(config, 1 + dice_below(dice, 15),
					  4 + dice_below(dice, 15),
					  dice_percent(dice, 25) ? NULL : key,
					  flags[dice_below(dice, 4)]))
			;
		/* The usual one, whose decryption is cut short. */
		if (id == 0)
			qs_cid_config_init(config, 4, 12, key, flags[0]);
	}
}

/* Who is there, and who gets new connections: not all who live. */
static void make_states(struct dice *dice, struct model *model)
{
	static const __u8 states[] = {
		QS_TERMINATOR_LIVE,	QS_TERMINATOR_LIVE, QS_TERMINATOR_LIVE,
		QS_TERMINATOR_DRAINING, QS_TERMINATOR_DEAD, QS_TERMINATOR_FREE};

	model->live_count = 0;
	for (unsigned int i = 0; i < QS_MAX_TERMINATORS; i++) {
		if (i >= SLOTS && i < QS_MAX_TERMINATORS - SLOTS)
			continue;
		model->terminators[i].state = states[dice_below(dice, 6)];
		if (model->terminators[i].state == QS_TERMINATOR_LIVE &&
		    dice_percent(dice, 70))
			model->live[model->live_count++] = i;
	}
	if (dice_percent(dice, 5))
		model->live_count = 0;
}

static void make_terminators(struct dice *dice, struct model *model)
{
	memset(model->terminators, 0, sizeof(model->terminators));
	for (unsigned int i = 0; i < QS_MAX_TERMINATORS; i++)
		model->terminators[i].instance = dice_word(dice);
	make_states(dice, model);
}

static bool is_listed(const struct model *model,
		      const struct qs_server_id_key *key)
{
	for (unsigned int i = 0; i < model->listed_count; i++)
		if (!memcmp(&model->listed[i].key, key, sizeof(*key)))
			return true;
	return false;
}

/* Some of them have the form of assigned ones. */
static void make_listed(struct dice *dice, struct model *model)
{
	model->listed_count = 0;
	for (int i = 0; i < MODEL_LISTED; i++) {
		unsigned int slot = dice_below(dice, SLOTS);
		unsigned int id = dice_below(dice, 7);
		struct qs_server_id_key key = {.config_id = id};
		__u8 octets[16];

		qs_assigned_id_write(octets, slot,
				     model->terminators[slot].instance);
		if (dice_percent(dice, 80))
			dice_octets(dice, octets, sizeof(octets));
		memcpy(key.server_id, octets,
		       model->configs[id].server_id_length);
		if (is_listed(model, &key))
			continue;
		model->listed[model->listed_count].key = key;
		model->listed[model->listed_count++].slot =
			dice_below(dice, SLOTS);
	}
}

static void make_vips(struct dice *dice, struct model *model)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	model->vip_count = 2 + dice_below(dice, 8);
	for (unsigned int i = 0; i < model->vip_count; i++) {
		struct qs_vip_key *key = &model->vips[i].key;
		unsigned int port = dice_below(dice, PORTS);

		memset(key, 0, sizeof(*key));
		dice_octets(dice, key->address, 16);
		if (dice_percent(dice, 60))
			memcpy(key->address, mapped, 12);
		if (dice_percent(dice, 10) && i)
			memset(key->address, 0, 16);
		key->port = 443 + 1000 * port;
		model->vips[i].port_index = port;
	}
}

static unsigned int make_prefixes(struct dice *dice,
				  struct qs_prefix_key *prefixes)
{
	unsigned int count = 1 + dice_below(dice, MODEL_PREFIXES - 1);

	for (unsigned int i = 0; i < count; i++) {
		struct qs_prefix_key *key = &prefixes[i];

		memset(key, 0, sizeof(*key));
		if (dice_percent(dice, 50)) {
			memset(key->address + 10, 0xff, 2);
			key->address[12] = 198;
			key->address[13] = dice_below(dice, 2) * 64;
			key->address[14] = dice_below(dice, 3);
			key->length = 96 + dice_below(dice, 33);
		} else {
			key->address[0] = 0x20;
			key->address[1] = dice_below(dice, 2) * 4;
			key->length = dice_below(dice, 20);
		}
	}
	return count;
}

static void make_settings(struct dice *dice, struct model *model)
{
	static const __u32 flags[] = {QS_SETTING_HASH_CLIENT_IP,
				      QS_SETTING_DROP_OPTIONS,
				      QS_SETTING_ALLOW_ONLY, QS_SETTING_DENY};

	dice_octets(dice, model->hash_key, sizeof(model->hash_key));
	model->flags = 0;
	for (int i = 0; i < 4; i++)
		if (dice_percent(dice, 25))
			model->flags |= flags[i];
	model->allowed_count = make_prefixes(dice, model->allowed);
	model->denied_count = make_prefixes(dice, model->denied);
	model->source_burst = model->global_burst = 0;
	if (dice_percent(dice, 15))
		model->source_burst = 1 + dice_below(dice, 50);
	if (dice_percent(dice, 15))
		model->global_burst = 1 + dice_below(dice, 300);
	model->source_prefix4 = dice_below(dice, 33);
	model->source_prefix6 = dice_below(dice, 129);
}

void make_world(struct dice *dice, struct model *model)
{
	make_configs(dice, model);
	make_terminators(dice, model);
	make_listed(dice, model);
	make_vips(dice, model);
	make_settings(dice, model);
	memset(model->pins, 0, sizeof(model->pins));
	memset(model->sources, 0, sizeof(model->sources));
	memset(model->admissions, 0, sizeof(model->admissions));
	model->global_count = 0;
}

static void must(int result, const struct bpf_map *map)
{
	if (!result)
		return;
	perror(bpf_map__name(map));
	exit(1);
}

static void update(const struct bpf_map *map, const void *key,
		   const void *value)
{
	must(bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY), map);
}

/* Deletes all that a hash or trie holds. */
static void empty(const struct bpf_map *map)
{
	__u8 key[64];

	while (!bpf_map_get_next_key(bpf_map__fd(map), NULL, key))
		must(bpf_map_delete_elem(bpf_map__fd(map), key), map);
}

static void fill_prefixes(const struct bpf_map *map,
			  const struct qs_prefix_key *prefixes,
			  unsigned int count)
{
	__u32 value = 1;

	empty(map);
	for (unsigned int i = 0; i < count; i++)
		update(map, &prefixes[i], &value);
}

static void fill_lookup(const struct bpf_map *map, const struct model *model)
{
	static union {
		struct qs_lookup_table table;
		__u8 room[(sizeof(struct qs_lookup_table) + 7) / 8 * 8];
	} value;
	__u32 generation = 1;

	for (int i = 0; i < QS_LOOKUP_SIZE; i++)
		value.table.slot[i] =
			model->live_count ? model->live[i % model->live_count]
					  : QS_NO_SLOT;
	update(map, &generation, &value);
}

static void fill_settings(const struct steer_bpf *steer,
			  const struct model *model)
{
	struct qs_settings settings;
	struct qs_source none = {0};
	__u32 zero = 0, all = QS_SOURCES;

	must(bpf_map_lookup_elem(bpf_map__fd(steer->maps.settings), &zero,
				 &settings),
	     steer->maps.settings);
	settings.vips_generation++;
	settings.lookup_generation = 1;
	memcpy(settings.hash_key, model->hash_key, sizeof(settings.hash_key));
	settings.flags = model->flags;
	settings.source_limit = (struct qs_limit){
		model->source_burst ? FULL_BURST_NS : 0, model->source_burst};
	settings.global_limit = (struct qs_limit){
		model->global_burst ? FULL_BURST_NS : 0, model->global_burst};
	settings.source_prefix4 = model->source_prefix4;
	settings.source_prefix6 = model->source_prefix6;
	update(steer->maps.settings, &zero, &settings);
	/* Those of single sources are void by the new key. */
	update(steer->maps.sources, &all, &none);
}

static void fill_terminators(struct world *world, const struct model *model)
{
	for (__u32 slot = 0; slot < QS_MAX_TERMINATORS; slot++)
		world_set_terminator(world, slot,
				     model->terminators[slot].instance,
				     model->terminators[slot].state);
	fill_lookup(world->steer->maps.lookup, model);
}

void change_states(struct dice *dice, struct world *world, struct model *model)
{
	make_states(dice, model);
	fill_terminators(world, model);
}

void fill_maps(struct world *world, const struct model *model)
{
	const struct steer_bpf *steer = world->steer;

	for (__u32 id = 0; id < QS_CID_CONFIGS; id++)
		world_set_config(world, id, &model->configs[id]);
	fill_terminators(world, model);
	empty(steer->maps.server_ids);
	for (unsigned int i = 0; i < model->listed_count; i++)
		update(steer->maps.server_ids, &model->listed[i].key,
		       &model->listed[i].slot);
	empty(steer->maps.vips);
	for (unsigned int i = 0; i < model->vip_count; i++) {
		struct qs_vip vip = {i, model->vips[i].port_index};

		update(steer->maps.vips, &model->vips[i].key, &vip);
	}
	fill_prefixes(steer->maps.allowed, model->allowed,
		      model->allowed_count);
	fill_prefixes(steer->maps.denied, model->denied, model->denied_count);
	fill_settings(steer, model);
}
