#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Connections to backends: what they are told of the client, PROXY protocol and
TLS with a real nginx, retries and their budget, the queue."""

import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import reasons, tool  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

NGINX = """\
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/nginx.error info;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {home}/nginx.body;
    proxy_temp_path {home}/nginx.proxy;
    fastcgi_temp_path {home}/nginx.fastcgi;
    uwsgi_temp_path {home}/nginx.uwsgi;
    scgi_temp_path {home}/nginx.scgi;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {home}/cert.pem;
    ssl_certificate_key {home}/key.pem;
    client_max_body_size 0;
    keepalive_requests 3;
    server {{
        listen 127.0.0.1:8443 ssl;
        root {home}/www;
        location = /tls/put {{
            alias {home}/www/put;
            dav_methods PUT;
        }}
        location /tls/files/ {{ alias {home}/www/; }}
        location / {{
            return 200
            "$ssl_protocol $ssl_server_name $ssl_session_reused $connection\\n";
        }}
    }}
    server {{
        listen 127.0.0.1:8081 proxy_protocol;
        listen 127.0.0.1:8444 ssl proxy_protocol;
        location / {{
            return 200
            "$proxy_protocol_addr $proxy_protocol_server_port $connection\\n";
        }}
    }}
}}
"""

UUID = r"x-request-id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]" \
       r"[0-9a-f]{3}-[0-9a-f]{12}"


def pools(home):
    def nginx(name, scheme, port, **more):
        return dict({"name": name, "backends": [
            {"name": f"n-{name}", "url": f"{scheme}://127.0.0.1:{port}"}]},
            **more)

    verified = {"ca_file": f"{home}/cert.pem", "server_name": "localhost"}
    return [
        {"name": "web", "response_timeout": "3s",
         "retries": {"on_timeout": True}, "backends": ["b1", "b2", "b3"]},
        {"name": "storm", "breaker": {"enabled": False},
         "backends": ["s1", "s2", "s3"]},
        {"name": "narrow", "max_connections": 1, "backends": ["q1"],
         "queue": {"size": 2, "timeout": "300ms"}},
        nginx("tls", "https", 8443, tls=verified),
        nginx("wrong-name", "https", 8443, tls=dict(
            verified, server_name="example.com")),
        nginx("wrong-address", "https", 8443, tls={
            "ca_file": f"{home}/cert.pem"}),
        nginx("unknown", "https", 8443, tls={"server_name": "localhost"}),
        nginx("trusting", "https", 8443, tls={"verify": False}),
        nginx("proxied", "http", 8081, proxy_protocol="v2",
              health={"interval": "1s", "timeout": "1s"}),
        nginx("proxied-tls", "https", 8444, tls=verified, proxy_protocol="v2"),
    ]


class UpstreamBed(ConfiguredBed):
    def __init__(self):
        super().__init__(backends=("b1", "b2", "b3", "s1", "s2", "s3", "q1"),
                         terminators=1)

    def _backends(self):
        self.pools = pools(self.home)
        self.sections = {"routes": [
            {"path": f"/{pool['name']}/", "pool": pool["name"]}
            for pool in self.pools[1:]] + [{"path": "/", "pool": "web"}]}
        os.makedirs(self.path("www"))
        with open(self.path("www/big"), "wb") as file:
            file.write(os.urandom(3_000_000))
        with open(self.path("nginx.conf"), "w", encoding="ascii") as file:
            file.write(NGINX.format(home=self.home))
        self.nginx = self.spawn("nginx", self.network.server, [
            tool("nginx"), "-e", self.path("nginx.error"), "-c",
            self.path("nginx.conf")])
        super()._backends()

    def pool_count(self, name, pool):
        """A counter of the pool, as the metrics say."""
        return sum(value for series, value in self.metrics().items()
                   if series.startswith(f"quicsteer_pool_{name}_total{{")
                   and f'pool="{pool}"' in series)


def introductions(results, bed, ask):
    told = ask("/", x_forwarded_for="6.6.6.6", forwarded="for=6.6.6.6",
               x_request_id="mine", x_forwarded_proto="http").body
    results.check("backends get Via, X-Forwarded-*, Forwarded and an ID; "
                  "what strangers say is replaced",
                  "x-forwarded-for: 10.77.1.1\n" in told
                  and "x-forwarded-proto: https" in told
                  and "x-forwarded-host: localhost" in told
                  and "forwarded: for=10.77.1.1;host=localhost;proto=https"
                  in told and "via: 3.0 " in told
                  and re.search(UUID, told) and "6.6.6.6" not in told, told)
    bed.settings["terminator"].update(
        forwarded={"trusted": ["10.77.1.0/24"]}, request_id={"respond": True})
    results.equal("reload", bed.reload()[0], 0)
    answer = ask("/", x_forwarded_for="6.6.6.6", forwarded="for=6.6.6.6",
                 x_request_id="mine", x_forwarded_proto="http")
    results.check("a trusted proxy is believed, and added to",
                  "x-forwarded-for: 6.6.6.6, 10.77.1.1\n" in answer.body
                  and "x-forwarded-proto: http\n" in answer.body
                  and "forwarded: for=6.6.6.6, for=10.77.1.1;" in answer.body
                  and "x-request-id: mine\n" in answer.body, answer.body)
    results.equal("the response tells the ID, too",
                  answer.fields.get("x-request-id"), "mine")


def tls(results, bed, ask):
    answer = ask("/tls/")
    results.check("TLS 1.3 with server name", answer.status == 200
                  and answer.body.startswith("TLSv1.3 localhost "),
                  str(answer))
    # nginx closes each connection after three requests.
    seen = [ask("/tls/").body.split() for _ in range(12)]
    results.check("kept-alive and resumed sessions",
                  len({one[3] for one in seen}) < 8
                  and "r" in {one[2] for one in seen}, str(seen))
    for path, why in (("wrong-name", "name"), ("wrong-address", "address"),
                      ("unknown", "authority")):
        answer = ask(f"/{path}/")
        results.check(f"a certificate of the wrong {why} becomes 502",
                      answer.status == 502 and "TLS" in answer.body,
                      str(answer))
    errors = {row["name"]: row for row in bed.rows().values()}
    results.check("verify: false takes any", ask("/trusting/").status == 200)
    log = bed.terminators["t1"].log()
    results.check("the log warns of verify: false, and says what failed",
                  "tls.verify: false" in log
                  and "TLS with backend n-wrong-name failed" in log, log[-900:])
    counted = [value for series, value in bed.metrics().items()
               if "tls_errors" in series and "n-wrong-name" in series]
    results.check("TLS failures are counted", counted and sum(counted) >= 1,
                  f"{counted} {list(errors)}")
    with open(bed.path("www/big"), "rb") as file:
        big = file.read()
    answer = ask("/tls/files/big")
    results.equal("a large body by TLS", answer.size, len(big))
    text = os.urandom(700_000).hex()
    put = ask("/tls/put", method="PUT", body=text, expect="100-continue")
    with open(bed.path("www/put"), encoding="ascii") as file:
        results.check("a large upload by TLS that waits for 100",
                      put.status in (201, 204) and file.read() == text,
                      str(put))


def tls_reload(results, bed, ask):
    """The pool's TLS changes as a whole or not at all."""
    pool = next(one for one in bed.settings["pools"] if one["name"] == "tls")
    before = pool["tls"]
    with open(bed.path("garbage.pem"), "w", encoding="ascii") as file:
        file.write("nothing\n")
    pool["tls"] = dict(before, ca_file=bed.path("garbage.pem"))
    status, said = bed.reload()
    results.check("authorities that are none are refused",
                  status != 0 and "pool tls: " in said
                  and "no PEM certificates" in said, said)
    results.check("and nothing has changed",
                  " localhost " in ask("/tls/").body)
    pool["tls"] = dict(before, server_name="other.test")
    results.equal("another name", bed.reload()[0], 0)
    answer = ask("/tls/")
    results.check("no connection goes on under the old one",
                  " other.test . " in answer.body, str(answer))
    pool["tls"] = dict(before, server_name="elsewhere.test")
    results.equal("a wrong name", bed.reload()[0], 0)
    results.equal("what was verified for another name is worth nothing",
                  ask("/tls/").status, 502)
    pool["tls"] = before
    results.equal("back", bed.reload()[0], 0)


