/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/live.h"
#include "loader/admission.h"
#include "loader/client.h"
#include "loader/configure.h"
#include "loader/listeners.h"
#include "loader/own_certificate.h"
#include "loader/port.h"
#include "loader/rotation.h"
#include "loader/ticket_secrets.h"
#include "loader/vips.h"
#include "loader/lib/log.h"

#include <stdio.h>
#include <string.h>

static int check_ports(const struct live *live, char *text, size_t size)
{
	const struct options *next = &live->next_options;
	const struct ports *ports = &live->control->registry->ports;

	for (size_t i = 0; i < next->vip_count; i++) {
		__u16 port = next->vips[i].port;

		if (ports_index(ports, port) < 0 &&
		    port_check(port, text, size))
			return -1;
	}
	return 0;
}

/* No rotation takes the IDs that are to be listed, from now on. */
static int check_listed(struct live *live, char *text, size_t size)
{
	struct qs_state_secrets *secrets = live->control->rotation->secrets;

	if (listed_make(&live->next_listed, &live->next_options, secrets, text,
			size))
		return -1;
	secrets->listed |= listed_ids(&live->next_listed);
	return 0;
}

int live_check(struct live *live, char *text, size_t size)
{
	const char *path = live->given->config;
	struct qs_config_error error;

	live_discard(live);
	if (!path) {
		snprintf(text, size,
			 "the loader was started without --config: there is "
			 "no file to read again");
		return -1;
	}
	live->next = qs_config_load(path, &error);
	if (!live->next) {
		qs_config_format_error(text, size, path, &error);
		return -1;
	}
	if (options_merge(live->given, live->next, &live->next_options, text,
			  size) ||
	    check_ports(live, text, size) || check_listed(live, text, size) ||
	    listeners_check(live->control->listeners, &live->next_options, text,
			    size) ||
	    own_certificate_need(live->control->own, live->next, text, size)) {
		live_discard(live);
		return -1;
	}
	own_certificate_send_all(live->control->own, live->control);
	return 0;
}

/* Gives every terminator sockets on new ports before VIPs send packets there.
 */
static void change_ports(struct live *live)
{
	struct registry *registry = live->control->registry;
	unsigned int changed;

	registry_change_ports(registry, live->next_options.vips,
			      live->next_options.vip_count, &changed);
	for (struct client *client = live->control->clients; client && changed;
	     client = client->next) {
		struct port_sockets sockets;
		int error;

		if (client->slot == CLIENT_NO_SLOT)
			continue;
		error = registry_add_sockets(registry, client->slot, changed,
					     &sockets);
		if (!error)
			error = client_send_sockets(client, &sockets, changed);
		if (error)
			log_error("terminator %s (pid %d) gets no packets of "
				  "the new ports: %s",
				  client_name(client), client->peer.pid,
				  strerror(-error));
		port_sockets_close(&sockets);
	}
}

static int apply_vips(struct live *live, char *text, size_t size)
{
	const struct options *next = &live->next_options;
	int error;

	change_ports(live);
	error = vips_write(live->maps, next->vips, next->vip_count,
			   &live->control->registry->ports);
	if (!error)
		return 0;
	snprintf(text, size, "cannot write the VIPs: %s", strerror(-error));
	return -1;
}

static int apply_admission(struct live *live, char *text, size_t size)
{
	int error =
		admission_write(live->maps, live->next_options.new_connections);

	if (!error)
		return 0;
	snprintf(text, size, "cannot write loader.new_connections: %s",
		 strerror(-error));
	return -1;
}

static int apply_listed(struct live *live, char *text, size_t size)
{
	int error = registry_list(live->control->registry, &live->next_listed);

	if (!error)
		return 0;
	snprintf(text, size, "cannot write loader.cid_configs: %s",
		 strerror(-error));
	return -1;
}

int live_apply(struct live *live, char *text, size_t size)
{
	struct qs_settings *settings = live->maps->settings;
	size_t length;

	*text = '\0';
	if (apply_vips(live, text, size) || apply_admission(live, text, size) ||
	    apply_listed(live, text, size))
		return -1;
	listeners_change(live->control->listeners, &live->next_options);
	configure_flags(live->maps, &live->next_options);
	rotation_configure(live->control->rotation, &live->next_options);
	ticket_secrets_configure(live->tickets, &live->next_options);
	if (!qs_config_self_signed(live->next))
		own_certificate_close(live->control->own);
	metrics_config_file(live->metrics, live->next,
			    live->control->own->path);
	qs_log_set_level(live->next_options.log_level);
	qs_log_set_format(live->next_options.log_format);
	length = strlen(text);
	qs_config_restarts(live->config, live->next, text + length,
			   size - length);
	__atomic_store_n(&settings->config_generation,
			 settings->config_generation + 1, __ATOMIC_RELEASE);
	live_discard(live);
	return 0;
}

void live_discard(struct live *live)
{
	qs_config_free(live->next);
	live->next = NULL;
	listed_free(&live->next_listed);
	if (live->control && live->control->registry)
		live->control->rotation->secrets->listed =
			listed_ids(&live->control->registry->listed);
}
