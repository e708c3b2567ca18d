/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h3_control.h"

#include <nghttp3/nghttp3.h>

enum part { STREAM_TYPE, FRAME_TYPE, FRAME_LENGTH, FRAME_NUMBER, FRAME_REST };

enum {
	CANCEL_PUSH = 3,
	SETTINGS = 4,
	GOAWAY = 7,
	MAX_PUSH_ID = 13,
};

/* Returns whether a varint ends with this octet. */
static bool ends_number(struct h3_control *control, uint8_t octet)
{
	if (!control->within) {
		control->within = true;
		control->more = (1U << (octet >> 6)) - 1;
		control->number = octet & 0x3f;
	} else {
		control->more--;
		control->number = control->number << 8 | octet;
	}
	if (control->more)
		return false;
	control->within = false;
	return true;
}

static bool is_one_number(uint64_t type)
{
	return type == CANCEL_PUSH || type == GOAWAY || type == MAX_PUSH_ID;
}

static void begin_frame(struct h3_control *control)
{
	control->type = control->number;
	control->part = FRAME_LENGTH;
	if (!control->settled)
		control->foreign = control->type != SETTINGS;
	control->settled = true;
}

static int begin_payload(struct h3_control *control)
{
	control->left = control->number;
	control->part = FRAME_TYPE;
	if (is_one_number(control->type)) {
		control->part = FRAME_NUMBER;
		return control->left ? 0 : NGHTTP3_ERR_H3_FRAME_ERROR;
	}
	if (control->left)
		control->part = FRAME_REST;
	return 0;
}

static int judge(struct h3_control *control)
{
	control->part = FRAME_TYPE;
	if (control->left)
		return NGHTTP3_ERR_H3_FRAME_ERROR;
	if (control->type == CANCEL_PUSH)
		return NGHTTP3_ERR_H3_ID_ERROR;
	if (control->type == GOAWAY)
		return 0;
	if (control->number < control->max_push_id)
		return NGHTTP3_ERR_H3_ID_ERROR;
	control->max_push_id = control->number;
	return 0;
}

static int take(struct h3_control *control, uint8_t octet)
{
	bool ended;

	if (control->part == FRAME_REST) {
		if (!--control->left)
			control->part = FRAME_TYPE;
		return 0;
	}
	ended = ends_number(control, octet);
	if (control->part == FRAME_NUMBER) {
		control->left--;
		if (!ended)
			return control->left ? 0 : NGHTTP3_ERR_H3_FRAME_ERROR;
		return judge(control);
	}
	if (!ended)
		return 0;
	if (control->part == STREAM_TYPE)
		control->part = FRAME_TYPE;
	else if (control->part == FRAME_TYPE)
		begin_frame(control);
	else
		return begin_payload(control);
	return 0;
}

int h3_control_read(struct h3_control *control, const uint8_t *data,
		    size_t size)
{
	int rv = 0;

	for (size_t i = 0; i < size && !rv && !control->foreign; i++)
		rv = take(control, data[i]);
	return rv;
}
