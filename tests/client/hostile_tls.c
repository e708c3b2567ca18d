/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/hostile.h"

#include <stdio.h>
#include <string.h>

struct attack {
	const char *name;
	ngtcp2_encryption_level level;
	const uint8_t *message;
	size_t size;
	struct connection connection;
	bool sent;
};

static const uint8_t key_update[] = {24, 0, 0, 1, 0};
static const uint8_t end_of_early_data[] = {5, 0, 0, 0};

static int inject(struct attack *attack)
{
	attack->sent = true;
	return ngtcp2_conn_submit_crypto_data(attack->connection.quic,
					      attack->level, attack->message,
					      attack->size) == 0
		       ? 0
		       : -1;
}

/* Ahead of the client's Finished. */
static int on_sending_key(void *user, ngtcp2_encryption_level level)
{
	struct attack *attack = user;

	if (!attack->message || level != NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE ||
	    attack->level != level)
		return 0;
	return inject(attack);
}

static int on_confirmed(void *user)
{
	struct attack *attack = user;

	if (attack->level != NGTCP2_ENCRYPTION_LEVEL_1RTT)
		return 0;
	return inject(attack);
}

static void on_closed(uv_handle_t *handle)
{
	(void)handle;
}

static void on_ended(void *user, const char *failed)
{
	struct attack *attack = user;

	(void)failed;
	connection_free(&attack->connection, on_closed);
}

static void on_datagram(struct udp_endpoint *endpoint,
			const struct udp_address *sender, const uint8_t *data,
			size_t size)
{
	struct attack *attack = endpoint->user;

	(void)sender;
	if (size > 0 && !attack->connection.over)
		connection_receive(&attack->connection, endpoint, data, size);
}

/* Runs a connection to its end. Returns false if it could not begin. */
static bool run(struct hostile *hostile, struct attack *attack)
{
	static const struct connection_app app = {
		.sending_key = on_sending_key,
		.confirmed = on_confirmed,
		.ended = on_ended,
	};
	struct udp_endpoint *endpoint =
		udp_open(&hostile->loop, NULL, &hostile->connection.remote,
			 on_datagram, attack);

	if (!endpoint ||
	    connection_start(&attack->connection, 0, &hostile->connection,
			     endpoint, &app, attack) < 0) {
		hostile_verdict(hostile, attack->name, false,
				"cannot open a connection");
		return false;
	}
	/* Behind the ClientHello, which the start has sent. */
	if (attack->message &&
	    attack->level == NGTCP2_ENCRYPTION_LEVEL_INITIAL) {
		inject(attack);
		connection_write(&attack->connection);
	}
	uv_run(&hostile->loop, UV_RUN_DEFAULT);
	return true;
}

static void run_message(struct hostile *hostile, struct attack *attack)
{
	const char *seen = attack->connection.failed;

	if (!run(hostile, attack))
		return;
	hostile_verdict(
		hostile, attack->name,
		attack->sent &&
			strcmp(seen, "closed by peer: transport 0x10a") == 0,
		attack->sent ? seen : "the message was never sent");
}

/* Must be refused with no_application_protocol (RFC 9001, 8.1). */
static void run_alpn(struct hostile *hostile)
{
	struct attack attack = {.name = "ALPN other than h3",
				.level = NGTCP2_ENCRYPTION_LEVEL_INITIAL};

	hostile->connection.alpn = "hq-interop";
	if (run(hostile, &attack))
		hostile_verdict(hostile, attack.name,
				strcmp(attack.connection.failed,
				       "closed by peer: transport 0x178") == 0,
				attack.connection.failed);
	hostile->connection.alpn = NULL;
}

void hostile_tls(struct hostile *hostile)
{
	static const struct {
		const char *name;
		ngtcp2_encryption_level level;
	} levels[] = {
		{"Initial", NGTCP2_ENCRYPTION_LEVEL_INITIAL},
		{"Handshake", NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE},
		{"1-RTT", NGTCP2_ENCRYPTION_LEVEL_1RTT},
	};
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct attack update = {.name = name,
					.level = levels[i].level,
					.message = key_update,
					.size = sizeof(key_update)};
		struct attack end = {.name = name,
				     .level = levels[i].level,
				     .message = end_of_early_data,
				     .size = sizeof(end_of_early_data)};

		snprintf(name, sizeof(name), "TLS KeyUpdate at level %s",
			 levels[i].name);
		run_message(hostile, &update);
		snprintf(name, sizeof(name), "TLS EndOfEarlyData at level %s",
			 levels[i].name);
		run_message(hostile, &end);
	}
	run_alpn(hostile);
}
