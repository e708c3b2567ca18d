/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, hex, endpoints and names from text. */
#include "loader/lib/parse.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(parse, number_refuses_what_is_none)
{
	static const char *const bad[] = {"",	" 1",  "1 ", "-1",
					  "+1", "0x1", "1a", "1.0"};
	uint32_t value = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(qs_parse_number(bad[i], 1000, &value), -EINVAL,
			     "'%s'", bad[i]);
	cr_assert_eq(qs_parse_number("1001", 1000, &value), -ERANGE);
	cr_assert_eq(qs_parse_number("4294967296", UINT32_MAX, &value),
		     -ERANGE);
	cr_assert_eq(
		qs_parse_number("99999999999999999999999999", 1000, &value),
		-ERANGE);
	cr_assert_eq(value, 77, "it was changed");
}

Test(parse, number_takes_its_range)
{
	uint32_t value;

	cr_assert_eq(qs_parse_number("0", 0, &value), 0);
	cr_assert_eq(value, 0);
	cr_assert_eq(qs_parse_number("4294967295", UINT32_MAX, &value), 0);
	cr_assert_eq(value, UINT32_MAX);
	cr_assert_eq(qs_parse_number("0000000000042", 42, &value), 0);
	cr_assert_eq(value, 42);
}

Test(parse, hex_refuses_what_is_none)
{
	uint8_t octets[4] = {1, 2, 3, 4};
	size_t length = 99;

	cr_assert_eq(qs_parse_hex("", octets, 4, &length), -EINVAL);
	cr_assert_eq(qs_parse_hex("012", octets, 4, &length), -EINVAL);
	cr_assert_eq(qs_parse_hex("0g", octets, 4, &length), -EINVAL);
	cr_assert_eq(qs_parse_hex("0x01", octets, 4, &length), -EINVAL);
	cr_assert_eq(qs_parse_hex("01 2", octets, 4, &length), -EINVAL);
	cr_assert_eq(qs_parse_hex("0102030405", octets, 4, &length), -ERANGE);
	cr_assert_eq(length, 99);
	cr_assert_eq(octets[0], 1, "it was changed");
}

Test(parse, hex_goes_both_ways)
{
	uint8_t octets[4];
	char text[9];
	size_t length;

	cr_assert_eq(qs_parse_hex("00Aff9", octets, 4, &length), 0);
	cr_assert_eq(length, 3);
	cr_assert_str_eq(qs_format_hex(text, octets, length), "00aff9");
	cr_assert_str_eq(qs_format_hex(text, octets, 0), "");
}

Test(parse, endpoint_refuses_what_is_none)
{
	static const char *const bad[] = {
		"",
		"443",
		":443",
		"192.0.2.1",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:443 ",
		"192.0.2.1:443:1",
		"192.0.2:443",
		"192.0.2.256:443",
		"2001:db8::1:443",
		"[2001:db8::1]",
		"[2001:db8::1]443",
		"[2001:db8::1]:",
		"[2001:db8::1:443",
		"[192.0.2.1]:443",
		"[fe80::1%eth0]:443",
		"localhost:443",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:443",
	};
	struct qs_vip_key endpoint = {.port = 7};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(qs_parse_endpoint(bad[i], &endpoint), -EINVAL,
			     "'%s'", bad[i]);
	cr_assert_eq(endpoint.port, 7, "it was changed");
}

Test(parse, endpoint_goes_both_ways)
{
	static const char *const texts[] = {
		"192.0.2.1:443",
		"0.0.0.0:1",
		"[2001:db8::1]:65535",
		"[::]:443",
	};
	char text[QS_ENDPOINT_TEXT];
	struct qs_vip_key endpoint;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		cr_assert_eq(qs_parse_endpoint(texts[i], &endpoint), 0, "%s",
			     texts[i]);
		cr_assert_str_eq(qs_format_endpoint(text, &endpoint), texts[i]);
		cr_assert_eq(qs_endpoint_is_v4(&endpoint), texts[i][0] != '[');
		cr_assert_eq(qs_endpoint_is_any(&endpoint), i % 2);
	}
}

Test(parse, endpoint_is_a_map_key)
{
	static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
	struct qs_vip_key endpoint, same;

	memset(&endpoint, 0x55, sizeof(endpoint));
	cr_assert_eq(qs_parse_endpoint("192.0.2.1:443", &endpoint), 0);
	cr_assert_arr_eq(endpoint.address, mapped, 16);
	cr_assert_eq(endpoint.port, 443);
	cr_assert_eq(endpoint.zero, 0, "keys are compared whole");
	cr_assert_eq(qs_parse_endpoint("[::ffff:192.0.2.1]:443", &same), 0);
	cr_assert_arr_eq(&same, &endpoint, sizeof(same));
}

