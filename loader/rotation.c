/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/rotation.h"
#include "loader/cid_configs.h"
#include "loader/message.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "quicsteer/cid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
	STEP_MS = 250,
	/* Packets of connections that have just ended may be under way, and
	 * those of a terminator that died are owed a reset. */
	GRACE_MS = 5000,
};

static __u64 now_s(void)
{
	return clock_ns(CLOCK_REALTIME) / NS_PER_SECOND;
}

/* What terminators are told */

static void tell(struct rotation *rotation, struct client *client)
{
	struct qs_configs message = {
		.header = message_header(QS_MESSAGE_CONFIGS),
		.generation = rotation->generation,
		.config_id = rotation->deployment->config_id,
		.leave = rotation->leave,
	};
	int error;

	memcpy(message.configs, rotation->deployment->configs,
	       sizeof(message.configs));
	error = message_send(client->fd, &message, sizeof(message), NULL, 0);
	explicit_bzero(&message, sizeof(message));
	/* Else it is tried again, or the connection's end is read soon. */
	if (!error)
		client->configs_told = rotation->generation;
}

static void tell_all(struct rotation *rotation)
{
	configure_deployment(rotation->secrets, rotation->going,
			     rotation->deployment);
	rotation->generation++;
	for (struct client *client = rotation->control->clients; client;
	     client = client->next) {
		if (client->slot != CLIENT_NO_SLOT)
			tell(rotation, client);
	}
}

static void tell_again(struct rotation *rotation)
{
	for (struct client *client = rotation->control->clients; client;
	     client = client->next) {
		if (client->slot != CLIENT_NO_SLOT &&
		    client->configs_told != rotation->generation)
			tell(rotation, client);
	}
}

/* Terminators that have put this generation or a later one in force. */
static int count_taken(const struct rotation *rotation, __u32 generation)
{
	int count = 0;

	for (const struct client *client = rotation->control->clients; client;
	     client = client->next)
		count += client->slot != CLIENT_NO_SLOT &&
			 client->configs_taken >= generation;
	return count;
}

/* All that run, also those that are yet to come back to a new loader. */
static bool all_have_taken(const struct rotation *rotation, __u32 generation)
{
	return count_taken(rotation, generation) ==
	       registry_count(rotation->maps);
}

/* The operator's RESULT */

static void answer(struct rotation *rotation, struct qs_result *result)
{
	int error;

	result->header = message_header(QS_MESSAGE_RESULT);
	error = message_send(rotation->operator->fd, result, sizeof(*result),
			     NULL, 0);
	if (error)
		log_warn("cannot tell pid %d how the rotation ended: %s",
			 rotation->operator->peer.pid, strerror(-error));
	rotation->operator= NULL;
}

/* Adds a line; cut off if there is no room. */
static void add_line(struct qs_result *result, const char *name, __u32 pid,
		     const char *what)
{
	size_t size = sizeof(result->text), used = strnlen(result->text, size);

	snprintf(result->text + used, size - used,
		 "%sterminator %s (pid %u) %s: it goes on issuing an earlier "
		 "configuration, which stays as long",
		 used ? "\n" : "", name, pid, what);
}

static void add_late(const struct rotation *rotation, struct qs_result *result)
{
	const struct registry *registry = rotation->control->registry;
	char silent[64];

	snprintf(silent, sizeof(silent), "has not answered within %d s",
		 ROTATION_TIMEOUT_MS / 1000);
	for (const struct client *client = rotation->control->clients; client;
	     client = client->next) {
		if (client->slot != CLIENT_NO_SLOT &&
		    client->configs_taken != rotation->generation)
			add_line(result, client_name(client), client->peer.pid,
				 silent);
	}
	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		const struct qs_terminator *one =
			&rotation->maps->terminators[slot];

		if (registry_is_running(one) && !registry->connected[slot])
			add_line(result, one->name, one->pid,
				 "has not come back to the loader");
	}
}

static void answer_if_done(struct rotation *rotation)
{
	__u32 generation = rotation->generation;
	struct qs_result result = {.count = count_taken(rotation, generation)};
	bool late = uv_now(rotation->timer.loop) >= rotation->operator_end_ms;

	if (!rotation->operator||(!late &&
				  !all_have_taken(rotation, generation)))
		return;
	add_late(rotation, &result);
	answer(rotation, &result);
}

/* One comes */

