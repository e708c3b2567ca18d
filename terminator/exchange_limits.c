/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/exchange_limits.h"

#include "terminator/limits.h"
#include "terminator/upstream.h"

int exchange_limits_check(const struct exchange *exchange,
			  const struct exchange_request *request)
{
	struct limits *limits = exchange->shared->limits;

	if (!limits)
		return -1;
	switch (limits_request(limits, request, &exchange->message)) {
	case LIMITS_PASS:
		return -1;
	case LIMITS_HEADER:
		return EXCHANGE_FAILURE_HEAD_TOO_LARGE;
	case LIMITS_URI:
		return EXCHANGE_FAILURE_URI_TOO_LONG;
	case LIMITS_BODY:
		return EXCHANGE_FAILURE_BODY_TOO_LARGE;
	case LIMITS_REQUESTS:
		return EXCHANGE_FAILURE_TOO_MANY;
	}
	return -1;
}

bool exchange_limits_body(const struct exchange *exchange)
{
	struct limits *limits = exchange->shared->limits;

	return !limits || limits_body(limits, exchange->request_received);
}

bool exchange_sender_is_slow(struct exchange *exchange)
{
	if (exchange->request_body.held)
		return false;
	/* A conversation: the client may wait for what the backend says. */
	if (exchange->head_told && !exchange->response_ended)
		return false;
	if (!exchange->request_dropped)
		exchange_failed(exchange, EXCHANGE_FAILURE_SLOW);
	return true;
}

bool exchange_request_unwanted(const struct exchange *exchange)
{
	return exchange->request_dropped || !exchange->handler;
}
