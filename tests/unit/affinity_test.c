/* SPDX-License-Identifier: GPL-2.0-only */
/* Cookies, the token in one, what of a request is hashed, and sessions that
 * move. */
#include "terminator/affinity_table.h"
#include "terminator/affinity_token.h"
#include "terminator/cookie.h"
#include "terminator/request_key.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t now = 1800000000, tag = 0x1122334455667788;
static struct affinity_keys keys;

static void make_keys(void)
{
	affinity_keys_derive(&keys, "0123456789abcdef0123456789abcdef", 32);
}

static int read_at(const char *text, uint64_t time, uint32_t max_age)
{
	uint64_t got = 0;
	uint32_t age;
	int result = affinity_token_read(&keys, "web", text, strlen(text), time,
					 max_age, &got, &age);

	if (!result)
		cr_assert_eq(got, tag);
	return result;
}

TestSuite(affinity_token, .init = make_keys);

Test(affinity_token, comes_back)
{
	char text[AFFINITY_TOKEN_SIZE];
	uint64_t got;
	uint32_t age;

	affinity_token_write(text, &keys, "web", tag, now);
	cr_expect_eq(strlen(text), AFFINITY_TOKEN_LENGTH);
	cr_expect_eq(affinity_token_read(&keys, "web", text, strlen(text),
					 now + 70, 100, &got, &age),
		     0);
	cr_expect_eq(got, tag);
	cr_expect_eq(age, 70);
	cr_expect_eq(read_at(text, now + 100, 100), 0);
	cr_expect_eq(read_at(text, now + 101, 100), -ETIME);
	cr_expect_eq(read_at(text, now + 1000000000, 0), 0);
	cr_expect_eq(read_at(text, now - AFFINITY_CLOCK_SKEW_S, 100), 0);
	cr_expect_eq(read_at(text, now - AFFINITY_CLOCK_SKEW_S - 1, 100),
		     -EACCES);
}

/* The same as Python's hmac and base64 made of the same secret, so that hosts
 * of another make could: HKDF with the label, then HMAC as in the header. */
Test(affinity_token, is_as_described)
{
	char text[AFFINITY_TOKEN_SIZE];

	affinity_token_write(text, &keys, "web", tag, now);
	cr_expect_str_eq(text, "AWtJ0gARIjNEVWZ3iAv1UKGJM2QWDG3Ngx3G9SQ");
}

Test(affinity_token, no_bit_can_be_changed)
{
	char text[AFFINITY_TOKEN_SIZE];
	static const char digits[] = "Aa0-_Zz9.= ";

	affinity_token_write(text, &keys, "web", tag, now);
	for (size_t i = 0; i < AFFINITY_TOKEN_LENGTH; i++) {
		for (size_t k = 0; k < strlen(digits); k++) {
			char changed[AFFINITY_TOKEN_SIZE];

			memcpy(changed, text, sizeof(changed));
			changed[i] = digits[k];
			if (digits[k] != text[i])
				cr_assert_neq(read_at(changed, now, 0), 0, "%s",
					      changed);
		}
	}
}

Test(affinity_token, others_are_not_taken)
{
	char text[AFFINITY_TOKEN_SIZE], longer[64];
	struct affinity_keys own = keys;

	affinity_token_write(text, &keys, "web2", tag, now);
	cr_expect_eq(read_at(text, now, 0), -EACCES);
	affinity_keys_derive(&keys, "another secret", 14);
	affinity_token_write(text, &keys, "web", tag, now);
	keys = own;
	cr_expect_eq(read_at(text, now, 0), -EACCES);
	cr_expect_eq(read_at("", now, 0), -EINVAL);
	affinity_token_write(text, &keys, "web", tag, now);
	snprintf(longer, sizeof(longer), "%sA", text);
	cr_expect_eq(read_at(longer, now, 0), -EINVAL);
	text[AFFINITY_TOKEN_LENGTH - 1] = '\0';
	cr_expect_eq(read_at(text, now, 0), -EINVAL);
}

Test(affinity_token, tags_need_the_keys)
{
	struct affinity_keys other;

	affinity_keys_derive(&other, "another secret", 14);
	cr_expect_neq(affinity_tag(&keys, 1), affinity_tag(&keys, 2));
	cr_expect_neq(affinity_tag(&keys, 1), affinity_tag(&other, 1));
	cr_expect_eq(affinity_tag(&keys, 1), affinity_tag(&keys, 1));
}

static struct field field(const char *name, const char *value)
{
	return (struct field){name, strlen(name), value, strlen(value)};
}

/* All cookies of that name, with "|" between. */
static const char *find_all(const struct field *fields, size_t count,
			    const char *name)
{
	static char found[256];
	struct cookie_search search = {0};
	const char *value;
	size_t size, used = 0;

	found[0] = '\0';
	while (cookie_find(&search, fields, count, name, &value, &size))
		used += snprintf(found + used, sizeof(found) - used, "%.*s|",
				 (int)size, value);
	return found;
}

