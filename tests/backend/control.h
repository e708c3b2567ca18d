/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control server's paths:
 *
 *   GET /control              mode, requests since it was set and open
 *                             connections of the controlled server, as JSON
 *   PUT /control?mode=MODE    sets the mode first (mode.h)
 *   DELETE /received          begins to record what the controlled server gets
 *   GET /received             the octets since then, as they came
 */
#ifndef TESTS_BACKEND_CONTROL_H
#define TESTS_BACKEND_CONTROL_H

#include "tests/backend/server.h"

/* control_answer finds what answers the connection's request; never NULL. */
const struct answer *control_answer(struct connection *connection);

#endif
