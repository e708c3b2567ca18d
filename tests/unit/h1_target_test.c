/* SPDX-License-Identifier: GPL-2.0-only */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "terminator/h1_target.h"

static char path[H1_TARGET_MAX];
static struct exchange_request request;

static int split(const char *method, const char *target)
{
	const struct field host = {.value = "host.test", .value_size = 9};

	request = (struct exchange_request){
		.method = {.value = method, .value_size = strlen(method)},
	};
	return h1_target_split(&request, target, strlen(target), &host, "https",
			       path);
}

static void check(const char *scheme, const char *authority, const char *path_)
{
	const struct field *parts[] = {&request.scheme, &request.authority,
				       &request.path};
	const char *wanted[] = {scheme, authority, path_};

	for (size_t i = 0; i < 3; i++) {
		if (!wanted[i]) {
			cr_assert_null(parts[i]->value, "part %zu", i);
			continue;
		}
		cr_assert_eq(parts[i]->value_size, strlen(wanted[i]),
			     "part %zu: %.*s", i, (int)parts[i]->value_size,
			     parts[i]->value);
		cr_assert_arr_eq(parts[i]->value, wanted[i], strlen(wanted[i]));
	}
}

Test(h1_target, origin_form)
{
	cr_assert_eq(split("GET", "/a?b=//c"), 0);
	check("https", "host.test", "/a?b=//c");
	cr_assert_eq(split("GET", "//x/y"), 0);
	check("https", "host.test", "//x/y");
}

Test(h1_target, absolute_form)
{
	cr_assert_eq(split("GET", "https://other:8443/a?b"), 0);
	check("https", "other:8443", "/a?b");
	cr_assert_eq(split("GET", "HTTPS://other/"), 0);
	check("https", "other", "/");
}

Test(h1_target, absolute_form_without_path)
{
	cr_assert_eq(split("GET", "https://other"), 0);
	check("https", "other", "/");
	cr_assert_eq(split("GET", "https://other?a/b"), 0);
	check("https", "other", "/?a/b");
	cr_assert_eq(split("OPTIONS", "https://other"), 0);
	check("https", "other", "*");
	cr_assert_eq(split("OPTIONS", "https://other?a"), 0);
	check("https", "other", "/?a");
}

Test(h1_target, asterisk_form)
{
	cr_assert_eq(split("OPTIONS", "*"), 0);
	check("https", "host.test", "*");
}

Test(h1_target, authority_form)
{
	cr_assert_eq(split("CONNECT", "other:443"), 0);
	check(NULL, "other:443", NULL);
}

Test(h1_target, other_schemes_are_refused)
{
	static const char *const targets[] = {
		"http://other/",
		"ftp://other/",
		"https:/other/",
		"https://",
		"other:443",
		"x",
		"",
	};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		cr_assert_eq(split("GET", targets[i]), -EPROTO, "%s",
			     targets[i]);
}

Test(h1_target, the_longest_path_has_room)
{
	static char target[H1_TARGET_MAX + 32];

	memset(target, 'a', sizeof(target) - 1);
	memcpy(target, "https://o?", 10);
	target[9 + H1_TARGET_MAX - 1] = 0;
	cr_assert_eq(split("GET", target), 0);
	cr_assert_eq(request.path.value_size, (size_t)H1_TARGET_MAX);
	memset(target, 'a', sizeof(target) - 1);
	memcpy(target, "https://o?", 10);
	target[9 + H1_TARGET_MAX] = 0;
	cr_assert_eq(split("GET", target), -EPROTO);
}
