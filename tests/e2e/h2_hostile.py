#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/2 clients that break RFC 9113, or make a server work for nothing: each
is answered with the error code that the RFC names, and others do not notice."""

import os
import signal
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import plain  # noqa: E402
import tap  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from h2frames import (ACK, CALM, COMPRESSION, CONTINUATION, DATA, END_HEADERS,
                      END_STREAM, FLOW_CONTROL, FRAME_SIZE, GOAWAY, HEADERS,
                      NO_ERROR, PADDED, PING, PREFACE, PRIORITIZED, PRIORITY,
                      PROTOCOL, PUSH_PROMISE, REFUSED, RST_STREAM, SETTINGS,
                      STREAM_CLOSED, WINDOW_UPDATE, Frames, code_of, field,
                      frame, section, settings)  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

SETTINGS_OF_BED = {"terminator": {
    "limits": {"header_timeout": "1s", "body_timeout": "2s"},
    "idle_timeout": "2s"}}
BOTH = END_HEADERS | END_STREAM
METHOD, PATH = (":method", "GET"), (":path", "/")
SCHEME, AUTHORITY = (":scheme", "https"), (":authority", "localhost")
GOOD = (METHOD, SCHEME, PATH, AUTHORITY)
POST = ((":method", "POST"), SCHEME, (":path", "/upload"), AUTHORITY)


def headers(fields, stream=1, flags=BOTH):
    return frame(HEADERS, flags, stream, section(*fields))


def get(stream=1):
    return headers(GOOD, stream)


def post(stream=1, *more):
    return headers(POST + more, stream, END_HEADERS)


def update(stream, size):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", size))


def window(octets):
    return b"".join(frame(DATA, 0, 1, b"x" * 16384)
                    for _ in range(octets // 16384 + 1))


# The connection ends with a GOAWAY of this code.
CONNECTION = [
    ("SETTINGS on a stream", PROTOCOL, frame(SETTINGS, 0, 1)),
    ("SETTINGS of 5 octets", FRAME_SIZE, frame(SETTINGS, 0, 0, b"12345")),
    ("SETTINGS with ACK and octets", FRAME_SIZE,
     frame(SETTINGS, ACK, 0, b"123456")),
    ("ENABLE_PUSH of 2", PROTOCOL, settings((2, 2))),
    ("INITIAL_WINDOW_SIZE over 2^31-1", FLOW_CONTROL, settings((4, 1 << 31))),
    ("MAX_FRAME_SIZE of 100", PROTOCOL, settings((5, 100))),
    ("MAX_FRAME_SIZE over 2^24-1", PROTOCOL, settings((5, 1 << 24))),
    ("PING of 7 octets", FRAME_SIZE, frame(PING, 0, 0, b"1234567")),
    ("PING on a stream", PROTOCOL, frame(PING, 0, 1, b"12345678")),
    ("DATA on stream 0", PROTOCOL, frame(DATA, 0, 0, b"x")),
    ("DATA on an idle stream", PROTOCOL, frame(DATA, 0, 1, b"x")),
    ("HEADERS on stream 0", PROTOCOL, get(0)),
    ("HEADERS on an even stream", PROTOCOL, get(2)),
    ("CONTINUATION without HEADERS", PROTOCOL,
     frame(CONTINUATION, END_HEADERS, 1)),
    ("DATA inside a field section", PROTOCOL,
     headers(GOOD, 1, 0) + frame(DATA, 0, 1, b"x")),
    ("PING inside a field section", PROTOCOL,
     headers(GOOD, 1, 0) + frame(PING, 0, 0, b"12345678")),
    ("CONTINUATION of another stream", PROTOCOL,
     headers(GOOD, 1, 0) + frame(CONTINUATION, END_HEADERS, 3)),
    ("an unknown frame inside a field section", PROTOCOL,
     headers(GOOD, 1, 0) + frame(0xee, 0, 1)),
    ("index 0 of HPACK", COMPRESSION, frame(HEADERS, BOTH, 1, b"\x80")),
    ("an index of HPACK that is not there", COMPRESSION,
     frame(HEADERS, BOTH, 1, b"\xff\xff\x01")),
    ("a table of HPACK larger than allowed", COMPRESSION,
     frame(HEADERS, BOTH, 1, b"\x3f\xe1\xff\x03" + section(*GOOD))),
    ("a literal of HPACK that is cut", COMPRESSION,
     frame(HEADERS, BOTH, 1, b"\x00\x7f")),
    ("GOAWAY on a stream", PROTOCOL, frame(GOAWAY, 0, 1, bytes(8))),
    ("GOAWAY of 7 octets", FRAME_SIZE, frame(GOAWAY, 0, 0, bytes(7))),
    ("RST_STREAM of an idle stream", PROTOCOL,
     frame(RST_STREAM, 0, 1, bytes(4))),
    ("RST_STREAM of stream 0", PROTOCOL, frame(RST_STREAM, 0, 0, bytes(4))),
    ("RST_STREAM of 3 octets", FRAME_SIZE,
     post() + frame(RST_STREAM, 0, 1, bytes(3))),
    ("WINDOW_UPDATE of 3 octets", FRAME_SIZE,
     frame(WINDOW_UPDATE, 0, 0, bytes(3))),
    ("WINDOW_UPDATE of 0", PROTOCOL, update(0, 0)),
    ("WINDOW_UPDATE of an idle stream", PROTOCOL, update(1, 1)),
    ("a window over 2^31-1", FLOW_CONTROL, update(0, (1 << 31) - 1)),
    ("a frame over 16384 octets", FRAME_SIZE,
     post() + frame(DATA, 0, 1, b"x" * 16385)),
    ("PUSH_PROMISE", PROTOCOL,
     get() + frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4))),
    ("PRIORITY on stream 0", PROTOCOL, frame(PRIORITY, 0, 0, bytes(5))),
    ("padding over the frame, DATA", PROTOCOL,
     post() + frame(DATA, PADDED, 1, b"\x05x")),
    ("padding over the frame, HEADERS", PROTOCOL,
     frame(HEADERS, BOTH | PADDED, 1, b"\xff" + section(*GOOD))),
    ("HEADERS too short for its priority", (FRAME_SIZE, PROTOCOL),
     frame(HEADERS, BOTH | PRIORITIZED, 1, b"12")),
]

# One stream ends with a RST_STREAM of this code (the RFC lets it be a GOAWAY,
# too), and the next request on the connection is answered.
STREAM = [
    ("no :method", PROTOCOL, headers((SCHEME, PATH, AUTHORITY))),
    ("no :path", PROTOCOL, headers((METHOD, SCHEME, AUTHORITY))),
    ("no :scheme", PROTOCOL, headers((METHOD, PATH, AUTHORITY))),
    ("no authority at all", PROTOCOL, headers((METHOD, SCHEME, PATH))),
    ("an empty :path", PROTOCOL,
     headers((METHOD, SCHEME, (":path", ""), AUTHORITY))),
    (":method twice", PROTOCOL, headers((METHOD,) + GOOD)),
    ("an unknown pseudo-header field", PROTOCOL,
     headers(GOOD + ((":x", "y"),))),
    (":status in a request", PROTOCOL, headers(GOOD + ((":status", "200"),))),
    ("a pseudo-header field behind others", PROTOCOL,
     headers((METHOD, SCHEME, PATH, ("x", "y"), AUTHORITY))),
    ("a name in upper case", PROTOCOL, headers(GOOD + (("X", "y"),))),
    ("a name with a blank", PROTOCOL, headers(GOOD + (("x y", "z"),))),
    ("an empty name", PROTOCOL, headers(GOOD + (("", "z"),))),
    ("CRLF in a value", PROTOCOL, headers(GOOD + (("x", "a\r\nb: c"),))),
    ("NUL in a value", PROTOCOL, headers(GOOD + (("x", "a\0b"),))),
    ("a blank before a value", PROTOCOL, headers(GOOD + (("x", " a"),))),
    ("connection", PROTOCOL, headers(GOOD + (("connection", "close"),))),
    ("keep-alive", PROTOCOL, headers(GOOD + (("keep-alive", "1"),))),
    ("transfer-encoding", PROTOCOL,
     headers(POST + (("transfer-encoding", "chunked"),))),
    ("upgrade", PROTOCOL, headers(GOOD + (("upgrade", "h2c"),))),
    ("te other than trailers", PROTOCOL, headers(GOOD + (("te", "gzip"),))),
    ("Host of another host", PROTOCOL, headers(GOOD + (("host", "other"),))),
    ("a path without slash", PROTOCOL,
     headers((METHOD, SCHEME, (":path", "x"), AUTHORITY))),
    ("CONNECT with a path", PROTOCOL,
     headers(((":method", "CONNECT"), SCHEME, PATH, AUTHORITY))),
    ("two Content-Lengths", PROTOCOL,
     headers(POST + (("content-length", "1"), ("content-length", "1")))),
    ("a body shorter than its Content-Length", PROTOCOL,
     post(1, ("content-length", "5")) + frame(DATA, END_STREAM, 1, b"x")),
    ("a body longer than its Content-Length", PROTOCOL,
     post(1, ("content-length", "1")) + frame(DATA, END_STREAM, 1, b"xyz")),
    ("no body for its Content-Length", PROTOCOL,
     headers(POST + (("content-length", "1"),))),
    ("pseudo-header fields in trailers", PROTOCOL,
     post() + headers((PATH,), 1)),
    ("trailers that do not end the stream", PROTOCOL,
     post() + headers((("x", "y"),), 1, END_HEADERS)),
    ("Content-Length in trailers", PROTOCOL,
     post() + headers((("content-length", "1"),), 1)),
    ("WINDOW_UPDATE of 0 on a stream", PROTOCOL, post() + update(1, 0)),
    ("a stream's window over 2^31-1", FLOW_CONTROL,
     post() + update(1, (1 << 31) - 1)),
]

# DATA or HEADERS behind the end of a request: an error of the stream or of the
# connection (RFC 9113, 5.1).
CLOSED = [
    ("fields of 200000 octets", (CALM, PROTOCOL, COMPRESSION),
     frame(HEADERS, END_STREAM, 1, section(*GOOD) + field("a", "x" * 16000))
     + b"".join(frame(CONTINUATION, 0, 1, field("a", "x" * 16000))
                for _ in range(11))
     + frame(CONTINUATION, END_HEADERS, 1, field("a", "x" * 16000))),
    ("DATA behind END_STREAM", STREAM_CLOSED,
     headers(POST) + frame(DATA, 0, 1, b"x")),
    ("HEADERS behind END_STREAM", STREAM_CLOSED, headers(POST) + get()),
]

FLOODS = [
    ("PING", b"".join(frame(PING, 0, 0, b"12345678") for _ in range(5000))),
    ("SETTINGS", settings() * 5000),
    ("PRIORITY", frame(PRIORITY, 0, 1, bytes(4) + b"\1") * 5000),
    ("empty DATA", post() + frame(DATA, 0, 1) * 5000),
    ("requests that are reset at once",
     b"".join(get(number) + frame(RST_STREAM, 0, number, bytes(4))
              for number in range(1, 9001, 2))),
    ("requests that have us reset them",
     b"".join(headers(GOOD + (("Upper", "x"),), number)
              for number in range(1, 9001, 2))),
    ("CONTINUATION without an octet",
     headers(GOOD, 1, 0) + frame(CONTINUATION, 0, 1) * 5000),
    ("frames of an unknown type", frame(0xee, 0, 0, b"x") * 5000),
]


class Client:
    """A connection that has exchanged SETTINGS, in the client's namespace."""

    def __init__(self, bed, begin=PREFACE + settings()):
        self.tls = bed.network.client.call(
            lambda: plain.connect(VIP[4], PORT, bed.path("cert.pem"),
                                  ("h2",)))
        self.frames = Frames(self.tls)
        self.send(begin)

    def send(self, octets):
        try:
            self.tls.sendall(octets)
        except OSError:
            pass  # it has said why, and closed

    def until_error(self, but_streams=()):
        """(kind, code) of the first GOAWAY or RST_STREAM; kind HEADERS for a
        response; None at the end."""
        while True:
            try:
                got = self.frames.next()
            except TimeoutError:
                return "time-out", None
            if not got:
                return "end", None
            kind, _, stream, payload = got
            if kind in (GOAWAY, RST_STREAM) and stream not in but_streams:
                return kind, code_of(kind, payload)

    def answered(self, stream):
        """Whether a response comes on the stream."""
        while True:
            try:
                got = self.frames.next()
            except TimeoutError:
                return False
            if not got:
                return False
            if got[0] == HEADERS and got[2] == stream:
                return True

    def close(self):
        self.tls.close()


