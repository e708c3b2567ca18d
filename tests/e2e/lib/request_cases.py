# SPDX-License-Identifier: GPL-2.0-only
"""Requests that must not get through a proxy as they are, and some that look
like them and must."""

from h3frames import (CANCEL_PUSH, DATA, ENCODER_STREAM, GOAWAY, HEADERS,
                      MAX_PUSH_ID, PUSH_PROMISE, SETTINGS, Script, frame,
                      headers, huffman_literal, integer, octets, request,
                      section, varint)

MESSAGE_ERROR = 0x10e
REQUEST_INCOMPLETE = 0x10d
FRAME_UNEXPECTED = 0x105
FRAME_ERROR = 0x106
EXCESSIVE_LOAD = 0x107
DECOMPRESSION_FAILED = 0x200

CL = "content-length"


class Case:
    """What is sent on the stream "r", and what must come of it:

    reset    the stream is reset with this code; the connection goes on
    refused  the stream is reset with whatever code, or gets status 431
    closed   the connection is closed with this code (the framing is wrong,
             which RFC 9114 makes an error of the connection)
    status   a response with this status
    begun    octets of the request may have gone upstream before the fault came,
             but never a whole request; else nothing goes upstream
    backend  what the backend must have got, among the rest
    """

    def __init__(self, name, *parts, reset=None, closed=None, status=None, refused=False,
                 begun=False, backend=b"", absent=b"", script=None, end=True):
        self.name = name
        self.reset, self.closed, self.status = reset, closed, status
        self.refused = refused
        self.begun, self.backend, self.absent = begun, backend, absent
        self.script = script or in_pieces(parts, end)


def in_pieces(parts, end):
    """Each part goes out in packets of its own."""
    def write(script):
        script.add("open", "r")
        for number, part in enumerate(parts):
            if number:
                script.add("flush").add("wait", 20)
            script.send("r", part)
        if end:
            script.add("end", "r")
        script.add("await", "r")
    return write


def bad(name, *parts, **options):
    return Case(name, *parts, reset=MESSAGE_ERROR, **options)


def with_field(name, field, value, **options):
    return bad(name, request(more=[(field, value)]), **options)


def upload(more=()):
    """The HEADERS of a POST that the backend answers when it has all."""
    return request("POST", path="/upload", more=more)


def with_body(name, fields, *body, **options):
    """A POST, its HEADERS and DATA frames all at once."""
    return Case(name, upload(fields)
                + b"".join(frame(DATA, octets(one)) for one in body),
                **options)


def fields_of_connections():
    return [with_field(f"{name}: {value}", name, value) for name, value in (
        ("transfer-encoding", "chunked"), ("transfer-encoding", "identity"),
        ("connection", "close"), ("connection", "x-forwarded-for"),
        ("keep-alive", "timeout=5"), ("proxy-connection", "keep-alive"),
        ("upgrade", "websocket"), ("te", "gzip"), ("te", "trailers, gzip"),
        ("http2-settings", "AAMAAABk"))] + [
        with_body("transfer-encoding with a chunked body",
                  [("transfer-encoding", "chunked")], "0\r\n\r\n",
                  reset=MESSAGE_ERROR),
        with_body("transfer-encoding and content-length",
                  [("transfer-encoding", "chunked"), (CL, "5")], "0\r\n\r\n",
                  reset=MESSAGE_ERROR),
        Case("te: trailers", request(more=[("te", "trailers")]), status=200,
             backend=b"\r\nte: trailers\r\n"),
    ]


