/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/configure.h"
#include "loader/vips.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "quicsteer/cid.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Server ID and nonce fill one AES block: a CID of 17 octets. */
enum { CONFIG_ID = 0, SERVER_ID_LENGTH = 4, NONCE_LENGTH = 12 };

int configure_check_secrets(const struct qs_maps *maps,
			    const struct qs_state_secrets *secrets,
			    const struct options *options)
{
	struct qs_cid_config config;
	int error = qs_maps_config(maps, CONFIG_ID, &config);

	if (error) {
		log_error("cannot read the pinned CID configuration: %s",
			  strerror(-error));
		return -1;
	}
	if (config.encoding == QS_ENCODING_NONE || !registry_count(maps))
		return 0;
	if (!memcmp(config.key, secrets->cid_key, sizeof(config.key)) &&
	    !memcmp(maps->settings->hash_key, secrets->hash_key,
		    sizeof(secrets->hash_key)))
		return 0;
	log_error("the secrets under %s are not those that the terminators "
		  "under %s work with: give the --state-dir of the earlier "
		  "loader, or end them and run --detach",
		  options->state_dir, options->pin_dir);
	return -1;
}

static int write_config(struct qs_maps *maps,
			const struct qs_state_secrets *secrets)
{
	union {
		struct qs_cid_config config;
		__u64 room[(sizeof(struct qs_cid_config) + 7) / 8];
	} value = {};
	__u32 id = CONFIG_ID;
	int error = qs_cid_config_init(
		&value.config, SERVER_ID_LENGTH, NONCE_LENGTH, secrets->cid_key,
		QS_CONFIG_ASSIGNED | QS_CONFIG_SELF_LENGTH);

	if (!error && bpf_map_update_elem(maps->fd[QS_MAP_CID_CONFIGS], &id,
					  &value, BPF_ANY) < 0)
		error = -errno;
	explicit_bzero(&value, sizeof(value));
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
}

int configure_maps(struct qs_maps *maps, const struct qs_state_secrets *secrets,
		   const struct options *options, const struct ports *ports,
		   __u32 ifindex)
{
	int error;

	write_settings(maps, secrets, ifindex, options->config);
	configure_flags(maps, options);
	error = write_config(maps, secrets);
	if (!error)
		error = vips_write(maps, options->vips, options->vip_count,
				   ports);
	if (error)
		log_error("cannot write the maps under %s: %s",
			  options->pin_dir, strerror(-error));
	return error ? -1 : 0;
}

int configure_deployment(const struct qs_maps *maps,
			 const struct qs_state_secrets *secrets,
			 struct control_deployment *ret_deployment)
{
	*ret_deployment = (struct control_deployment){
		.secrets = secrets->shared,
		.config_id = CONFIG_ID,
	};
	for (int id = 0; id < QS_CID_CONFIGS; id++) {
		struct qs_control_cid_config *told =
			&ret_deployment->configs[id];
		struct qs_cid_config config;
		int error = qs_maps_config(maps, id, &config);

		if (error) {
			log_error("cannot read CID configuration %d: %s", id,
				  strerror(-error));
			return -1;
		}
		told->encoding = config.encoding;
		told->server_id_length = config.server_id_length;
		told->nonce_length = config.nonce_length;
		told->flags = config.flags;
		memcpy(told->key, config.key, sizeof(told->key));
	}
	return 0;
}