Test(cookie, is_found)
{
	static const struct {
		const char *value, *found;
	} rows[] = {
		{"a=1", "1|"},
		{"b=2; a=1", "1|"},
		{"a=1; b=2; a=3", "1|3|"},
		{"a=1;a=2", "1|2|"},
		{" a = 1 ; b=2", "1|"},
		{"a=\"quoted\"", "quoted|"},
		{"a=\"", "\"|"},
		{"a=", "|"},
		{"a=x=y", "x=y|"},
		{"aa=1; ba=2; A=3", ""},
		{"a", ""},
		{"a; =1; ;;; ", ""},
		{"", ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct field one = field("cookie", rows[i].value);

		cr_expect_str_eq(find_all(&one, 1, "a"), rows[i].found, "'%s'",
				 rows[i].value);
	}
}

Test(cookie, is_found_in_every_crumb)
{
	struct field fields[] = {
		field("cookie", "b=1"),		 field("x-cookie", "a=1"),
		field("cookie", "a=2; c=1"),	 field("cookies", "a=3"),
		field("cookie", "c=a; a=4; d="), field("accept", "a=5"),
	};

	cr_expect_str_eq(find_all(fields, COUNT(fields), "a"), "2|4|");
}

Test(cookie, is_written)
{
	struct cookie_attributes all = {
		.name = "id",
		.path = "/app",
		.max_age_s = 3600,
		.same_site = COOKIE_SAME_SITE_NONE,
		.secure = true,
	};
	struct cookie_attributes least = {
		.name = "quicsteer-web",
		.path = "/",
		.same_site = COOKIE_SAME_SITE_STRICT,
	};
	char text[COOKIE_SET_SIZE];

	cr_expect_eq(cookie_write(text, &all, "v"), strlen(text));
	cr_expect_str_eq(text, "id=v; Path=/app; Max-Age=3600; HttpOnly; "
			       "Secure; SameSite=None");
	cookie_write(text, &least, "v");
	cr_expect_str_eq(text, "quicsteer-web=v; Path=/; HttpOnly; "
			       "SameSite=Strict");
}

/* The longest that a configuration can ask for is whole. */
Test(cookie, has_room)
{
	char text[COOKIE_SET_SIZE], value[65] = "";
	struct cookie_attributes attributes = {
		.max_age_s = UINT32_MAX,
		.same_site = COOKIE_SAME_SITE_STRICT,
		.secure = true,
	};

	memset(attributes.name, 'n', sizeof(attributes.name) - 1);
	memset(attributes.path, 'p', sizeof(attributes.path) - 1);
	memset(value, 'v', 64);
	cr_expect(cookie_write(text, &attributes, value) < sizeof(text));
	cr_expect(strstr(text, "SameSite=Strict"));
}

static uint64_t hash_of(const char *text, const char *path, const char *host,
			const struct field *fields, size_t count)
{
	struct request_key key;
	struct exchange_request request = {
		.authority = field("", host),
		.path = field("", path),
		.fields = fields,
		.field_count = count,
		.peer_address = host,
	};
	uint64_t hash = 0;

	cr_assert_eq(request_key_parse(&key, text), 0, "%s", text);
	return request_key_hash(&key, &request, &hash) ? hash : 0;
}

Test(request_key, what_is_hashed)
{
	struct field fields[] = {field("x-user", "anna"),
				 field("cookie", "s=anna; t=2")};
	struct field twins[] = {field("cookie", "s=anna"),
				field("x-user", "bert")};

#define HASH(key, path, host) hash_of(key, path, host, fields, 2)
	cr_expect_eq(HASH("client-ip", "/a", "10.0.0.1"),
		     HASH("client-ip", "/b", "10.0.0.1"));
	cr_expect_neq(HASH("client-ip", "/a", "10.0.0.1"),
		      HASH("client-ip", "/a", "10.0.0.2"));
	cr_expect_eq(HASH("path", "/a?x=1", "h"), HASH("path", "/a?y", "g"));
	cr_expect_neq(HASH("path", "/a", "h"), HASH("path", "/b", "h"));
	cr_expect_neq(HASH("uri", "/a?x=1", "h"), HASH("uri", "/a?y", "h"));
	cr_expect_neq(HASH("uri", "/a", "h"), HASH("uri", "/a", "g"));
	cr_expect_eq(HASH("header:X-User", "/a", "h"), request_hash("anna", 4));
	cr_expect_eq(HASH("cookie:s", "/a", "h"), request_hash("anna", 4));
	cr_expect_eq(hash_of("header:x-user", "/", "h", twins, 2),
		     request_hash("bert", 4));
	cr_expect_eq(HASH("header:x-other", "/a", "h"), 0);
	cr_expect_eq(HASH("cookie:S", "/a", "h"), 0);
#undef HASH
}

/* Every host must come to the same: a change here moves everybody's sessions.
 */
Test(request_key, hash_is_the_same_everywhere)
{
	cr_expect_eq(request_hash("10.0.0.1", 8), 0x2177df7c8e5e55cULL);
}

Test(request_key, bad_ones_are_refused)
{
	static const char *const bad[] = {
		"",
		"ip",
		"client-ip ",
		"client-ip:x",
		"header",
		"header:",
		"cookie:",
		"Path",
		"query:x",
		("header:0123456789012345678901234567890123456789"
		 "012345678901234567890123456789"),
	};
	struct request_key key = {.kind = REQUEST_KEY_URI};

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_expect_eq(request_key_parse(&key, bad[i]), -EINVAL, "'%s'",
			     bad[i]);
	cr_expect_eq(key.kind, REQUEST_KEY_URI);
}

Test(affinity_table, sessions_that_move_are_seen)
{
	struct affinity_table *table = calloc(1, sizeof(*table));
	uint64_t key = 0xabcdef0000000001, other = key + (1ULL << 32);

	cr_assert(table);
	cr_expect_eq(affinity_table_note(table, key, 10), AFFINITY_BOUND);
	cr_expect_eq(affinity_table_note(table, key, 10), AFFINITY_SAME);
	cr_expect_eq(affinity_table_note(table, key, 20), AFFINITY_MOVED);
	cr_expect_eq(affinity_table_note(table, key, 20), AFFINITY_SAME);
	/* One that falls on the same entry is not taken for it. */
	cr_expect_eq(affinity_table_note(table, other, 10), AFFINITY_BOUND);
	cr_expect_eq(affinity_table_note(table, key, 20), AFFINITY_BOUND);
	free(table);
}