Test(parse, prefix_refuses_what_is_none)
{
	static const char *const bad[] = {"",
					  "/",
					  "/24",
					  "192.0.2.0/",
					  "192.0.2/24",
					  "192.0.2.0/33",
					  "192.0.2.0/-1",
					  "192.0.2.0/24 ",
					  "name/24",
					  "::/129",
					  "[::]/64",
					  "::/64/64",
					  "192.0.2.0/24x"};
	static const char *const bits[] = {"192.0.2.1/24", "0.0.0.1/0",
					   "2001:db8::1/64", "8000::/0",
					   "192.0.2.3/31"};
	struct qs_prefix_key prefix = {.length = 77};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(qs_parse_prefix(bad[i], &prefix), -EINVAL, "'%s'",
			     bad[i]);
	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++)
		cr_assert_eq(qs_parse_prefix(bits[i], &prefix), -EDOM, "'%s'",
			     bits[i]);
	cr_assert_eq(prefix.length, 77, "it was changed");
}

Test(parse, prefix_goes_both_ways)
{
	static const struct {
		const char *text, *again;
		uint32_t length;
	} good[] = {
		{"192.0.2.0/24", "192.0.2.0/24", 96 + 24},
		{"192.0.2.2/31", "192.0.2.2/31", 96 + 31},
		{"192.0.2.7", "192.0.2.7/32", 128},
		{"0.0.0.0/0", "0.0.0.0/0", 96},
		{"::/0", "::/0", 0},
		{"8000::/1", "8000::/1", 1},
		{"2001:DB8::/32", "2001:db8::/32", 32},
		{"2001:db8::1", "2001:db8::1/128", 128},
	};
	struct qs_prefix_key prefix;
	char text[QS_PREFIX_TEXT];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cr_assert_eq(qs_parse_prefix(good[i].text, &prefix), 0, "'%s'",
			     good[i].text);
		cr_assert_eq(prefix.length, good[i].length, "'%s'",
			     good[i].text);
		cr_assert_str_eq(qs_format_prefix(text, &prefix),
				 good[i].again);
	}
}

Test(parse, names)
{
	char name[QS_NAME_SIZE] = "t1";

	cr_assert(qs_name_is_valid(name));
	cr_assert_not(qs_name_is_valid((char[QS_NAME_SIZE]){""}));
	cr_assert_not(qs_name_is_valid((char[QS_NAME_SIZE]){"T1"}));
	cr_assert_not(qs_name_is_valid((char[QS_NAME_SIZE]){"t 1"}));
	cr_assert_not(qs_name_is_valid((char[QS_NAME_SIZE]){"t\"1"}));
	cr_assert_not(qs_name_is_valid((char[QS_NAME_SIZE]){"t_1"}));
	memset(name, 'a', sizeof(name));
	cr_assert_not(qs_name_is_valid(name), "it has no end");
	name[QS_NAME_SIZE - 1] = '\0';
	cr_assert(qs_name_is_valid(name));
}

Test(parse, duration_takes_its_units)
{
	static const struct {
		const char *text;
		uint32_t ms;
		const char *formatted;
	} good[] = {
		{"0s", 0, "0s"},
		{"0ms", 0, "0s"},
		{"250ms", 250, "250ms"},
		{"1000ms", 1000, "1s"},
		{"5s", 5000, "5s"},
		{"90s", 90000, "90s"},
		{"60s", 60000, "1m"},
		{"2h", 7200000, "2h"},
		{"007m", 420000, "7m"},
		{"4294967295ms", UINT32_MAX, NULL},
		{"1193h", 4294800000, NULL},
	};
	char text[QS_DURATION_TEXT];
	uint32_t ms;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cr_assert_eq(qs_parse_duration(good[i].text, &ms), 0, "%s",
			     good[i].text);
		cr_assert_eq(ms, good[i].ms, "%s is %u", good[i].text, ms);
		qs_format_duration(text, ms);
		if (good[i].formatted)
			cr_assert_str_eq(text, good[i].formatted);
	}
}

