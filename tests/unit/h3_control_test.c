/* SPDX-License-Identifier: GPL-2.0-only */
/* What a client says on its control stream. */
#include <criterion/criterion.h>
#include <nghttp3/nghttp3.h>

#include "terminator/h3_control.h"

/* The stream's type and empty SETTINGS. */
#define BEGIN "\0\4\0"

struct row {
	const char *what, *octets;
	size_t size;
	int wanted;
};

#define ROW(what, octets, wanted)                        \
	{                                                \
		what, octets, sizeof(octets) - 1, wanted \
	}

static const struct row rows[] = {
	ROW("nothing more", BEGIN, 0),
	ROW("settings", "\0\4\4\6\x40\x64\1", 0),
	ROW("a number", BEGIN "\x0d\1\5", 0),
	ROW("a growing one", BEGIN "\x0d\1\5\x0d\2\x40\x06", 0),
	ROW("the same one", BEGIN "\x0d\1\5\x0d\1\5", 0),
	ROW("a shrinking one", BEGIN "\x0d\1\5\x0d\1\4",
	    NGHTTP3_ERR_H3_ID_ERROR),
	ROW("one behind another frame", BEGIN "\x21\2\x0d\1\x0d\1\5", 0),
	ROW("one of no octet", BEGIN "\x0d\0", NGHTTP3_ERR_H3_FRAME_ERROR),
	ROW("one that is cut", BEGIN "\x0d\1\x40", NGHTTP3_ERR_H3_FRAME_ERROR),
	ROW("one with more", BEGIN "\x0d\2\5\5", NGHTTP3_ERR_H3_FRAME_ERROR),
	ROW("GOAWAY", BEGIN "\7\1\4\7\1\4", 0),
	ROW("GOAWAY with more", BEGIN "\7\2\4\4", NGHTTP3_ERR_H3_FRAME_ERROR),
	ROW("no GOAWAY", BEGIN "\7\0", NGHTTP3_ERR_H3_FRAME_ERROR),
	ROW("a push", BEGIN "\3\1\0", NGHTTP3_ERR_H3_ID_ERROR),
	ROW("a push of no octet", BEGIN "\3\0", NGHTTP3_ERR_H3_FRAME_ERROR),
	ROW("a push behind a long frame",
	    BEGIN "\x40\x21\x40\3abc\3\x40\2\x40\5", NGHTTP3_ERR_H3_ID_ERROR),
	ROW("no SETTINGS first", "\0\3\1\0", 0),
	ROW("a stream type of two octets", "\x40\0\4\0\3\1\0",
	    NGHTTP3_ERR_H3_ID_ERROR),
};

Test(h3_control, rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h3_control control = {0};
		int seen = h3_control_read(&control,
					   (const uint8_t *)rows[i].octets,
					   rows[i].size);

		cr_expect_eq(seen, rows[i].wanted, "%s: %d", rows[i].what,
			     seen);
	}
}

Test(h3_control, octet_by_octet)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h3_control control = {0};
		int seen = 0;

		for (size_t at = 0; at < rows[i].size && !seen; at++)
			seen = h3_control_read(
				&control, (const uint8_t *)rows[i].octets + at,
				1);
		cr_expect_eq(seen, rows[i].wanted, "%s: %d", rows[i].what,
			     seen);
	}
}
