/* SPDX-License-Identifier: GPL-2.0-only */
/* What is chosen for an Accept-Encoding (RFC 9110, 12.5.3). */
#include "terminator/accept_encoding.h"

#include <criterion/criterion.h>
#include <string.h>

static enum coding choose(const char *first, const char *second)
{
	static const enum coding offered[] = {CODING_BR, CODING_ZSTD,
					      CODING_GZIP};
	struct field fields[2] = {
		{"accept-encoding", 15, first, first ? strlen(first) : 0},
		{"accept-encoding", 15, second, second ? strlen(second) : 0},
	};
	struct accept_encoding accept;

	accept_encoding_read(&accept, fields, second ? 2 : first ? 1 : 0);
	return accept_encoding_choose(&accept, offered, 3);
}

Test(accept_encoding, table)
{
	static const struct {
		const char *first, *second;
		enum coding coding;
	} rows[] = {
		{NULL, NULL, CODING_IDENTITY},
		{"", NULL, CODING_IDENTITY},
		{"gzip", NULL, CODING_GZIP},
		{"x-gzip", NULL, CODING_GZIP},
		{"GZip", NULL, CODING_GZIP},
		{"gzip, deflate, br, zstd", NULL, CODING_BR},
		{"gzip, deflate", "zstd", CODING_ZSTD},
		{"gzip;q=1.0, br;q=0.9", NULL, CODING_GZIP},
		{"gzip;q=0.5,br;q=0.5,zstd;q=0.501", NULL, CODING_ZSTD},
		{" br ; q=0.1 , gzip ; q=0.2 ", NULL, CODING_GZIP},
		{"*", NULL, CODING_BR},
		{"br;q=0, *", NULL, CODING_ZSTD},
		{"*;q=0", NULL, CODING_IDENTITY},
		{"gzip;q=0", NULL, CODING_IDENTITY},
		{"identity;q=0, gzip;q=0.1", NULL, CODING_GZIP},
		{"identity, gzip;q=0.5", NULL, CODING_IDENTITY},
		{"identity;q=0.5, gzip;q=0.5", NULL, CODING_GZIP},
		{"gzip;q=0.001", NULL, CODING_GZIP},
		{"deflate, compress", NULL, CODING_IDENTITY},
		/* Not valid: as if not there. */
		{"gzip;q=2", NULL, CODING_IDENTITY},
		{"gzip;q=1.001", NULL, CODING_IDENTITY},
		{"gzip;q=0.1234, br;q=0.1", NULL, CODING_BR},
		{"gzip;q=, br;q=x, zstd;q", NULL, CODING_IDENTITY},
		{"gzip;level=1", NULL, CODING_IDENTITY},
		{",,gzip,,", NULL, CODING_GZIP},
		{"br gzip", NULL, CODING_IDENTITY},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum coding coding = choose(rows[i].first, rows[i].second);

		cr_expect_eq(coding, rows[i].coding, "row %zu (%s): %s", i,
			     rows[i].first ? rows[i].first : "none",
			     coding_name(coding));
	}
}
