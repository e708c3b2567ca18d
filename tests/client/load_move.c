/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections that move: to another port or address in mid-transfer. */
#include "tests/client/load.h"

static void rebind(struct load *load, struct entry *entry)
{
	struct udp_endpoint *endpoint;

	if (!load->options->share_socket) {
		endpoint = udp_open(&load->loop, NULL, &load->options->target,
				    load_receive, load);
	} else {
		struct entry *neighbour = entry - 1;

		if (entry->number % 2 == 0 || neighbour->state != ENTRY_RUNNING)
			return;
		endpoint = udp_hold(
			neighbour->session.connection.paths[0].endpoint);
	}
	if (!endpoint)
		return;
	entry->rebound = true;
	entry->ports[1] = udp_port(&endpoint->local);
	connection_rebind(&entry->session.connection, endpoint);
}

static void migrate(struct load *load, struct entry *entry)
{
	const struct load_options *options = load->options;
	struct udp_endpoint *endpoint =
		udp_open(&load->loop,
			 options->has_migrate_to ? &options->migrate_to : NULL,
			 &options->target, load_receive, load);

	if (!endpoint)
		return;
	entry->migrated = true;
	if (connection_migrate(&entry->session.connection, endpoint) < 0)
		connection_fail(&entry->session.connection,
				"cannot migrate: no CID left, or refused");
	connection_write(&entry->session.connection);
}

void entry_move(struct entry *entry)
{
	struct load *load = entry->load;
	const struct load_options *options = load->options;
	unsigned int percent = http_percent(&entry->session);

	if (options->rebind_percent && !entry->rebound &&
	    percent >= options->rebind_percent)
		rebind(load, entry);
	if (options->migrate_percent && !entry->migrated && entry->confirmed &&
	    percent >= options->migrate_percent)
		migrate(load, entry);
}