def names_and_values():
    smuggled = "a\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
    return [with_field(*one) for one in (
        ("CR LF in a value", "x", "a\r\nb: c"),
        ("a whole request in a value", "x", smuggled),
        ("LF in a value", "x", "a\nb"),
        ("CR in a value", "x", "a\rb"),
        ("NUL in a value", "x", "a\0b"),
        ("control octet in a value", "x", "a\x01b"),
        ("DEL in a value", "x", "a\x7fb"),
        ("value begins with a blank", "x", " a"),
        ("value ends with a blank", "x", "a\t"),
        ("CR LF in a cookie crumb", "cookie", "a=1\r\nx: y"),
        ("CR LF in Host", "host", "localhost\r\nx: y"),
        ("CR LF in Priority", "priority", "u=1\r\nx: y"),
        ("CR LF in User-Agent", "user-agent", "a\r\nx: y"),
        ("empty name", "", "a"),
        ("empty name and value", "", ""),
        ("upper case in a name", "X-Upper", "a"),
        ("space in a name", "x y", "a"),
        ("name ends with a space", "transfer-encoding ", "chunked"),
        ("name ends with HTAB", "content-length\t", "5"),
        ("colon in a name", "x:y", "a"),
        ("CR LF in a name", "x\r\ny", "a"),
        ("a field in a name", "x: y\r\nz", "a"),
        ("NUL in a name", "x\0y", "a"),
        ("octet over 127 in a name", "x\xe4", "a"),
        ("brackets in a name", "x(y)", "a"),
    )] + [
        bad("CR LF in a value by Huffman code", headers(
            [(":method", "GET"), (":scheme", "https"),
             (":authority", "localhost"), (":path", "/echo"),
             huffman_literal("x", "a\r\na")])),
        bad("NUL in a name by Huffman code", headers(
            [(":method", "GET"), (":scheme", "https"),
             (":authority", "localhost"), (":path", "/echo"),
             huffman_literal("x\0a", "a")])),
        bad("a bad value behind 200 good fields", request(
            more=[(f"x-{n}", "y") for n in range(200)] + [("x", "a\nb")])),
        bad("a bad value in front of 200 good fields", request(
            more=[("x", "a\nb")] + [(f"x-{n}", "y") for n in range(200)])),
        Case("a section of 100 KiB, bad at its end", request(
            more=[(f"x-{n}", "y" * 1000) for n in range(100)]
            + [("x", "a\nb")]), refused=True),
        Case("a value of 200 KiB", request(more=[("x", "y" * 200000)]),
             closed=EXCESSIVE_LOAD),
        Case("a name of 300 octets", request(more=[("x" * 300, "y")]),
             closed=EXCESSIVE_LOAD),
        Case("20,000 fields", request(more=[("x", "y")] * 20000),
             refused=True),
        Case("a trailer section of 100 KiB", upload() + frame(DATA, b"abc")
             + headers([(f"x-{n}", "y" * 1000) for n in range(100)]),
             refused=True, begun=True),
        Case("octets over 127 in a value", request(more=[("x", "\xe4\xff")]),
             status=200, backend=b"\r\nx: \xe4\xff\r\n"),
        Case("cookie crumbs are joined",
             request(more=[("cookie", "a=1"), ("cookie", "b=2")]),
             status=200, backend=b"\r\ncookie: a=1; b=2\r\n"),
    ]


def pseudo_fields():
    good = [(":method", "GET"), (":scheme", "https"),
            (":authority", "localhost"), (":path", "/echo")]
    rows = [bad(f"no {name}", headers([one for one in good
                                       if one[0] != name]))
            for name in (":method", ":scheme", ":authority", ":path")]
    rows += [bad(f"{name} twice", headers(good + [(name, value)]))
             for name, value in good]
    rows += [bad(f"empty {name}",
                 headers([(one, "" if one == name else value)
                          for one, value in good])) for name, _ in good]
    return rows + [
        bad("a second :path for another resource",
            headers(good + [(":path", "/admin")])),
        bad("a pseudo-header field behind a field",
            headers(good[:3] + [("x", "y"), (":path", "/echo")])),
        bad("an unknown pseudo-header field", headers(good + [(":x", "y")])),
        bad("a response's pseudo-header field",
            headers(good + [(":status", "200")])),
        bad(":protocol of another method than CONNECT",
            headers([(":protocol", "websocket"), *good])),
        bad("upper case in a pseudo-header field",
            headers([(":Method", "GET"), *good[1:]])),
        bad("a section without a field", frame(HEADERS, b"\0\0")),
        bad("a HEADERS frame without an octet", frame(HEADERS)),
        *[bad(f":method {value!r}", request(method=value))
          for value in ("GET /x HTTP/1.1\r\nx: y", "GET ", "G\0T", "G@T")],
        *[bad(f":scheme {value!r}", request(scheme=value))
          for value in ("ftp", "https\r\nx: y", "https://x/?")],
        *[bad(f":path {value!r}", request(path=value))
          for value in ("/a b", "/ HTTP/1.1\r\nx: y", "/a\nb", "/a\0b",
                        "/a\tb", "/\xe4", "/a#b", "a", "http://x/", "*")],
        Case("OPTIONS *", request(method="OPTIONS", path="*"), status=404,
             backend=b"OPTIONS * HTTP/1.1\r\n"),
        Case("CONNECT", headers([(":method", "CONNECT"),
                                 (":authority", "localhost:443")]),
             status=501),
        bad("CONNECT with a path",
            headers([(":method", "CONNECT"), *good[1:]])),
        bad("CONNECT without a port",
            headers([(":method", "CONNECT"), (":authority", "localhost")])),
    ]