def wanted_codes(code):
    return code if isinstance(code, tuple) else (code,)


def connections(results, bed):
    for what, code, octets in CONNECTION:
        client = Client(bed)
        client.send(octets)
        kind, seen = client.until_error()
        results.check(what, kind == GOAWAY and seen in wanted_codes(code),
                      f"{kind}, code {seen} instead of {code}")
        client.close()
    for what, octets in (("a preface of another protocol",
                          b"PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n"),
                         ("no SETTINGS behind the preface",
                          PREFACE + frame(PING, 0, 0, b"12345678"))):
        client = Client(bed, octets)
        seen = client.until_error()
        results.check(what, seen in ((GOAWAY, PROTOCOL), ("end", None)),
                      str(seen))
        client.close()


def streams(results, bed):
    for what, code, octets in STREAM:
        client = Client(bed)
        client.send(octets)
        kind, seen = client.until_error()
        good = kind in (RST_STREAM, GOAWAY) and seen in wanted_codes(code)
        if good and kind == RST_STREAM:
            client.send(get(7))
            good = client.answered(7)
        results.check(what, good, f"{kind}, code {seen} instead of {code}")
        client.close()
    for what, code, octets in CLOSED:
        client = Client(bed)
        client.send(octets)
        kind, seen = client.until_error()
        results.check(what, kind in (RST_STREAM, GOAWAY) and seen in wanted_codes(code),
                      f"{kind}, code {seen} instead of {code}")
        client.close()


