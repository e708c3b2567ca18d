/* SPDX-License-Identifier: GPL-2.0-only */
/* An HTTP/3 response out of a stream's octets. */
#include <inttypes.h>
#include <nghttp3/nghttp3.h>
#include <stdlib.h>
#include <string.h>

#include "tests/client/raw.h"

enum {
	FRAME_DATA = 0,
	FRAME_HEADERS = 1,
	BODY_SHOWN = 1024 * 1024,
};

struct response {
	json_t *interim, *fields, *trailers;
	int status; /* 0: none yet */
	char *body;
	size_t body_size;
	const char *wrong; /* NULL, or what is */
};

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	size_t size;

	if (*at == end)
		return false;
	size = (size_t)1 << (**at >> 6);
	if ((size_t)(end - *at) < size)
		return false;
	*ret = **at & 0x3f;
	for (size_t i = 1; i < size; i++)
		*ret = *ret << 8 | (*at)[i];
	*at += size;
	return true;
}

static json_t *text_of(nghttp3_rcbuf *buffer)
{
	nghttp3_vec vec = nghttp3_rcbuf_get_buf(buffer);

	return json_stringn_nocheck((const char *)vec.base, vec.len);
}

/* Decodes a section into [[name, value], ...]. NULL if it is no good. */
static json_t *decode(const struct raw_stream *stream, const uint8_t *data,
		      size_t size)
{
	const nghttp3_mem *memory = nghttp3_mem_default();
	nghttp3_qpack_stream_context *context;
	nghttp3_qpack_decoder *decoder;
	json_t *fields = json_array();
	uint8_t flags = 0;

	if (nghttp3_qpack_decoder_new(&decoder, 0, 0, memory) ||
	    nghttp3_qpack_stream_context_new(&context, stream->id, memory))
		abort();
	while (!(flags & NGHTTP3_QPACK_DECODE_FLAG_FINAL)) {
		nghttp3_qpack_nv nv;
		nghttp3_ssize taken = nghttp3_qpack_decoder_read_request(
			decoder, context, &nv, &flags, data, size, 1);

		if (taken < 0 || flags & NGHTTP3_QPACK_DECODE_FLAG_BLOCKED) {
			json_decref(fields);
			fields = NULL;
			break;
		}
		data += taken;
		size -= (size_t)taken;
		if (!(flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT))
			continue;
		json_array_append_new(fields,
				      json_pack("[o, o]", text_of(nv.name),
						text_of(nv.value)));
		nghttp3_rcbuf_decref(nv.name);
		nghttp3_rcbuf_decref(nv.value);
	}
	nghttp3_qpack_stream_context_del(context);
	nghttp3_qpack_decoder_del(decoder);
	return fields;
}

static void add_section(struct response *response, json_t *section)
{
	const char *name = json_string_value(
		json_array_get(json_array_get(section, 0), 0));
	const char *value = json_string_value(
		json_array_get(json_array_get(section, 0), 1));
	int status;

	if (!name || strcmp(name, ":status") != 0) {
		if (!response->status)
			response->wrong = "a section without :status";
		json_decref(response->trailers);
		response->trailers = section;
		return;
	}
	status = atoi(value);
	json_array_remove(section, 0);
	if (status >= 200) {
		response->status = status;
		json_decref(response->fields);
		response->fields = section;
		return;
	}
	json_array_append_new(
		response->interim,
		json_pack("{s:i, s:o}", "status", status, "fields", section));
}

static void add_frame(struct response *response,
		      const struct raw_stream *stream, uint64_t type,
		      const uint8_t *data, size_t size)
{
	json_t *section;

	if (type == FRAME_DATA) {
		memcpy(response->body + response->body_size, data, size);
		response->body_size += size;
	}
	if (type != FRAME_HEADERS)
		return;
	section = decode(stream, data, size);
	if (section)
		add_section(response, section);
	else
		response->wrong = "a section that cannot be decoded";
}

static void read_frames(struct response *response,
			const struct raw_stream *stream)
{
	const uint8_t *at = stream->received;
	const uint8_t *end = at + stream->received_size;
	uint64_t type, size;

	while (at != end) {
		if (!read_varint(&at, end, &type) ||
		    !read_varint(&at, end, &size)) {
			response->wrong = "ends within a frame";
			return;
		}
		if (size > (uint64_t)(end - at)) {
			response->wrong = "ends within a frame";
			size = (uint64_t)(end - at);
			if (type != FRAME_DATA)
				return;
		}
		add_frame(response, stream, type, at, (size_t)size);
		at += size;
	}
}

json_t *raw_print(const struct raw_stream *stream)
{
	struct response response = {.interim = json_array(),
				    .fields = json_array(),
				    .trailers = json_array()};
	json_t *text, *printed;

	response.body = malloc(stream->received_size + 1);
	if (!response.body)
		abort();
	if (stream->received_size)
		read_frames(&response, stream);
	text = json_stringn(response.body, response.body_size < BODY_SHOWN
						   ? response.body_size
						   : BODY_SHOWN);
	printed = json_pack("{s:i, s:o, s:o, s:o, s:I, s:o, s:b, s:b, s:s?}",
			    "status", response.status, "interim",
			    response.interim, "fields", response.fields,
			    "trailers", response.trailers, "size",
			    (json_int_t)response.body_size, "body",
			    text ? text : json_null(), "ended", stream->ended,
			    "closed", stream->closed, "wrong", response.wrong);
	json_object_set_new(printed, "code",
			    stream->with_code
				    ? json_integer((json_int_t)stream->code)
				    : json_null());
	free(response.body);
	return printed;
}