def hosts():
    return [
        bad("neither :authority nor Host", request(authority=None)),
        bad("Host differs from :authority",
            request(more=[("host", "other.test")])),
        bad("Host with a port of its own",
            request(more=[("host", "localhost:444")])),
        bad("two Hosts, one is another",
            request(more=[("host", "localhost"), ("host", "other.test")])),
        bad("the same Host twice",
            request(more=[("host", "localhost"), ("host", "localhost")])),
        bad("two Hosts and no :authority",
            request(authority=None, more=[("host", "localhost"),
                                          ("host", "localhost")])),
        bad("empty Host", request(more=[("host", "")])),
        bad("empty :authority beside Host",
            request(authority="", more=[("host", "localhost")])),
        *[bad(f":authority {value!r}", request(authority=value))
          for value in ("me@localhost", "localhost/x", "localhost\r\nx: y",
                        "a b", "localhost:x", "localhost:65536", "[::1",
                        "localhost,other.test", "local\0host", "a\\b",
                        "%6cocalhost", ":443")],
        Case("Host in place of :authority",
             request(authority=None, more=[("host", "localhost")]),
             status=200, backend=b"\r\nhost: localhost\r\n"),
        Case("the same Host beside :authority",
             request(more=[("host", "LocalHost")]), status=200,
             backend=b"\r\nhost: localhost\r\n", absent=b"LocalHost"),
    ]


def lengths():
    rows = [with_body(f"content-length {value!r}", [(CL, value)], "hello",
                      reset=MESSAGE_ERROR)
            for value in ("", "+5", "-5", "0x5", "5, 5", "5 ", "5.0", "five",
                          "5\r\n", "18446744073709551621",
                          "9223372036854775808")]
    return rows + [
        with_body("two lengths", [(CL, "5"), (CL, "6")], "hello",
                  reset=MESSAGE_ERROR),
        with_body("the same length twice", [(CL, "5"), (CL, "5")], "hello",
                  reset=MESSAGE_ERROR),
        bad("GET with a length and no body", request(more=[(CL, "5")])),
        with_body("a length and FIN at once", [(CL, "10")],
                  reset=MESSAGE_ERROR),
        bad("a length, FIN later", upload([(CL, "10")]), b"",
            begun=True),
        bad("a body shorter than its length",
            upload([(CL, "10")]) + frame(DATA, b"abc"),
            begun=True),
        bad("a body shorter than its length, FIN later",
            upload([(CL, "10")]), frame(DATA, b"abc"), b"",
            begun=True),
        bad("a body longer than its length",
            upload([(CL, "3")]) + frame(DATA, b"0123456789"),
            begun=True),
        bad("a request behind the length",
            upload([(CL, "3")]) + frame(
                DATA, b"abcGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"),
            begun=True),
        bad("a body longer than its length, by octets",
            upload([(CL, "2")]), frame(DATA, b"a"),
            frame(DATA, b"bc"), begun=True),
        bad("a body behind length 0",
            upload([(CL, "0")]) + frame(DATA, b"x"),
            begun=True),
        bad("a body behind GET with length 0",
            request(more=[(CL, "0")]), frame(DATA, b"GET / HTTP/1.1\r\n"),
            begun=True),
        with_body("a length that is right", [(CL, "05")], "he", "llo",
                  status=200, backend=b"\r\ncontent-length: 5\r\n"),
        with_body("no length: chunks", [], "0\r\n\r\nGET /smuggled", "x",
                  status=200,
                  backend=b"12\r\n0\r\n\r\nGET /smuggled\r\n"),
        with_body("length 0", [(CL, "0")], status=200,
                  backend=b"\r\ncontent-length: 0\r\n"),
    ]