def floods(results, bed):
    def counted():
        return int(sum(value for name, value in bed.metrics().items()
                       if 'reason="flood"' in name))

    wait_until(lambda: not bed.total("connections_open"), 5,
               "the end of those before")
    before = counted()
    for what, octets in FLOODS:
        client = Client(bed)
        client.send(octets)
        kind, seen = client.until_error()
        while kind == RST_STREAM:
            kind, seen = client.until_error()
        results.check(f"a flood: {what}", (kind, seen) == (GOAWAY, CALM)
                      or kind == "end", f"{kind}, code {seen}")
        client.close()

    try:  # the last connections are still being closed
        wait_until(lambda: counted() - before >= len(FLOODS), 5, "the count")
    except TimeoutError:
        pass
    seen = {name: value for name, value in bed.metrics().items()
            if "connections_closed_total" in name and value}
    results.check("floods are counted", counted() - before == len(FLOODS),
                  str(seen))


def limits(results, bed):
    client = Client(bed)
    hang = ((":method", "GET"), SCHEME, (":path", "/hang"), AUTHORITY)
    client.send(b"".join(headers(hang, number)
                         for number in range(1, 2 * 110, 2)))
    seen = client.until_error()
    results.check("more streams than were offered",
                  seen in ((RST_STREAM, REFUSED), (GOAWAY, PROTOCOL)),
                  str(seen))
    client.close()
    client = Client(bed, PREFACE + settings((4, 0)))
    client.send(headers(((":method", "GET"), SCHEME, (":path", "/bytes/9000"),
                         AUTHORITY)))
    seen = client.until_error()
    results.equal("a window that stays zero", seen, (RST_STREAM, CALM))
    client.close()
    client = Client(bed)
    client.send(post())
    results.check("a body that does not come gets a response",
                  client.answered(1))
    results.equal("... and no more time", client.until_error(),
                  (RST_STREAM, NO_ERROR))
    client.close()
    client = Client(bed)
    client.send(headers(GOOD, 1, 0))
    seen = client.until_error()
    results.equal("a field section that does not end", seen, (GOAWAY, CALM))
    client.close()
    client = Client(bed)
    began = time.monotonic()
    seen = client.until_error()
    results.check("an idle connection ends with GOAWAY", seen == (GOAWAY, 0)
                  and time.monotonic() - began < 20, str(seen))
    client.close()


def windows(results, bed):
    # What the backend takes is the client's to send again: it must not take.
    bed.backends["b1"][0].send(signal.SIGSTOP)
    client = Client(bed)
    client.send(post() + window(40_000_000))
    seen = client.until_error()
    bed.backends["b1"][0].send(signal.SIGCONT)
    wait_until(lambda: bed.total("requests_open") == 0, 10,
               "the end of that request")
    results.check("more DATA than the window", seen in (
        (GOAWAY, FLOW_CONTROL), (RST_STREAM, FLOW_CONTROL), ("end", None)),
                  str(seen))
    client.close()


def h2_hostile(results):
    with ConfiguredBed(settings=SETTINGS_OF_BED, terminators=1,
                       backends=("b1",)) as bed:
        connections(results, bed)
        streams(results, bed)
        floods(results, bed)
        limits(results, bed)
        windows(results, bed)
        client = Client(bed)
        client.send(get())
        results.check("the terminator goes on", client.answered(1))
        client.close()
        results.check("no request is left", wait_until(
            lambda: not bed.total("requests_open"), 5, "the end of requests"))


if __name__ == "__main__":
    tap.run(h2_hostile)
