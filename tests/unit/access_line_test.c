/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of the access log: whatever clients send, one line a request, which its
 * readers take apart as it was put together. */
#include "terminator/access_line.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static char text[ACCESS_LINE_MAX + 1];

static struct access_text of(const char *string)
{
	return (struct access_text){string, strlen(string)};
}

static struct access_line full(void)
{
	return (struct access_line){
		.time_ns = 1763861696789123456,
		.client = "192.0.2.1",
		.method = of("GET"),
		.authority = of("www.example.com"),
		.path = of("/a?b=c"),
		.protocol = QS_PROTOCOL_h3,
		.status = 200,
		.end = ACCESS_COMPLETE,
		.bytes_received = 5,
		.bytes_sent = 1234567890123,
		.terminator = "t1",
		.pool = "web",
		.backend = "web-1",
		.backend_address = "127.0.0.1:8001",
		.queue_us = 1,
		.connect_us = 2,
		.first_byte_us = 3,
		.total_us = 4,
		.retries = 1,
		.request_id = "abc",
		.user_agent = of("a \"b\" \\c"),
		.referer = of("https://x/"),
	};
}

static const char *json(const struct access_line *line)
{
	text[access_line_json(line, text)] = '\0';
	return text;
}

static const char *combined(const struct access_line *line)
{
	text[access_line_combined(line, text)] = '\0';
	return text;
}

Test(access_line, json)
{
	const struct access_line line = full();

	cr_expect_str_eq(
		json(&line),
		"{\"time\":\"2025-11-23T01:34:56.789Z\",\"client\":"
		"\"192.0.2.1\",\"method\":\"GET\",\"authority\":"
		"\"www.example.com\",\"path\":\"/a?b=c\",\"protocol\":"
		"\"HTTP/3.0\",\"early_data\":false,\"status\":200,\"end\":"
		"\"complete\",\"bytes_received\":5,\"bytes_sent\":"
		"1234567890123,\"terminator\":\"t1\",\"pool\":\"web\","
		"\"backend\":\"web-1\",\"backend_address\":"
		"\"127.0.0.1:8001\",\"queue_us\":1,\"connect_us\":2,"
		"\"first_byte_us\":3,\"total_us\":4,\"retries\":1,"
		"\"request_id\":\"abc\",\"user_agent\":\"a \\\"b\\\" \\\\c\","
		"\"referer\":\"https://x/\"}\n");
}

Test(access_line, combined)
{
	const struct access_line line = full();

	cr_expect_str_eq(combined(&line),
			 "192.0.2.1 - - [23/Nov/2025:01:34:56 +0000] "
			 "\"GET /a?b=c HTTP/3.0\" 200 1234567890123 "
			 "\"https://x/\" \"a \\\"b\\\" \\\\c\"\n");
}

Test(access_line, nothing_known)
{
	const struct access_line line = {
		.client = "",
		.protocol = QS_PROTOCOL_h1,
		.end = ACCESS_CANCELLED,
		.terminator = "",
		.pool = "",
		.backend = "",
		.backend_address = "",
		.request_id = "",
		.queue_us = ACCESS_NO_TIME,
		.connect_us = ACCESS_NO_TIME,
		.first_byte_us = ACCESS_NO_TIME,
	};
	json_t *object = json_loads(json(&line), 0, NULL);

	cr_assert(object);
	cr_expect(json_is_null(json_object_get(object, "status")));
	cr_expect(json_is_null(json_object_get(object, "pool")));
	cr_expect(json_is_null(json_object_get(object, "path")));
	cr_expect(json_is_null(json_object_get(object, "queue_us")));
	cr_expect(json_is_integer(json_object_get(object, "total_us")));
	json_decref(object);
	cr_expect_str_eq(combined(&line),
			 "- - - [01/Jan/1970:00:00:00 +0000] \"- - HTTP/1.1\" "
			 "499 - \"-\" \"-\"\n");
}

static char octets[8192];

static void assert_one_line(const struct access_line *line)
{
	const char *written = json(line);
	json_t *object;

	cr_assert_eq(strchr(written, '\n'), written + strlen(written) - 1);
	object = json_loads(written, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
			    NULL);
	cr_assert(object, "%s", written);
	json_decref(object);
	written = combined(line);
	cr_assert_eq(strchr(written, '\n'), written + strlen(written) - 1);
	for (; written[1]; written++)
		cr_assert(*written >= ' ' && *written <= '~');
}

Test(access_line, any_octets)
{
	struct access_line line = full();
	unsigned seed = 3;

	for (int round = 0; round < 3000; round++) {
		size_t size = rand_r(&seed) % 300;

		for (size_t i = 0; i < size; i++)
			octets[i] = (char)(rand_r(&seed) >> 8);
		line.path = line.user_agent = line.referer = line.authority =
			line.method = (struct access_text){octets, size};
		assert_one_line(&line);
	}
}

Test(access_line, the_longest)
{
	struct access_line line = full();

	memset(octets, 1, sizeof(octets));
	line.path = line.user_agent = line.referer = line.authority =
		line.method = (struct access_text){octets, sizeof(octets)};
	assert_one_line(&line);
	cr_expect_lt(strlen(json(&line)), ACCESS_LINE_MAX - 512);
}