def proxy_protocol(results, bed, ask):
    first = ask("/proxied/")
    results.check("nginx learns the client by the PROXY protocol",
                  (first.body or "").startswith("10.77.1.1 443 "), str(first))
    same = {ask("/proxied/").body for _ in range(2)}
    results.check("a client's own connection is kept", same == {first.body},
                  str(same))
    with Asker(bed) as other:
        results.check("no client gets another one's connection",
                      other("/proxied/").body not in same, str(same))
    answer = ask("/proxied-tls/")
    results.check("the header comes before TLS",
                  (answer.body or "").startswith("10.77.1.1 443 "),
                  str(answer))
    wait_until(lambda: bed.rows()["n-proxied"]["health"] == "up", 5,
               "nginx to pass its checks")
    results.check("active checks send a header, too", True)


def all_served(results, what, lines, requests):
    done = sum(one["requests"] for one in lines)
    results.check(f"{what}: every request is served",
                  all(one["ok"] for one in lines) and done == requests,
                  f"{done} of {requests}, {reasons(lines)}")


def a_backend_dies(results, bed, what, act):
    before = {name: bed.pool_count(name, "web") for name in
              ("retries_connect", "retries_broken", "retries_timeout")}
    load = bed.h3load("--connections", "10", "--rounds", "2000", "--window",
                      "5", "--get", "/bytes/1000")
    load.wait_for(lambda seen: seen["requests"] >= 1000, 10, "requests")
    act()
    all_served(results, what, load.finish(), 20000)
    used = {name: int(bed.pool_count(name, "web") - count)
            for name, count in before.items()}
    results.figure(f"{what}, 20,000 requests: {used}")
    results.check(f"{what}: by retries", sum(used.values()) > 0, str(used))


