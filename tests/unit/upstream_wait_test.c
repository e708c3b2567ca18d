/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests whose body waits for the backend: Expect: 100-continue, and
 * WebSockets. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "terminator/websocket.h"
#include "tests/unit/upstream_one.h"

#define HELLO "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

static const char *const expect[] = {"expect", "100-Continue", NULL};

static bool last_contains(const char *part)
{
	return memmem(script.last.data, script.last.size, part, strlen(part));
}

static bool has_interim(void *data)
{
	(void)data;
	return front.interim_count > 0;
}

Test(upstream_wait, a_body_waits_for_100)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_KEEP},
					    {"0\r\n\r\n", HELLO, STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 2);
	front.upload_size = 10;
	front_start(&front, &bed, "POST /", expect);
	bed_wait(&bed, 60);
	cr_expect(last_contains("expect: 100-Continue\r\n"));
	cr_expect(last_contains("\r\n\r\n"));
	cr_expect_eq(script.received, script.last.size, "only the header");
	script_say(&script, CONTINUE);
	bed_run(&bed, has_interim, NULL);
	cr_expect_eq(front.interims[0], 100, "the client is told");
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200);
	cr_expect_eq(front.consumed, 10);
	finish();
}

Test(upstream_wait, not_for_ever)
{
	static const struct step steps[] = {{"0\r\n\r\n", HELLO, STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 1);
	front.upload_size = 10;
	front_start(&front, &bed, "POST /", expect);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200);
	finish();
}

Test(upstream_wait, a_final_answer_comes_instead)
{
	static const struct step steps[] = {
		{"\r\n\r\n", "HTTP/1.1 417 No\r\ncontent-length: 0\r\n\r\n",
		 STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 1);
	front.upload_size = 10;
	front_start(&front, &bed, "POST /", expect);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 417);
	cr_expect_eq(script.received, script.last.size);
	bed_run(&bed, script_is_left, &script);
	finish();
}

static void open_tunnel(void)
{
	static const char *const fields[] = {"sec-websocket-version",
					     "13",
					     "sec-websocket-key",
					     "mine",
					     "te",
					     "trailers",
					     NULL};

	front.tunnel = "websocket";
	front.upload_open = true;
	front_start(&front, &bed, "CONNECT /chat", fields);
	bed_wait(&bed, 60);
}

/* Answers 101 to the key that came, with octets behind. */
static void agree(const char *behind)
{
	char key[WEBSOCKET_KEY_SIZE] = "", accept[WEBSOCKET_ACCEPT_SIZE];
	static char answer[512];
	const char *at = memmem(script.last.data, script.last.size,
				"sec-websocket-key: ", 19);

	cr_assert(at);
	memcpy(key, at + 19, WEBSOCKET_KEY_SIZE - 1);
	websocket_accept(accept, key);
	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\n"
		 "Upgrade: WebSocket\r\nSec-WebSocket-Accept: %s\r\n"
		 "Sec-WebSocket-Protocol: chat\r\n\r\n%s",
		 accept, behind);
	script_say(&script, answer);
}

static const struct step upgrade = {"\r\n\r\n", NULL, STEP_KEEP};

Test(upstream_wait, a_tunnel_both_ways)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_KEEP},
					    {"ping", "pong", STEP_KEEP},
					    {"last", "end", STEP_CLOSE}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 3);
	open_tunnel();
	cr_expect(last_contains("GET /chat HTTP/1.1\r\nhost: a.example\r\n"));
	cr_expect(last_contains("connection: upgrade\r\n"
				"upgrade: websocket\r\n"));
	cr_expect(last_contains("sec-websocket-version: 13\r\n"));
	cr_expect(!last_contains("mine") && !last_contains("te: ") &&
		  !last_contains("chunked"));
	front.upload_sent = 4;
	cr_expect_eq(exchange_request_body(front.exchange, "ping", 4), 0);
	bed_wait(&bed, 30);
	cr_expect_eq(script.step, 1, "nothing goes before the 101");
	agree("early ");
	bed_run(&bed, front_has_head, &front);
	cr_expect_eq(front.status, 200);
	cr_expect(!front.head_end);
	cr_expect(front_has_field(&front, "sec-websocket-protocol: chat"));
	cr_expect(!front_has_field(&front, "upgrade: WebSocket"));
	bed_wait(&bed, 60);
	front.upload_sent = 8;
	cr_expect_eq(exchange_request_body(front.exchange, "last", 4), 0);
	bed_run(&bed, front_done, &front);
	cr_expect(front.complete);
	cr_expect_str_eq(front_body(&front), "early pongend");
	finish();
}

Test(upstream_wait, half_a_tunnel_goes_on)
{
	bed_open(&bed, NULL);
	script_start(&script, &bed, &upgrade, 1);
	open_tunnel();
	agree("");
	bed_run(&bed, front_has_head, &front);
	cr_expect_eq(exchange_request_end(front.exchange, NULL, 0), 0);
	bed_run(&bed, script_is_left, &script);
	bed_run(&bed, front_done, &front);
	cr_expect(front.complete, "the script closes when it sees the end");
	finish();
}

static const struct {
	const char *what;
	const char *answer;
	unsigned status;
} refusals[] = {
	{"a wrong key",
	 "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
	 "sec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
	 502},
	{"no key",
	 "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
	 502},
	{"a success that is no tunnel", HELLO, 502},
	{"a refusal", "HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n", 403},
};

Test(upstream_wait, no_tunnel)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		const struct step step = {"\r\n\r\n", refusals[i].answer,
					  STEP_KEEP};

		bed_open(&bed, NULL);
		script_start(&script, &bed, &step, 1);
		open_tunnel();
		bed_run(&bed, front_done, &front);
		cr_expect_eq(front.status, refusals[i].status, "%s: %u",
			     refusals[i].what, front.status);
		finish();
	}
}

Test(upstream_wait, other_protocols)
{
	bed_open(&bed, NULL);
	script_start(&script, &bed, &upgrade, 1);
	front.tunnel = "connect-udp";
	front.upload_open = true;
	front_start(&front, &bed, "CONNECT /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 501);
	front_free(&front);
	front.tunnel = "websocket";
	front_start(&front, &bed, "GET /", NULL);
	cr_expect(front.malformed, ":protocol is CONNECT's");
	finish();
}