def trailers():
    def row(name, field, value):
        return bad(f"trailer {name}", upload() + frame(DATA, b"abc")
                   + headers([(field, value)]), begun=True)

    return [row(*one) for one in (
        ("with CR LF", "x", "a\r\nb: c"), ("with NUL", "x", "a\0b"),
        ("with an empty name", "", "a"), ("with upper case", "X-Sum", "a"),
        ("content-length", CL, "3"), ("host", "host", "localhost"),
        ("transfer-encoding", "transfer-encoding", "chunked"),
        ("connection", "connection", "close"), (":path", ":path", "/"),
        (":status", ":status", "200"), ("a field in a name", "x: y\r\nz", ""),
    )] + [
        bad("a bad trailer behind a length",
            upload([(CL, "3")]), frame(DATA, b"ab"),
            frame(DATA, b"c") + headers([("x", "a\nb")]), begun=True),
        Case("a good trailer", upload() + frame(DATA, b"abc")
             + headers([("x-sum", "12")]), status=200,
             backend=b"0\r\nx-sum: 12\r\n\r\n"),
        Case("trailers that are for control are left out",
             upload() + frame(DATA, b"abc")
             + headers([("authorization", "x"), ("x-sum", "12")]), status=200,
             backend=b"0\r\nx-sum: 12\r\n\r\n", absent=b"authorization"),
    ]


def blocked_section(script):
    """The section waits for a field that the encoder stream brings later: what
    is wrong with it shows when another stream is read."""
    bad_field = b"x" + integer(3, 7, 0) + b"a\nb"
    line = section([(":method", "GET"), (":scheme", "https"),
                    (":authority", "localhost"), (":path", "/echo"),
                    b"\x80"])
    script.add("uni", "encoder").send("encoder", varint(ENCODER_STREAM)
                                      + integer(4096, 5, 0x20))
    script.add("open", "r").send("r", frame(HEADERS, b"\x02\0" + line[2:]))
    script.add("end", "r").add("flush").add("wait", 20)
    script.send("encoder", integer(1, 5, 0x40) + bad_field)
    script.add("await", "r")


def cancelled_body(script):
    script.add("open", "r").send("r", upload([(CL, "10")])
                                 + frame(DATA, b"abc"))
    script.add("flush").add("wait", 20).add("reset", "r", 0x10c)
    script.add("await", "r")


def frames():
    good = request()
    return [
        bad("a field that comes by the encoder stream",
            script=blocked_section),
        Case("a client that resets its request", script=cancelled_body,
             reset=0x10c, begun=True),
        Case("FIN and nothing else", b"", reset=REQUEST_INCOMPLETE),
        Case("DATA without HEADERS", frame(DATA, b"GET / HTTP/1.1\r\n\r\n"),
             closed=FRAME_UNEXPECTED),
        Case("DATA behind trailers", upload() + frame(DATA, b"abc")
             + headers([("x", "y")]) + frame(DATA, b"d"),
             closed=FRAME_UNEXPECTED, begun=True),
        Case("HEADERS cut off", good[:-3], closed=FRAME_ERROR),
        Case("HEADERS longer than the stream",
             frame(HEADERS, section([(":path", "/")]), 90), closed=FRAME_ERROR),
        Case("DATA longer than the stream",
             upload() + frame(DATA, b"abc", 10), closed=FRAME_ERROR,
             begun=True),
        Case("an index that the static table has not",
             frame(HEADERS, b"\0\0" + integer(99, 6, 0xc0)),
             closed=DECOMPRESSION_FAILED),
        Case("a value longer than its section",
             frame(HEADERS, section([(":path", "/")])[:-1]),
             closed=DECOMPRESSION_FAILED),
        *[Case(f"{name} on a request stream", good + frame(kind, b"\0"),
               closed=FRAME_UNEXPECTED, begun=True)
          for name, kind in (("SETTINGS", SETTINGS), ("GOAWAY", GOAWAY),
                             ("CANCEL_PUSH", CANCEL_PUSH),
                             ("MAX_PUSH_ID", MAX_PUSH_ID),
                             ("PUSH_PROMISE", PUSH_PROMISE),
                             ("PING of HTTP/2", 6))],
        Case("frames of unknown types are skipped",
             frame(0x21, b"GET / HTTP/1.1\r\n\r\n") + request("POST")
             + frame(0x40, b"x") + frame(DATA, b"abc") + frame(0x21),
             status=200, absent=b"GET / HTTP"),
    ]


GROUPS = {
    "fields of connections": fields_of_connections,
    "names and values": names_and_values,
    "pseudo-header fields": pseudo_fields,
    "hosts": hosts,
    "lengths": lengths,
    "trailers": trailers,
    "frames": frames,
}
