/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/configure.h"
#include "loader/admission.h"
#include "loader/vips.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "quicsteer/cid.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The file holds all of ours that the map does (rotation.h); the map may hold
 * less, and what the configuration lists beside. */
static int check_config(const struct qs_maps *maps,
			const struct qs_state_secrets *secrets, int id,
			bool *ret_same)
{
	const struct qs_control_cid_config *ours = &secrets->configs[id].config;
	struct qs_cid_config config;
	int error = qs_maps_config(maps, id, &config);

	if (!error && config.encoding != QS_ENCODING_NONE &&
	    !(config.flags & QS_CONFIG_LISTED))
		*ret_same &=
			config.encoding == ours->encoding &&
			config.server_id_length == ours->server_id_length &&
			config.nonce_length == ours->nonce_length &&
			!memcmp(config.key, ours->key, sizeof(config.key));
	explicit_bzero(&config, sizeof(config));
	return error;
}

int configure_check_secrets(const struct qs_maps *maps,
			    const struct qs_state_secrets *secrets,
			    const struct options *options)
{
	bool same = !memcmp(maps->settings->hash_key, secrets->hash_key,
			    sizeof(secrets->hash_key));
	int error = 0;

	if (!registry_count(maps))
		return 0;
	for (int id = 0; id < QS_CID_CONFIGS && !error; id++)
		error = check_config(maps, secrets, id, &same);
	if (error) {
		log_error("cannot read the pinned CID configurations: %s",
			  strerror(-error));
		return -1;
	}
	if (same)
		return 0;
	log_error("the secrets under %s are not those that the terminators "
		  "under %s work with: give the --state-dir of the earlier "
		  "loader, or end them and run --detach",
		  options->state_dir, options->pin_dir);
	return -1;
}

int configure_cid_write(const struct qs_maps *maps, __u32 id,
			const struct qs_control_cid_config *ours)
{
	union {
		struct qs_cid_config config;
		__u64 room[(sizeof(struct qs_cid_config) + 7) / 8];
	} value = {};
	int error = 0;

	if (ours->encoding != QS_ENCODING_NONE)
		error = qs_cid_config_init(
			&value.config, ours->server_id_length,
			ours->nonce_length,
			ours->encoding == QS_ENCODING_PLAINTEXT ? NULL
								: ours->key,
			ours->flags);
	if (!error && bpf_map_update_elem(maps->fd[QS_MAP_CID_CONFIGS], &id,
					  &value, BPF_ANY) < 0)
		error = -errno;
	explicit_bzero(&value, sizeof(value));
	return error;
}

int configure_cid(const struct qs_maps *maps,
		  const struct qs_state_secrets *secrets, __u32 id)
{
	return configure_cid_write(maps, id, &secrets->configs[id].config);
}

void configure_cid_lives(struct qs_maps *maps,
			 const struct qs_state_secrets *secrets)
{
	for (int id = 0; id < QS_CID_CONFIGS; id++)
		maps->settings->cid_lives[id] = (struct qs_cid_life){
			.created_s = secrets->configs[id].created_s,
			.retired_s = secrets->configs[id].retired_s,
		};
	__atomic_store_n(&maps->settings->cid_current, secrets->current,
			 __ATOMIC_RELEASE);
}

static int write_configs(struct qs_maps *maps,
			 const struct qs_state_secrets *secrets)
{
	int error = 0;

	for (int id = 0; id < QS_CID_CONFIGS && !error; id++) {
		if (!(secrets->listed >> id & 1))
			error = configure_cid(maps, secrets, id);
	}
	configure_cid_lives(maps, secrets);
	return error;
}

static void write_settings(struct qs_maps *maps,
			   const struct qs_state_secrets *secrets,
			   __u32 ifindex, bool configured)
{
	struct qs_settings *settings = maps->settings;

	settings->abi_version = QS_ABI_VERSION;
	memcpy(settings->hash_key, secrets->hash_key,
	       sizeof(settings->hash_key));
	settings->ifindex = ifindex;
	settings->started_ns = clock_ns(CLOCK_REALTIME);
	settings->loader_pid = getpid();
	if (configured && !settings->config_generation)
		settings->config_generation = 1;
}

static void set_flag(struct qs_maps *maps, __u32 flag, bool on)
{
	if (on)
		__atomic_fetch_or(&maps->settings->flags, flag,
				  __ATOMIC_RELEASE);
	else
		__atomic_fetch_and(&maps->settings->flags, ~flag,
				   __ATOMIC_RELEASE);
}

void configure_flags(struct qs_maps *maps, const struct options *options)
{
	set_flag(maps, QS_SETTING_DROP_OPTIONS, options->drop_options);
	set_flag(maps, QS_SETTING_HASH_CLIENT_IP, options->key_client_ip);
}

int configure_maps(struct qs_maps *maps, const struct qs_state_secrets *secrets,
		   const struct options *options, const struct ports *ports,
		   __u32 ifindex)
{
	int error;

	write_settings(maps, secrets, ifindex, options->config);
	configure_flags(maps, options);
	error = write_configs(maps, secrets);
	if (!error)
		error = vips_write(maps, options->vips, options->vip_count,
				   ports);
	if (!error)
		error = admission_write(maps, options->new_connections);
	if (error)
		log_error("cannot write the maps under %s: %s",
			  options->pin_dir, strerror(-error));
	return error ? -1 : 0;
}

void configure_deployment(const struct qs_state_secrets *secrets, __u8 but,
			  struct control_deployment *ret_deployment)
{
	*ret_deployment = (struct control_deployment){
		.secrets = secrets->shared,
		.config_id = secrets->current,
	};
	for (int id = 0; id < QS_CID_CONFIGS; id++) {
		if (!(but >> id & 1))
			ret_deployment->configs[id] =
				secrets->configs[id].config;
	}
}
