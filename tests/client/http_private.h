/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of a client's HTTP/3 session share: http.c (between the
 * connection and nghttp3) and http_callbacks.c (between nghttp3 and the
 * requests).
 */
#ifndef TESTS_CLIENT_HTTP_PRIVATE_H
#define TESTS_CLIENT_HTTP_PRIVATE_H

#include "tests/client/http.h"

/* http_callbacks returns the one table of nghttp3's callbacks. */
const nghttp3_callbacks *http_callbacks(void);

/* http_read_body gives nghttp3 octets of a request body. */
nghttp3_ssize http_read_body(nghttp3_conn *h3, int64_t stream,
			     nghttp3_vec *vectors, size_t count,
			     uint32_t *flags, void *user, void *stream_user);

/* http_field makes a field of two strings, which must outlive it. */
nghttp3_nv http_field(const char *name, const char *value);

/* http_note_goaway takes in GOAWAY: streams from `id` on are refused. */
void http_note_goaway(struct http_session *session, int64_t id);

/* http_extend lets the server send `size` octets more. */
void http_extend(struct http_session *session, int64_t stream, uint64_t size);

/* http_give_credit gives back as much of what is owed as the pace allows. */
void http_give_credit(struct http_session *session, struct request *request);

#endif
