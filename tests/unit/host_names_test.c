/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/host_names.h"

#include <criterion/criterion.h>
#include <string.h>

Test(host_names, match)
{
	static const struct {
		const char *name, *host;
		enum host_match wanted;
	} rows[] = {
		{"example.com", "example.com", HOST_EXACTLY},
		{"Example.com", "eXample.COM", HOST_EXACTLY},
		{"example.com", "example.org", HOST_DIFFERS},
		{"example.com", "www.example.com", HOST_DIFFERS},
		{"*.example.com", "www.example.com", HOST_BY_WILDCARD},
		{"*.example.com", "WWW.Example.com", HOST_BY_WILDCARD},
		{"*.example.com", "example.com", HOST_DIFFERS},
		{"*.example.com", ".example.com", HOST_DIFFERS},
		{"*.example.com", "a.b.example.com", HOST_DIFFERS},
		{"*.0.0.1", "127.0.0.1", HOST_DIFFERS},
		{"127.0.0.1", "127.0.0.1", HOST_EXACTLY},
		{"127.0.0.1", "127.0.0.2", HOST_DIFFERS},
		{"2001:db8::1", "2001:DB8:0::1", HOST_EXACTLY},
		{"w*.example.com", "www.example.com", HOST_DIFFERS},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(host_name_match(rows[i].name, rows[i].host),
			     rows[i].wanted, "%s, %s", rows[i].name,
			     rows[i].host);
}

Test(host_names, of_authority)
{
	static const char *const rows[][2] = {
		{"example.com", "example.com"},
		{"example.com:443", "example.com"},
		{"example.com.", "example.com"},
		{"example.com.:443", "example.com"},
		{"[2001:db8::1]:443", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"", ""},
		{"[", ""},
	};
	char host[HOST_NAME_SIZE], long_name[HOST_NAME_SIZE + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect(host_name_of(host, rows[i][0], strlen(rows[i][0])));
		cr_expect_str_eq(host, rows[i][1]);
	}
	memset(long_name, 'a', sizeof(long_name));
	cr_expect(host_name_of(host, long_name, HOST_NAME_SIZE - 1));
	cr_expect_not(host_name_of(host, long_name, HOST_NAME_SIZE));
}

Test(host_names, addresses)
{
	cr_expect(host_name_is_address("192.0.2.1"));
	cr_expect(host_name_is_address("2001:db8::1"));
	cr_expect_not(host_name_is_address("192.0.2.1.example"));
	cr_expect_not(host_name_is_address("localhost"));
}