def storm(results, bed):
    for name in ("s1", "s2", "s3"):
        bed.backend_mode(name, "reset")
    load = bed.h3load("--connections", "10", "--rounds", "100", "--get",
                      "/storm/x", "--status", "502", "--unchecked")
    lines = load.finish()
    sent = sum(bed.backend_mode(name)["requests"]
               for name in ("s1", "s2", "s3"))
    results.figure(f"all backends reset: 1000 requests became {sent} at the "
                   f"backends, {sent / 1000:.2f} times as many")
    results.check("retries of a storm stay within the budget",
                  all(one["ok"] for one in lines) and 1100 < sent <= 1215,
                  f"{sent} {reasons(lines)}")
    results.check("the rest is counted",
                  bed.pool_count("retries_over_budget", "storm") >= 785)


def queue(results, bed):
    bed.backend_mode("q1", "slow:1500")
    # All come at once, as they come in one packet.
    load = bed.h3load(*["--get", "/narrow/x"] * 6, "--unchecked", "--show",
                      "--tolerant")
    answers = load.finish()[0]["responses"]
    statuses = sorted(one["status"] for one in answers)
    results.equal("one is served, two wait in vain, three find no place",
                  statuses, [404] + [503] * 5)
    after = [dict(one["fields"]).get("retry-after")
             for one in answers if one["status"] != 404]
    results.equal("with Retry-After", after, ["1"] * 5)
    results.equal("queue_full", bed.pool_count("queue_full", "narrow"), 3)
    results.equal("queue_timeouts", bed.pool_count("queue_timeouts", "narrow"),
                  2)


def upstream(results):
    with UpstreamBed() as bed:
        with Asker(bed) as ask:
            introductions(results, bed, ask)
            tls(results, bed, ask)
            tls_reload(results, bed, ask)
            proxy_protocol(results, bed, ask)
        queue(results, bed)
        storm(results, bed)
        a_backend_dies(results, bed, "SIGSTOP of one of three",
                       lambda: bed.backends["b3"][0].send(signal.SIGSTOP))
        bed.backends["b3"][0].send(signal.SIGCONT)
        wait_until(lambda: bed.rows()["b3"]["breaker"]["state"] == "closed",
                   60, "b3 to come back")
        a_backend_dies(results, bed, "SIGKILL of one of three",
                       lambda: bed.stop_backend("b2"))


tap.run(upstream)
