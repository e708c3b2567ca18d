/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nghttp3 does the framing and QPACK; what a well-formed message is, message.c
 * alone says, for all fronts.
 *
 * nghttp3 has an opinion of its own and no option to turn it off. It drops
 * fields that it calls invalid (an empty name, one that is no token, a value
 * with a control octet or blanks around it, a Host of other octets than an
 * authority has, Content-Length in trailers) and goes on with the rest: then
 * the backend gets another request than the client made. What it does refuse it
 * reports as the error of whichever stream was being read, which for a section
 * that waited for the QPACK encoder is not the request's.
 *
 * So the linker puts these functions in the place of its own (--wrap, see
 * rules.mk). They are internal to nghttp3 1.8.0, whose archive deploy/deps
 * pins; tests/e2e/smuggling.py fails if they are not in force.
 */
#include "terminator/h3_messages.h"

/* Reads the Priority field (RFC 9218), too; so it is called all the same, and
 * every field goes on to our callback. */
int __wrap_nghttp3_http_on_header(void *http, void *field, int request,
				  int trailers, int connect_protocol)
{
	__real_nghttp3_http_on_header(http, field, request, trailers,
				      connect_protocol);
	return 0;
}

int __wrap_nghttp3_http_on_request_headers(void *http)
{
	(void)http;
	return 0;
}

int __wrap_nghttp3_http_on_data_chunk(void *stream, size_t size)
{
	(void)stream;
	(void)size;
	return 0;
}

int __wrap_nghttp3_http_on_remote_end_stream(void *stream)
{
	(void)stream;
	return 0;
}
