/* SPDX-License-Identifier: GPL-2.0-only */
/* What is reserved goes with what nghttp3 sends, and nghttp3 does not know. */
#include <criterion/criterion.h>
#include <string.h>

#include "terminator/h3_grease.h"

enum { CONTROL = 3, RESERVED = 15, REQUEST = 0 };

/* A control stream's type and SETTINGS of one setting; a GOAWAY. */
#define BEGIN "\0\4\2\x08\1"
#define MORE "\7\1\4"
#define BEGIN_SIZE (sizeof(BEGIN) - 1)

static size_t greased(uint8_t *to, const char *from, size_t size)
{
	return h3_grease_settings(to, (const uint8_t *)from, size, 0x12345678);
}

Test(h3_grease, adds_a_setting)
{
	/* 0x1f * 0x5678 + 0x21, and 0x34 */
	static const char wanted[] = "\0\4\7\x08\1\x80\x0a\x78\xa9\x34";
	uint8_t to[H3_GREASE_BEGIN];

	cr_assert_eq(greased(to, BEGIN, BEGIN_SIZE), sizeof(wanted) - 1);
	cr_assert_eq(memcmp(to, wanted, sizeof(wanted) - 1), 0);
	cr_assert_eq(greased(to, BEGIN MORE, BEGIN_SIZE + 3),
		     sizeof(wanted) - 1, "only SETTINGS are copied");
}

Test(h3_grease, leaves_what_it_does_not_know)
{
	char large[64] = "\0\4\x3b";
	uint8_t to[H3_GREASE_BEGIN];

	cr_assert_eq(greased(to, "\0\4", 2), 0, "cut in the head");
	cr_assert_eq(greased(to, BEGIN, BEGIN_SIZE - 1), 0, "cut behind it");
	cr_assert_eq(greased(to, "\2\4\0", 3), 0, "another stream");
	cr_assert_eq(greased(to, "\0\7\1\4", 4), 0, "another frame");
	cr_assert_eq(greased(to, large, sizeof(large)), 0, "a longer length");
	large[2] = H3_GREASE_BEGIN - 3 - H3_GREASE_ADDED + 1;
	cr_assert_eq(greased(to, large, sizeof(large)), 0, "no room");
	large[2]--;
	cr_assert_eq(greased(to, large, sizeof(large)), H3_GREASE_BEGIN);
}

static struct h3_grease begun(void)
{
	return (struct h3_grease){.stream = RESERVED, .control = CONTROL};
}

/* What is to be sent of the stream, of which nghttp3 has this. */
static nghttp3_vec next(struct h3_grease *grease, int64_t stream_id,
			const char *data, size_t size)
{
	nghttp3_vec vectors[2] = {{(uint8_t *)data, 1},
				  {(uint8_t *)data + 1, size - 1}};
	int fin = 0;

	if (h3_grease_data(grease, &stream_id, &fin, vectors, 2) == 2)
		vectors[0].len = size;
	cr_assert_eq(fin, 0);
	return vectors[0];
}

Test(h3_grease, begins_the_control_stream_in_pieces)
{
	struct h3_grease grease = begun();
	nghttp3_vec first = next(&grease, CONTROL, BEGIN MORE, BEGIN_SIZE + 3);
	nghttp3_vec rest;

	cr_assert_eq(first.len, BEGIN_SIZE + H3_GREASE_ADDED);
	cr_assert_eq(h3_grease_sent(&grease, CONTROL, 4), 0);
	rest = next(&grease, CONTROL, BEGIN MORE, BEGIN_SIZE + 3);
	cr_assert_eq(rest.base, first.base + 4);
	cr_assert_eq(rest.len, first.len - 4);
	cr_assert_eq(h3_grease_sent(&grease, CONTROL, rest.len), BEGIN_SIZE);
	rest = next(&grease, CONTROL, MORE, 3);
	cr_assert_eq(rest.len, 3, "what follows is nghttp3's");
	cr_assert_eq(h3_grease_sent(&grease, CONTROL, 3), 3);
}

Test(h3_grease, tells_nghttp3_what_it_had)
{
	struct h3_grease grease = begun();
	nghttp3_vec begin = next(&grease, CONTROL, BEGIN, BEGIN_SIZE);

	h3_grease_sent(&grease, CONTROL, begin.len);
	cr_assert_eq(h3_grease_acked(&grease, REQUEST, 7), 7);
	cr_assert_eq(h3_grease_acked(&grease, CONTROL, 2), 0);
	cr_assert_eq(h3_grease_acked(&grease, CONTROL, begin.len - 2 + 3),
		     BEGIN_SIZE + 3);
	cr_assert_eq(h3_grease_acked(&grease, CONTROL, 5), 5);
}

Test(h3_grease, leaves_other_streams_and_forms)
{
	struct h3_grease grease = begun();

	cr_assert_eq(next(&grease, REQUEST, BEGIN, BEGIN_SIZE).len, BEGIN_SIZE);
	cr_assert_eq(next(&grease, CONTROL, MORE, 3).len, 3);
	cr_assert_eq(h3_grease_sent(&grease, CONTROL, 3), 3);
	cr_assert_eq(h3_grease_acked(&grease, CONTROL, 3), 3);
	cr_assert_eq(next(&grease, CONTROL, BEGIN, BEGIN_SIZE).len, BEGIN_SIZE,
		     "SETTINGS behind another frame are none of ours");
}

Test(h3_grease, sends_a_stream_when_there_is_nothing_else)
{
	struct h3_grease grease = begun();
	nghttp3_vec vectors[1];
	int64_t stream_id = -1;
	int fin = 0;

	cr_assert_eq(h3_grease_data(&grease, &stream_id, &fin, vectors, 0), 1);
	cr_assert_eq(stream_id, RESERVED);
	cr_assert_eq(fin, 1);
	cr_assert(h3_grease_take(&grease, RESERVED));
	stream_id = -1;
	cr_assert_eq(h3_grease_data(&grease, &stream_id, &fin, vectors, 0), 0);
	cr_assert_not(h3_grease_take(&grease, RESERVED));
}
