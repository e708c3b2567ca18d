# SPDX-License-Identifier: GPL-2.0-only
"""Responses of a backend that misbehaves, and what a client must get."""

OK = "HTTP/1.1 200 OK\r\n"
FIVE = OK + "content-length: 5\r\n"
CHUNKED = OK + "transfer-encoding: chunked\r\n\r\n"


class Case:
    """The backend sends `octets` and then does what `how` says (see
    tests/backend/raw.h). The client must get `status`; with `reset` the stream
    breaks off behind that head, else the body must be `body`. `reused`: the
    connection to the backend then serves another request, else it never
    does."""

    def __init__(self, name, octets, how="keep", status=502, reset=False,
                 body=None, reused=False, method="GET", data=None, again=""):
        self.name = name
        self.octets, self.how, self.again = octets, how, again
        self.status, self.reset, self.body = status, reset, body
        self.reused, self.method, self.data = reused, method, data

    def path(self):
        text = self.octets.encode("latin-1").hex()
        if self.again:
            text += "," + self.again.encode("latin-1").hex()
        return f"/raw/{self.how}?{text}"


def heads():
    return [Case(*one) for one in (
        ("no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        ("HTTP/0.9: just a body", "<html>hello</html>\r\n"),
        ("a status line with HTTP/0.9", "HTTP/0.9 200 OK\r\n\r\n"),
        ("HTTP/2 in a status line",
         "HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n"),
        ("HTTP/1.10", "HTTP/1.10 200 OK\r\ncontent-length: 0\r\n\r\n"),
        ("a request", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("an empty line first", "\r\n\r\n\r\n" + "x" * 10),
        ("a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"),
        ("a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"),
        ("status 600", "HTTP/1.1 600 x\r\ncontent-length: 0\r\n\r\n"),
        ("status 099", "HTTP/1.1 099 x\r\ncontent-length: 0\r\n\r\n"),
        ("status -200", "HTTP/1.1 -200 x\r\ncontent-length: 0\r\n\r\n"),
        ("status 101 unasked",
         "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
        ("lines that end in LF", "HTTP/1.1 200 OK\ncontent-length: 0\n\n"),
        ("bare CR in a value", FIVE + "x: a\rb\r\n\r\nhello"),
        ("a folded line", FIVE + "x: a\r\n b\r\n\r\nhello"),
        ("a space in front of the first field",
         OK + " x: a\r\ncontent-length: 5\r\n\r\nhello"),
        ("a space in front of the colon",
         OK + "content-length : 5\r\n\r\nhello"),
        ("NUL in a value", FIVE + "x: a\0b\r\n\r\nhello"),
        ("a control octet in a value", FIVE + "x: a\x01b\r\n\r\nhello"),
        ("NUL in a name", FIVE + "x\0y: a\r\n\r\nhello"),
        ("a space in a name", FIVE + "x y: a\r\n\r\nhello"),
        ("an empty name", FIVE + ": a\r\n\r\nhello"),
        ("a pseudo-header field", FIVE + ":status: 204\r\n\r\nhello"),
        ("a line without colon", FIVE + "x\r\n\r\nhello"),
        ("a control octet in the reason phrase",
         "HTTP/1.1 200 O\x01K\r\ncontent-length: 5\r\n\r\nhello"),
    )]


def framing():
    def head(fields, body="hello"):
        return OK + fields + "\r\n\r\n" + body

    return [Case(*one) for one in (
        ("two lengths", FIVE + "content-length: 6\r\n\r\nhello!"),
        ("the same length twice", FIVE + "content-length: 5\r\n\r\nhello"),
        ("a list of lengths", head("content-length: 5, 5")),
        ("an empty length", head("content-length:")),
        ("a signed length", head("content-length: +5")),
        ("a negative length", head("content-length: -5")),
        ("a hexadecimal length", head("content-length: 0x5")),
        ("a length over 64 bits",
         head("content-length: 18446744073709551621")),
        ("a length and chunks",
         FIVE + "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("chunks and a length",
         head("transfer-encoding: chunked\r\ncontent-length: 5",
              "0\r\n\r\n")),
        ("transfer coding gzip", head("transfer-encoding: gzip")),
        ("transfer codings gzip, chunked",
         head("transfer-encoding: gzip, chunked", "0\r\n\r\n")),
        ("chunked twice",
         head("transfer-encoding: chunked\r\ntransfer-encoding: chunked",
              "0\r\n\r\n")),
        ("an unknown transfer coding", head("transfer-encoding: xchunked")),
        ("an empty transfer coding", head("transfer-encoding:")),
        ("chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\n"
         "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("chunks of status 204", "HTTP/1.1 204 x\r\n"
         "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("chunks of an interim response", "HTTP/1.1 103 x\r\n"
         "transfer-encoding: chunked\r\n\r\n" + FIVE + "\r\nhello"),
    )]


def chunks():
    rows = [(name, CHUNKED + octets) for name, octets in (
        ("no number", "x\r\nhello\r\n0\r\n\r\n"),
        ("empty", "\r\nhello\r\n0\r\n\r\n"),
        ("negative", "-5\r\nhello\r\n0\r\n\r\n"),
        ("0x5", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("of 17 digits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("with a blank in front", " 5\r\nhello\r\n0\r\n\r\n"),
        ("with a line that ends in LF", "5\nhello\r\n0\r\n\r\n"),
        ("too small", "3\r\nhello\r\n0\r\n\r\n"),
        ("too big", "6\r\nhello\r\n0\r\n\r\n"),
        ("with NUL in an extension", "5;a\0b\r\nhello\r\n0\r\n\r\n"),
        ("with bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
    )]
    return [Case(f"chunk size {name}", octets, status=200, reset=True)
            for name, octets in rows] + [
        Case("a trailer with a length",
             CHUNKED + "5\r\nhello\r\n0\r\ncontent-length: 5\r\n\r\n",
             status=200, reset=True),
        Case("a trailer that is folded",
             CHUNKED + "5\r\nhello\r\n0\r\nx: a\r\n b\r\n\r\n", status=200,
             reset=True),
        Case("a chunk extension without end", CHUNKED + "5;", how="endless",
             again="a" * 500, status=200, reset=True),
        Case("trailers without end", CHUNKED + "0\r\n", how="endless",
             again="x: y\r\n", status=200, reset=True),
    ]


def endless():
    return [Case(name, octets, how="endless", again=again)
            for name, octets, again in (
                ("fields without end", OK, "x-many: 0123456789\r\n"),
                ("a value without end", OK + "x: ", "a" * 500),
                ("a name without end", OK, "a" * 500),
                ("a reason phrase without end", "HTTP/1.1 200 ", "a" * 500),
                ("empty lines without end", "\r\n", "\r\n" * 100),
            )] + [
        Case("interim responses without end", "HTTP/1.1 100 x\r\n\r\n",
             how="endless", again="HTTP/1.1 100 x\r\n\r\n" * 20),
        Case("early hints without end", "", how="endless",
             again="HTTP/1.1 103 x\r\nlink: </a>; rel=preload\r\n\r\n"),
    ]


def half():
    """A good response that breaks off: at every point of it."""
    text = OK + "x: y\r\ntransfer-encoding: chunked\r\n\r\n" \
        "5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n"
    head = text.index("\r\n\r\n") + 4
    rows = []
    for how in ("close", "reset"):
        for at in (*range(1, len(text) - 1, 6), len(text) - 1):
            rows.append(Case(f"{how} behind octet {at} of {len(text)}",
                             text[:at], how=how,
                             status=502 if at < head else 200,
                             reset=at >= head))
    return rows + [
        Case("close behind half a body", FIVE + "\r\nhel", how="close",
             status=200, reset=True),
        Case("reset behind half a body", FIVE + "\r\nhel", how="reset",
             status=200, reset=True),
        Case("reset of a body without length", OK + "\r\nhel", how="reset",
             status=200, reset=True),
        Case("close behind an interim response", "HTTP/1.1 103 x\r\n\r\n",
             how="close"),
    ]


def good():
    """What is right, or wrong in a way that is safe: never used again."""
    body = {"status": 200, "body": "hello"}
    return [
        Case("a length", FIVE + "\r\nhello", reused=True, **body),
        Case("chunks", CHUNKED + "2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
             reused=True, **body),
        Case("octet by octet", FIVE + "\r\nhello", how="drip", **body),
        Case("chunks octet by octet",
             CHUNKED + "5\r\nhello\r\n0\r\nx: y\r\n\r\n", how="drip", **body),
        Case("a body until the end", OK + "\r\nhello", how="close", **body),
        Case("HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
             **body),
        Case("connection: close", FIVE + "connection: close\r\n\r\nhello",
             **body),
        Case("octets behind the body", FIVE + "\r\nhelloworld", **body),
        Case("a response behind the response",
             FIVE + "\r\nhello" + FIVE + "\r\nworld", **body),
        Case("a response behind the response, later", FIVE + "\r\nhello",
             how="late", again=FIVE + "\r\nworld", **body),
        Case("an octet behind the response, later", FIVE + "\r\nhello",
             how="late", again="H", **body),
        Case("octets behind the last chunk",
             CHUNKED + "5\r\nhello\r\n0\r\n\r\nx", **body),
        Case("a body of status 204",
             "HTTP/1.1 204 x\r\ncontent-length: 5\r\n\r\nhello", status=204,
             body=""),
        Case("a body of status 304",
             "HTTP/1.1 304 x\r\ncontent-length: 5\r\n\r\nhello", status=304,
             body=""),
        Case("a body of HEAD", FIVE + "\r\nhello", method="HEAD", status=200,
             body=""),
        Case("HEAD", FIVE + "\r\n", method="HEAD", status=200, body="",
             reused=True),
        Case("a response in front of the request's end",
             "HTTP/1.1 413 x\r\ncontent-length: 5\r\n\r\nhello", how="early",
             method="POST", data=b"x" * 100, status=413, body="hello"),
    ]


GROUPS = {
    "heads": heads,
    "framing": framing,
    "chunks": chunks,
    "sections without end": endless,
    "half answers": half,
    "good and harmless": good,
}