Test(parse, duration_refuses_what_is_none)
{
	static const char *const bad[] = {"",	 "5",	"s",	"5 s", "5S",
					  "-5s", "+5s", "1.5s", "5s ", "5sec",
					  " 5s", "5d",	"0x5s", "ms"};
	static const char *const large[] = {"4294967296ms", "1194h", "71583m",
					    "99999999999999999999999h"};
	uint32_t ms = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(qs_parse_duration(bad[i], &ms), -EINVAL, "'%s'",
			     bad[i]);
	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++)
		cr_assert_eq(qs_parse_duration(large[i], &ms), -ERANGE, "'%s'",
			     large[i]);
	cr_assert_eq(ms, 77, "it was changed");
}

Test(parse, share_takes_tenths_of_a_per_cent)
{
	static const char *const bad[] = {"",	  "50",	  "%",	    "50.%",
					  ".5%",  "50%%", "12.55%", "-1%",
					  " 50%", "50% ", "5 0%"};
	uint32_t share;

	cr_assert_eq(qs_parse_share("50%", &share), 0);
	cr_assert_eq(share, 500);
	cr_assert_eq(qs_parse_share("12.5 %", &share), 0);
	cr_assert_eq(share, 125);
	cr_assert_eq(qs_parse_share("100.0%", &share), 0);
	cr_assert_eq(share, 1000);
	cr_assert_eq(qs_parse_share("0%", &share), 0);
	cr_assert_eq(share, 0);
	cr_assert_eq(qs_parse_share("1000%", &share), 0);
	cr_assert_eq(share, 10000);
	cr_assert_eq(qs_parse_share("0.0%", &share), 0);
	cr_assert_eq(qs_parse_share("1000.1%", &share), -ERANGE);
	cr_assert_eq(qs_parse_share("4294967297%", &share), -ERANGE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(qs_parse_share(bad[i], &share), -EINVAL, "'%s'",
			     bad[i]);
	cr_assert_eq(share, 0, "it was changed");
}

Test(parse, url_takes_addresses_and_names)
{
	static const struct {
		const char *text, *host;
		bool is_address;
		uint16_t port;
	} good[] = {
		{"http://127.0.0.1", "127.0.0.1", true, 80},
		{"http://127.0.0.1:8001/", "127.0.0.1", true, 8001},
		{"http://[2001:db8::1]", "2001:db8::1", true, 80},
		{"http://[::1]:65535", "::1", true, 65535},
		{"http://localhost:1", "localhost", false, 1},
		{"http://api-1.web_2.example.com", "api-1.web_2.example.com",
		 false, 80},
		{"http://1and1.example", "1and1.example", false, 80},
		{"https://a", "a", false, 443},
		{"https://[::1]:80", "::1", true, 80},
	};
	struct qs_url url;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cr_assert_eq(qs_parse_url(good[i].text, &url), 0, "%s",
			     good[i].text);
		cr_assert_str_eq(url.host, good[i].host);
		cr_assert_eq(url.is_address, good[i].is_address, "%s",
			     good[i].text);
		cr_assert_eq(url.address.port, good[i].port, "%s",
			     good[i].text);
	}
}

Test(parse, prefixes_contain)
{
	static const struct {
		const char *prefix, *address;
		bool contains;
	} rows[] = {
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "192.0.2.1", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct qs_prefix_key prefix, address;

		cr_assert_eq(qs_parse_prefix(rows[i].prefix, &prefix), 0);
		cr_assert_eq(qs_parse_prefix(rows[i].address, &address), 0);
		cr_expect_eq(qs_prefixes_contain(&prefix, 1, address.address),
			     rows[i].contains, "%s %s", rows[i].prefix,
			     rows[i].address);
	}
}

Test(parse, url_refuses_what_is_none)
{
	static const char *const bad[] = {
		"",
		"http://",
		"http:///",
		"http://:80",
		"https:/a",
		"HTTP://a",
		"http://a:",
		"http://a:0",
		"http://a:65536",
		"http://a:80/b",
		"http://a//",
		"http://a:80:80",
		"http://::1",
		"http://[::1",
		"http://[::1]x:80",
		"http://[::g]",
		"http://[127.0.0.1]",
		"http://[name]",
		"http://1.2.3",
		"http://1.2.3.256",
		"http://-a",
		"http://a..b",
		"http://.a",
		"http://a b",
		"http://u@a",
		"http://a?b",
		"http://a\n",
	};
	char text[300] = "http://";
	struct qs_url url = {.host = "kept"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(qs_parse_url(bad[i], &url), -EINVAL, "'%s'",
			     bad[i]);
	memset(text + 7, 'a', 254);
	cr_assert_eq(qs_parse_url(text, &url), -EINVAL);
	cr_assert_str_eq(url.host, "kept");
	text[7 + 253] = '\0';
	cr_assert_eq(qs_parse_url(text, &url), 0);
}