static void take_in_use(struct rotation *rotation, int id, int old)
{
	const struct qs_control_cid_config *config =
		&rotation->secrets->configs[id].config;

	configure_cid_lives(rotation->maps, rotation->secrets);
	log_info("CID configuration %d is current: %s, server ID of %u octets, "
		 "nonce of %u",
		 id,
		 config->encoding == QS_ENCODING_PLAINTEXT ? "plaintext"
							   : "encrypted",
		 config->server_id_length, config->nonce_length);
	if (config->encoding == QS_ENCODING_PLAINTEXT)
		log_warn("CID configuration %d shows the server IDs to "
			 "everybody",
			 id);
	rotation->was_full = false;
	tell_all(rotation);
	rotation->replaced[old] = rotation->generation;
	rotation->used_ms[old] = uv_now(rotation->timer.loop);
}

/* In the file first, then in the map. Returns the ID, or -1 with `text`. */
static int add(struct rotation *rotation, const struct qs_rotate *wish,
	       char *text, size_t size)
{
	struct qs_state_secrets old = *rotation->secrets, new = old;
	int id = -1, error = 0;
	__u8 key[16];

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		snprintf(text, size, "no random numbers are to be had");
	else
		id = cid_configs_rotate(&new, wish, key, now_s(), text, size);
	if (id >= 0) {
		error = qs_secrets_replace(rotation->path, &new);
		if (!error)
			error = configure_cid(rotation->maps, &new, id);
		/* The file may know more than the map, never less. */
		if (error)
			snprintf(text, size,
				 "cannot write %.255s or the map: %s",
				 rotation->path, strerror(-error));
		else
			*rotation->secrets = new;
	}
	if (error) {
		qs_secrets_replace(rotation->path, &old);
		id = -1;
	}
	explicit_bzero(key, sizeof(key));
	explicit_bzero(&old, sizeof(old));
	explicit_bzero(&new, sizeof(new));
	return id;
}

void rotation_begin(struct rotation *rotation, struct client *operator,
		    const struct qs_rotate * wish)
{
	struct qs_result result = {};
	int old = rotation->secrets->current, id;

	if (rotation->operator) {
		struct qs_result busy = {
			.header = message_header(QS_MESSAGE_RESULT),
			.failed = 1,
			.text = "another rotation is in progress",
		};

		message_send(operator->fd, &busy, sizeof(busy), NULL, 0);
		return;
	}
	rotation->operator= operator;
	id = add(rotation, wish, result.text, sizeof(result.text));
	if (id < 0) {
		log_warn("CIDs are not rotated: %s", result.text);
		result.failed = 1;
		answer(rotation, &result);
		return;
	}
	rotation->operator_end_ms =
		uv_now(rotation->timer.loop) + ROTATION_TIMEOUT_MS;
	take_in_use(rotation, id, old);
	answer_if_done(rotation);
}

static void rotate_by_age(struct rotation *rotation)
{
	const struct qs_state_config *current =
		&rotation->secrets->configs[rotation->secrets->current];
	const struct qs_rotate same = {.encoding = QS_ROTATE_SAME};
	char text[512];
	int old = rotation->secrets->current, id;

	if (!rotation->period_s ||
	    now_s() < current->created_s + rotation->period_s)
		return;
	id = add(rotation, &same, text, sizeof(text));
	if (id >= 0) {
		take_in_use(rotation, id, old);
	} else if (!rotation->was_full) {
		log_warn("CIDs are due to be rotated and are not yet: %s",
			 text);
		rotation->was_full = true;
	}
}

/* One goes */

static bool is_used(const struct rotation *rotation, int id)
{
	const struct qs_maps *maps = rotation->maps;

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		if (registry_is_running(&maps->terminators[slot]) &&
		    maps->stats[slot].connections_by_config[id])
			return true;
	}
	return false;
}

static void begin_to_go(struct rotation *rotation)
{
	uint64_t now = uv_now(rotation->timer.loop);
	__u8 going = rotation->going;

	for (int id = 0; id < QS_CONFIG_ID_NONE; id++) {
		if (!cid_configs_retires(rotation->secrets, id))
			continue;
		if (!all_have_taken(rotation, rotation->replaced[id]) ||
		    is_used(rotation, id))
			rotation->used_ms[id] = now;
		else if (now - rotation->used_ms[id] >= GRACE_MS)
			going |= 1 << id;
	}
	if (going == rotation->going)
		return;
	rotation->going = going;
	tell_all(rotation);
	rotation->going_since = rotation->generation;
}

