/* SPDX-License-Identifier: GPL-2.0-only */
/* When certificates end. */
#include "loader/certificate_expiry.h"
#include "loader/self_signed.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/quicsteer-expiry-XXXXXX";

static void write_file(const char *text)
{
	int fd = mkstemp(path);

	cr_assert(fd >= 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void tear_down(void)
{
	unlink(path);
}

TestSuite(certificate_expiry, .fini = tear_down);

Test(certificate_expiry, of_a_certificate)
{
	const char *names[] = {"localhost"}, *error = NULL;
	time_t now = 1800000000, end = 0;
	char *pem = self_signed_make(names, 1, now, &error);

	cr_assert(pem, "%s", error);
	write_file(pem);
	self_signed_free(pem);
	cr_assert_eq(certificate_expiry(path, &end, &error), 0, "%s", error);
	cr_expect(end > now + (SELF_SIGNED_DAYS - 1) * 86400L &&
			  end < now + (SELF_SIGNED_DAYS + 1) * 86400L,
		  "%ld", (long)(end - now));
}

Test(certificate_expiry, of_no_certificate)
{
	const char *error = NULL;
	time_t end;

	write_file("-----BEGIN CERTIFICATE-----\nnone\n"
		   "-----END CERTIFICATE-----\n");
	cr_expect_eq(certificate_expiry(path, &end, &error), -1);
	cr_expect(error && *error);
	error = NULL;
	cr_expect_eq(certificate_expiry("/nowhere.pem", &end, &error), -1);
	cr_expect(error && *error);
}
