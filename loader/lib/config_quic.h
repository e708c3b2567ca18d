/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Section terminator.quic of the configuration.
 */
#ifndef QS_LOADER_LIB_CONFIG_QUIC_H
#define QS_LOADER_LIB_CONFIG_QUIC_H

#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum qs_config_congestion {
	QS_CONGESTION_CUBIC,
	QS_CONGESTION_BBR,
	QS_CONGESTION_RENO,
};

/* Options of QUIC and of TLS sessions. */
struct qs_config_quic {
	bool early_data;
	uint32_t ticket_rotation_ms; /* also how long a ticket lives */
	enum qs_config_congestion congestion_control;
	bool prefer_v2;
	char *qlog_directory;			/* NULL: no qlog */
	char *keylog_file;			/* NULL: none */
	struct qs_vip_key preferred_address[2]; /* one of a family */
	size_t preferred_address_count;
};

#endif
