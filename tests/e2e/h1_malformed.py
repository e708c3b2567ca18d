#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/1.1 requests that are malformed, or that two readers may take for
different ones: each gets its status and the end of its connection, and nothing
of it reaches a backend."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import plain  # noqa: E402
import tap  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

H = b"Host: localhost\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n"


def get(line=b"GET / HTTP/1.1", fields=H, body=b""):
    return line + b"\r\n" + fields + b"\r\n" + body


def post(fields, body=b""):
    return get(b"POST /echo HTTP/1.1", H + fields, body)


# What it is, the status that it must get, the octets.
REFUSED = [
    ("no Host", 400, get(fields=b"")),
    ("two Hosts", 400, get(fields=H + H)),
    ("two different Hosts", 400, get(fields=H + b"Host: other\r\n")),
    ("Host with blanks inside", 400, get(fields=b"Host: a b\r\n")),
    ("Host with userinfo", 400, get(fields=b"Host: me@localhost\r\n")),
    ("Host with a path", 400, get(fields=b"Host: localhost/x\r\n")),
    ("an empty Host", 400, get(fields=b"Host:\r\n")),
    ("absolute form of another host than Host", 400,
     get(b"GET https://other/ HTTP/1.1")),
    ("absolute form of http over TLS", 400,
     get(b"GET http://localhost/ HTTP/1.1")),
    ("absolute form of ftp", 400, get(b"GET ftp://localhost/ HTTP/1.1")),
    ("a target without slash", 400, get(b"GET x HTTP/1.1")),
    ("* for GET", 400, get(b"GET * HTTP/1.1")),
    ("a fragment", 400, get(b"GET /#x HTTP/1.1")),
    ("a target with a control octet", 400, get(b"GET /\x01 HTTP/1.1")),
    ("a target with octets over 127", 400, get(b"GET /\xc3\xa4 HTTP/1.1")),
    ("a tab in the request line", 400, get(b"GET\t/ HTTP/1.1")),
    ("an unknown method", 501, get(b"FLY / HTTP/1.1")),
    ("a method in lower case", 501, get(b"Get / HTTP/1.1")),
    ("a method that is no token", 400, get(b"G(T / HTTP/1.1")),
    ("CONNECT without a port", 400, get(b"CONNECT localhost HTTP/1.1")),
    ("HTTP/2.0", 505, get(b"GET / HTTP/2.0")),
    ("HTTP/1.2", 505, get(b"GET / HTTP/1.2")),
    ("HTTP/0.9", 505, get(b"GET / HTTP/0.9")),
    ("http/1.1 in lower case", 400, get(b"GET / http/1.1")),
    ("the preface of HTTP/2", 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("a folded field", 400, get(fields=H + b"X: a\r\n b\r\n")),
    ("a blank before the colon", 400, get(fields=H + b"X : a\r\n")),
    ("a blank before the first name", 400, get(fields=b" " + H)),
    ("a field without colon", 400, get(fields=H + b"nonsense\r\n")),
    ("a name with a parenthesis", 400, get(fields=H + b"X(: a\r\n")),
    ("an empty name", 400, get(fields=H + b": a\r\n")),
    ("NUL in a value", 400, get(fields=H + b"X: a\0b\r\n")),
    ("a control octet in a value", 400, get(fields=H + b"X: a\x02b\r\n")),
    ("lines that end with LF alone", 400,
     b"GET / HTTP/1.1\nHost: localhost\n\n"),
    ("one field that ends with LF alone", 400,
     get(fields=b"Host: localhost\nX: y\r\n")),
    ("CR inside a value", 400, get(fields=H + b"X: a\rb\r\n")),
    ("Content-Length and Transfer-Encoding", 400,
     post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
          b"0\r\n\r\n")),
    ("Transfer-Encoding and Content-Length", 400,
     post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
          b"0\r\n\r\n")),
    ("two Content-Lengths", 400,
     post(b"Content-Length: 1\r\nContent-Length: 1\r\n", b"x")),
    ("two different Content-Lengths", 400,
     post(b"Content-Length: 1\r\nContent-Length: 2\r\n", b"xy")),
    ("a list of Content-Lengths", 400, post(b"Content-Length: 1, 1\r\n",
                                            b"x")),
    ("a signed Content-Length", 400, post(b"Content-Length: +1\r\n", b"x")),
    ("a negative Content-Length", 400, post(b"Content-Length: -1\r\n", b"x")),
    ("a hexadecimal Content-Length", 400, post(b"Content-Length: 0x1\r\n",
                                               b"x")),
    ("an empty Content-Length", 400, post(b"Content-Length:\r\n", b"x")),
    ("a Content-Length over 64 bits", 400,
     post(b"Content-Length: 99999999999999999999\r\n", b"x")),
    ("Transfer-Encoding in HTTP/1.0", 400,
     get(b"POST /echo HTTP/1.0", H + b"Transfer-Encoding: chunked\r\n",
         b"0\r\n\r\n")),
    ("an unknown transfer coding", (400, 501),
     post(b"Transfer-Encoding: gzip\r\n", b"x")),
    ("gzip, chunked", 501,
     post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n")),
    ("chunked twice", (400, 501),
     post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n")),
    ("chunked in two fields", (400, 501),
     post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          b"0\r\n\r\n")),
    ("chunked with a vertical tab", (400, 501),
     post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n")),
    ("xchunked", (400, 501), post(b"Transfer-Encoding: xchunked\r\n",
                                  b"0\r\n\r\n")),
    ("an unknown expectation", 417, get(fields=H + b"Expect: wonders\r\n")),
    ("a chunk size with a sign", 400, CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n"),
    ("a chunk size with 0x", 400, CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n"),
    ("a chunk size with a blank before", 400,
     CHUNKED + b" 5\r\nhello\r\n0\r\n\r\n"),
    ("a chunk size that overflows", 400,
     CHUNKED + b"ffffffffffffffff5\r\nhello\r\n0\r\n\r\n"),
    ("a chunk without size", 400, CHUNKED + b"\r\nhello\r\n0\r\n\r\n"),
    ("a chunk that is longer than its size", 400,
     CHUNKED + b"3\r\nhello\r\n0\r\n\r\n"),
    ("a chunk that ends with LF alone", 400,
     CHUNKED + b"5\r\nhello\n0\r\n\r\n"),
    ("a chunk size that ends with LF alone", 400,
     CHUNKED + b"5\nhello\r\n0\r\n\r\n"),
    ("Content-Length among trailers", 400,
     CHUNKED + b"0\r\nContent-Length: 1\r\n\r\n"),
    ("a target of 17000 octets", 414,
     get(b"GET /" + b"a" * 17000 + b" HTTP/1.1")),
    ("a field of 70000 octets", 431, get(fields=H + b"X: " + b"a" * 70000 +
                                         b"\r\n")),
    ("300 fields", 431, get(fields=H + b"X: a\r\n" * 300)),
]

# What is unusual and good.
TAKEN = [
    # RFC 9112, 3: words may be told apart by any blanks.
    ("two blanks in the request line", 200, get(b"GET  / HTTP/1.1")),
    ("empty lines before the request", 200, b"\r\n\r\n" + get()),
    ("OPTIONS *", (200, 404), get(b"OPTIONS * HTTP/1.1")),
    ("a query", 200, get(b"GET /?a=/../b HTTP/1.1")),
    ("absolute form without path", 200, get(b"GET https://localhost "
                                            b"HTTP/1.1")),
    ("blanks around a value", 200, get(fields=b"Host: \t localhost \r\n")),
    ("a value without blank before", 200, get(fields=b"Host:localhost\r\n")),
    ("Upgrade to what is not spoken", 200,
     get(fields=H + b"Connection: upgrade\r\nUpgrade: h2c\r\n")),
    ("Content-Length: 0 with GET", 200, get(fields=H +
                                            b"Content-Length: 0\r\n")),
    ("a chunk size with leading zeros", 200,
     CHUNKED + b"0005\r\nhello\r\n0\r\n\r\n"),
    ("Transfer-Encoding: Chunked", 200,
     post(b"Transfer-Encoding: Chunked\r\n", b"0\r\n\r\n")),
]


def send(bed, octets):
    """The statuses of all responses until the connection's end, or until one
    that leaves it open."""
    def go():
        with plain.connect(VIP[4], PORT, bed.path("cert.pem")) as tls:
            tls.sendall(octets)
            status, fields, _, rest = plain.read_response(tls)
            if fields.get("connection") != "close":
                return [status]
            rest += plain.read_all(tls)
            return [status] + [b"more"] * bool(rest)
    return bed.network.client.call(go)


def judge(results, bed, what, wanted, octets, behind=b""):
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    try:
        seen = send(bed, octets + behind)
    except (OSError, ValueError) as error:
        seen = repr(error)
    results.check(what, seen in [[one] for one in wanted],
                  f"{seen} instead of {wanted}")


def h1_malformed(results):
    with ConfiguredBed(terminators=1, backends=("b1",)) as bed:
        for what, wanted, octets in TAKEN:
            judge(results, bed, what, wanted, octets)
        before = bed.backend_mode("b1")["requests"]
        for what, wanted, octets in REFUSED:
            # Whoever saw another end of it would answer this, too.
            judge(results, bed, what, wanted, octets,
                  get(b"GET /smuggled HTTP/1.1"))
        whole = bed.backend_mode("b1")["requests"] - before
        results.check("no second request came out of any",
                      "/smuggled" not in bed.backends["b1"][0].log(), "")
        results.figure(f"{len(REFUSED)} were refused; backends took note of "
                       f"{whole} that broke off in their bodies")
        results.equal("the terminator goes on", send(bed, get()), [200])
        results.check("no request is left", wait_until(
            lambda: not bed.total("requests_open"), 5, "the end of requests"))


if __name__ == "__main__":
    tap.run(h1_malformed)
