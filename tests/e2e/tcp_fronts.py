#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/2 and HTTP/1.1 over TCP at the VIPs, and plain HTTP/1.1: curl, h2load
and sockets by hand against two terminators behind the real loader."""

import hashlib
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import plain  # noqa: E402
import tap  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

HTTP_PORT = 8080
SETTINGS = {
    "loader": {"http": [f"{VIP[4]}:{HTTP_PORT}"]},
    "terminator": {"limits": {"header_timeout": "60s", "body_timeout": "60s"},
                   "idle_timeout": "60s",
                   "metrics": {"enabled": True, "allow": ["0.0.0.0/0"]}},
}
IMPATIENT = {"limits": {"header_timeout": "3s", "body_timeout": "3s"},
             "idle_timeout": "3s"}
BIG = 20_000_000
VERSIONS = ("--http1.1", "--http2")


def settings(bed):
    base = {"interface": "s0", "mode": "native", "metrics": "127.0.0.1:9464",
            "terminator_user": "nobody",
            "vips": [f"{VIP[4]}:{PORT}", f"[{VIP[6]}]:{PORT}"]}
    del bed
    return {"loader": dict(base, **SETTINGS["loader"]),
            "terminator": SETTINGS["terminator"]}


class Curl:
    def __init__(self, bed):
        self.bed = bed

    def __call__(self, *options, url="/", scheme="https", port=PORT,
                 address=VIP[4], check=True):
        """(status line and fields, body) of curl."""
        where = f"[{address}]" if ":" in address else address
        command = self.bed.network.client.enter(
            "curl", "-sS", "-i", "-m", "120", "--cacert",
            self.bed.path("cert.pem"), *options,
            f"{scheme}://{where}:{port}{url}")
        done = subprocess.run(command, capture_output=True, timeout=180,
                              check=False)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode()}")
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        while re.match(rb"HTTP/\S+ 1\d\d", head):
            head, _, body = body.partition(b"\r\n\r\n")
        return head.decode("latin-1").lower(), body

    def digest(self, *options, url):
        """Of the body alone: with -i, curl shows trailers behind it."""
        command = self.bed.network.client.enter(
            "curl", "-sS", "-m", "120", "--cacert", self.bed.path("cert.pem"),
            *options, f"https://{VIP[4]}:{PORT}{url}")
        done = subprocess.run(command, capture_output=True, timeout=180,
                              check=True)
        return hashlib.sha256(done.stdout).hexdigest()


def versions(results, bed, curl):
    for option, line in zip(VERSIONS, ("http/1.1 200", "http/2 200")):
        for family in (4, 6):
            head, body = curl(option, address=VIP[family])
            results.check(f"GET, curl {option}, IPv{family}",
                          head.startswith(line) and b"This is backend" in body,
                          head)
        results.check(f"Alt-Svc, curl {option}",
                      f'alt-svc: h3=":{PORT}"; ma=86400' in head, head)
    for version in ("1.2", "1.3"):
        head, _ = curl("--http2", "--tls-max", version, f"--tlsv{version}")
        results.check(f"TLS {version}", head.startswith("http/2 200"), head)
    head, _ = curl("--tls-max", "1.1", check=False)
    results.check("TLS 1.1 is refused", head == "", head)
    head, _ = curl("--http1.0")
    results.check("HTTP/1.0", "200" in head and "chunked" not in head, head)
    protocols = bed.total("connections_h1"), bed.total("connections_h2")
    results.check("connections are counted by protocol",
                  protocols == (3, 4), str(protocols))


def bodies(results, bed, curl):
    with open(bed.path("big"), "wb") as file:
        file.write(os.urandom(BIG))
    with open(bed.path("big"), "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    pattern = hashlib.sha256(bed.pattern(BIG)).hexdigest()
    for option in VERSIONS:
        results.equal(f"download of {BIG} octets, {option}",
                      curl.digest(option, url=f"/bytes/{BIG}"), pattern)
        results.equal(f"... chunked by the backend, {option}",
                      curl.digest(option, url=f"/chunked/{BIG}"), pattern)
        results.equal(f"echo of {BIG} octets, {option}",
                      curl.digest(option, "--data-binary",
                                  f"@{bed.path('big')}", "-H", "Expect:",
                                  url="/echo"), digest)
        results.equal(f"... of unknown length, {option}",
                      curl.digest(option, "--data-binary",
                                  f"@{bed.path('big')}", "-H",
                                  "Transfer-Encoding: chunked" if
                                  option == "--http1.1" else
                                  "Content-Length:", "-H", "Expect:",
                                  url="/echo"), digest)
        head, body = curl(option, "-H", "Expect: 100-continue", "-d", "hello",
                          url="/echo")
        results.check(f"Expect: 100-continue, {option}",
                      " 200" in head and body == b"hello", head)
        head, body = curl(option, "-I", url="/bytes/1234")
        results.check(f"HEAD, {option}", "content-length: 1234" in head
                      and body == b"", head)
        head, body = curl(option, url="/status/204")
        results.check(f"204, {option}", " 204" in head and body == b"", head)
        head, _ = curl(option, url="/hidden/nothing")
        results.check(f"404 of the backend, {option}", " 404" in head, head)
        head, _ = curl(option, "-v", url="/early-hints")
        results.check(f"103 before 200, {option}", " 200" in head, head)


def by_hand(results, bed):
    def open_tls():
        return bed.network.client.call(
            lambda: plain.connect(VIP[4], PORT, bed.path("cert.pem")))

    with open_tls() as tls:
        host = "Host: localhost\r\n"
        first = plain.ask(tls, f"GET /bytes/10 HTTP/1.1\r\n{host}\r\n")
        second = plain.ask(tls, f"GET /bytes/20 HTTP/1.1\r\n{host}\r\n")
        results.equal("a connection is kept alive",
                      (len(first[2]), len(second[2])), (10, 20))
        tls.sendall("".join(f"GET /bytes/{size} HTTP/1.1\r\n{host}\r\n"
                            for size in range(1, 31)).encode())
        sizes, rest = [], b""
        for _ in range(30):
            _, _, body, rest = plain.read_response(tls, rest)
            sizes.append(len(body))
        results.equal("30 pipelined requests are answered in order", sizes,
                      list(range(1, 31)))
        status, fields, body, _ = plain.ask(
            tls, f"GET /chunked/5000 HTTP/1.1\r\n{host}TE: trailers\r\n"
                 "Connection: TE\r\n\r\n")
        results.check("trailers of a response", status == 200
                      and "trailer x-checksum" in fields
                      and len(body) == 5000, str(fields))
        status, _, body, _ = plain.ask(
            tls, f"POST /echo HTTP/1.1\r\n{host}Transfer-Encoding: chunked"
                 "\r\n\r\n5;a=b\r\nhello\r\n3\r\nyou\r\n0\r\nX-T: 1\r\n\r\n")
        results.equal("chunks with extensions and trailers", (status, body),
                      (200, b"helloyou"))
        tls.sendall((f"POST /echo HTTP/1.1\r\n{host}Content-Length: 4\r\n"
                     "Expect: 100-continue\r\n\r\n").encode())
        interim, _, rest = plain.read_head(tls)
        tls.sendall(b"body")
        status, _, body, _ = plain.read_response(tls, rest)
        results.equal("100 comes before the body", (interim, status, body),
                      (100, 200, b"body"))
        status, fields, _, _ = plain.ask(
            tls, f"GET / HTTP/1.1\r\n{host}Connection: close\r\n\r\n")
        results.equal("Connection: close", (status, fields["connection"],
                                            plain.read_all(tls)),
                      (200, "close", b""))
    with open_tls() as tls:
        status, fields, _, _ = plain.ask(
            tls, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        again, _, _, _ = plain.ask(tls, "GET https://localhost/bytes/5 "
                                   f"HTTP/1.1\r\n{host}\r\n")
        results.equal("HTTP/1.0 keeps alive, absolute form",
                      (status, fields.get("connection"), again),
                      (200, "keep-alive", 200))
    with open_tls() as tls:
        tls.sendall(f"GET /broken/1000 HTTP/1.1\r\n{host}\r\n".encode())
        data = plain.read_all(tls)
        results.check("a response that breaks off is not made whole",
                      b" 200 " in data
                      and len(data.split(b"\r\n\r\n", 1)[1]) <= 1000,
                      f"{len(data)} octets")


def in_the_clear(results, bed, curl):
    head, body = curl(scheme="http", port=HTTP_PORT)
    results.check("plain HTTP is served", head.startswith("http/1.1 200")
                  and b"This is backend" in body, head)
    head, _ = curl(scheme="http", url="/a?b=c")
    results.check("plain HTTP at the port of TLS is redirected",
                  head.startswith("http/1.1 308")
                  and f"location: https://{VIP[4]}/a?b=c" in head, head)
    for page, content in (("/health", b'"status"'), ("/metrics", b"# HELP")):
        for where in ({"port": PORT}, {"port": HTTP_PORT}):
            head, body = curl(scheme="http", url=page, **where)
            results.check(f"{page} in the clear at port {where['port']}",
                          head.startswith("http/1.1 200")
                          and content in body, head + repr(body[:80]))
    bed.settings["terminator"]["plain_http"] = "redirect"
    status, text = bed.reload()
    head, _ = curl(scheme="http", port=HTTP_PORT, url="/x")
    results.check("plain_http: redirect, live", status == 0
                  and head.startswith("http/1.1 308")
                  and f"location: https://{VIP[4]}/x" in head, text + head)


def reload_listeners(results, bed, curl):
    other = HTTP_PORT + 1
    bed.settings["loader"]["http"] = [f"{VIP[4]}:{other}", f"[{VIP[6]}]:{other}"]
    status, text = bed.reload()
    answers = [curl("-L", scheme="http", port=other, address=VIP[family],
                    url="/health")[0][:12] for family in (4, 6)]
    results.equal("a reload adds listening sockets", (status, answers),
                  (0, ["http/1.1 200"] * 2)) or print(text)

    def refused():
        return subprocess.run(
            bed.network.client.enter("curl", "-s", "-m", "5",
                                     f"http://{VIP[4]}:{HTTP_PORT}/"),
            check=False).returncode == 7

    wait_until(refused, 5, "the other ones to be closed")
    results.check("... and closes others", True)
    bed.settings["loader"]["http"] = [f"{VIP[4]}:{other}"]
    bed.reload()


def slow_ones(results, bed):
    bed.settings["terminator"].update(IMPATIENT)
    status, text = bed.reload()
    results.check("shorter time-outs, live", status == 0, text)

    def first_answer(text):
        def go():
            with plain.connect(VIP[4], PORT, bed.path("cert.pem")) as tls:
                tls.sendall(text)
                return plain.read_all(tls)
        return bed.network.client.call(go)

    head = first_answer(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    results.check("a header section that does not end gets 408",
                  head.startswith(b"HTTP/1.1 408 "), repr(head[:60]))
    head = first_answer(b"POST /upload HTTP/1.1\r\nHost: localhost\r\n"
                        b"Content-Length: 10\r\n\r\n123")
    results.check("a body that does not end gets 408",
                  head.startswith(b"HTTP/1.1 408 "), repr(head[:60]))
    head = first_answer(b"")
    results.equal("an idle connection is closed in silence", head, b"")
    wait_until(lambda: sum(value for name, value in bed.metrics().items()
                           if 'reason="slow"' in name) >= 2, 5,
               "slow clients to be counted")
    results.check("slow clients are counted", True)


def h2load(results, bed):
    for option, name in (((), "HTTP/2"), (("--h1",), "HTTP/1.1")):
        done = subprocess.run(
            bed.network.client.enter(
                "h2load", *option, "-n", "20000", "-c", "20", "-m",
                "1" if option else "10",
                f"https://{VIP[4]}:{PORT}/bytes/1000"),
            capture_output=True, text=True, timeout=400, check=False)
        line = next(one for one in done.stdout.splitlines()
                    if one.startswith("requests:"))
        speed = next(one for one in done.stdout.splitlines()
                     if one.startswith("finished in"))
        results.figure(f"h2load, {name}, 1000 octets each: {speed}")
        results.check(f"h2load over {name}", "20000 succeeded" in line, line)


def tcp_fronts(results):
    with ConfiguredBed(settings=settings(None), terminators=2) as bed:
        curl = Curl(bed)
        versions(results, bed, curl)
        bodies(results, bed, curl)
        by_hand(results, bed)
        in_the_clear(results, bed, curl)
        reload_listeners(results, bed, curl)
        h2load(results, bed)
        slow_ones(results, bed)
        wait_until(lambda: bed.total("requests_open") == 0, 5,
                   "the last request's end")
        results.check("no request is left", True)


if __name__ == "__main__":
    tap.run(tcp_fronts)
