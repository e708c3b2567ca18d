/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the linker puts in the place of nghttp3's own functions of these names:
 * see h3_messages.c. Nobody else calls them.
 */
#ifndef TERMINATOR_H3_MESSAGES_H
#define TERMINATOR_H3_MESSAGES_H

#include <stddef.h>

int __real_nghttp3_http_on_header(void *http, void *field, int request,
				  int trailers, int connect_protocol);

int __wrap_nghttp3_http_on_header(void *http, void *field, int request,
				  int trailers, int connect_protocol);
int __wrap_nghttp3_http_on_request_headers(void *http);
int __wrap_nghttp3_http_on_data_chunk(void *stream, size_t size);
int __wrap_nghttp3_http_on_remote_end_stream(void *stream);

#endif