static void remove_one(struct rotation *rotation, int id)
{
	struct qs_state_secrets new = *rotation->secrets;
	int error;

	cid_configs_remove(&new, id);
	error = configure_cid(rotation->maps, &new, id);
	if (!error)
		error = qs_secrets_replace(rotation->path, &new);
	if (error) {
		log_error("CID configuration %d cannot be removed: %s", id,
			  strerror(-error));
	} else {
		*rotation->secrets = new;
		log_info("CID configuration %d is removed: no connection uses "
			 "it",
			 id);
	}
	/* It is tried again after a while if it has failed. */
	rotation->going &= ~(1 << id);
	rotation->used_ms[id] = uv_now(rotation->timer.loop);
	explicit_bzero(&new, sizeof(new));
}

static void finish_to_go(struct rotation *rotation)
{
	__u8 going = rotation->going;

	if (!going || !all_have_taken(rotation, rotation->going_since))
		return;
	for (int id = 0; id < QS_CONFIG_ID_NONE; id++) {
		if (going >> id & 1)
			remove_one(rotation, id);
	}
	configure_cid_lives(rotation->maps, rotation->secrets);
}

static void have_old_ones_leave(struct rotation *rotation)
{
	__u8 leave = cid_configs_leave(rotation->secrets, now_s(),
				       rotation->max_age_s);

	if (leave == rotation->leave)
		return;
	if (leave & ~rotation->leave)
		log_info("CID configurations are over their maximum age: their "
			 "connections are told to leave");
	rotation->leave = leave;
	tell_all(rotation);
}

static void on_step(uv_timer_t *timer)
{
	struct rotation *rotation = timer->data;

	tell_again(rotation);
	rotate_by_age(rotation);
	have_old_ones_leave(rotation);
	begin_to_go(rotation);
	finish_to_go(rotation);
	answer_if_done(rotation);
}

/* What happens meanwhile */

void rotation_taken(struct rotation *rotation, struct client *client,
		    const struct qs_configs_taken *taken)
{
	if (taken->generation > rotation->generation)
		return; /* nobody told it that */
	if (!taken->failed) {
		client->configs_taken = taken->generation;
		answer_if_done(rotation);
		return;
	}
	log_error("terminator %s (pid %d) refuses the CID configurations, its "
		  "log says why",
		  client_name(client), client->peer.pid);
	if (!rotation->going || taken->generation < rotation->going_since)
		return;
	/* One of them is in use after all. */
	rotation->going = 0;
	for (int id = 0; id < QS_CID_CONFIGS; id++)
		rotation->used_ms[id] = uv_now(rotation->timer.loop);
	tell_all(rotation);
}

void rotation_joined(struct rotation *rotation, struct client *client,
		     bool resumed)
{
	if (resumed || rotation->leave) {
		tell(rotation, client);
		return;
	}
	client->configs_told = rotation->generation;
	client->configs_taken = rotation->generation;
}

void rotation_left(struct rotation *rotation, struct client *client)
{
	if (rotation->operator== client)
		rotation->operator= NULL;
	answer_if_done(rotation);
}

void rotation_configure(struct rotation *rotation,
			const struct options *options)
{
	/* Rounded up: 0 is no short time, but none at all. */
	rotation->max_age_s = (options->cid_max_age_ms + 999ULL) / 1000;
	rotation->period_s = (options->cid_rotation_ms + 999ULL) / 1000;
}

void rotation_start(struct rotation *rotation, uv_loop_t *loop,
		    struct control *control, struct qs_maps *maps,
		    struct qs_state_secrets *secrets,
		    struct control_deployment *deployment, const char *path)
{
	*rotation = (struct rotation){
		.control = control,
		.maps = maps,
		.secrets = secrets,
		.deployment = deployment,
		.generation = 1,
		.started = true,
	};
	strncpy(rotation->path, path, sizeof(rotation->path) - 1);
	for (int id = 0; id < QS_CID_CONFIGS; id++) {
		rotation->used_ms[id] = uv_now(loop);
		rotation->replaced[id] = rotation->generation;
	}
	uv_timer_init(loop, &rotation->timer);
	rotation->timer.data = rotation;
	uv_timer_start(&rotation->timer, on_step, STEP_MS, STEP_MS);
}

void rotation_close(struct rotation *rotation)
{
	if (!rotation->started)
		return;
	rotation->started = false;
	uv_close((uv_handle_t *)&rotation->timer, NULL);
}
