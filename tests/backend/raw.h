/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers that the request itself spells out, so that a test can have any
 * octets whatever for a response:
 *
 *   /raw/keep?HEX          the octets; the connection stays for more requests
 *   /raw/close?HEX         the octets, then the end of the connection
 *   /raw/reset?HEX         the octets, then a RST
 *   /raw/early?HEX         the octets at once, the request's body is not waited
 *                          for
 *   /raw/drip?HEX          one octet each millisecond, then the end
 *   /raw/late?HEX,HEX      the first octets, the second ones 20 ms later; the
 *                          connection stays
 *   /raw/endless?HEX,HEX   the first octets, then the second ones for ever
 */
#ifndef TESTS_BACKEND_RAW_H
#define TESTS_BACKEND_RAW_H

#include "tests/backend/server.h"

/* raw_answer finds what answers the connection's target, or returns NULL if it
 * is none of the above. */
const struct answer *raw_answer(struct connection *connection);

#endif
