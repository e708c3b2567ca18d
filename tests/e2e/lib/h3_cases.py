# SPDX-License-Identifier: GPL-2.0-only
"""What a client may not do by RFC 9114, 9204, 9218 and 9220. Each case is a
name, what may come of it, and what does it to a foreign.Client. In READY it
has its control stream and those of QPACK, in BARE it has not. Where the answer
is to be on a stream, the last function returns the stream's ID."""

from h3frames import (CANCEL_PUSH, CONTROL_STREAM, DATA, DECODER_STREAM,
                      ENCODER_STREAM, GOAWAY, HEADERS, MAX_PUSH_ID,
                      PUSH_PROMISE, PUSH_STREAM, SETTINGS, frame, headers,
                      integer, request, section, varint)
from quic_cases import FINE, STOP_SENDING, fields

CONTROL, ENCODER, DECODER = 2, 6, 10  # IDs, in READY
SERVER_CONTROL, SERVER_ENCODER, SERVER_DECODER = 3, 7, 11
PRIORITY_UPDATE, PRIORITY_UPDATE_PUSH = 0xf0700, 0xf0701
GREASE = 0x1f * 4 + 0x21
TABLE = 4096  # octets of QPACK's dynamic table that the terminator offers
BLOCKED = 100  # streams that may wait for the encoder


def application(*codes):
    return tuple(("application", code) for code in codes)


def on_stream(code):
    """The stream ends with the code, the connection goes on."""
    return (("reset", code), ("stop", code))


CREATION, CRITICAL, UNEXPECTED, FRAME, _, ID, SETTINGS_ERROR, \
    MISSING_SETTINGS = (application(0x100 + code) for code in range(3, 11))
INCOMPLETE, MESSAGE = on_stream(0x10d), on_stream(0x10e)
QPACK, QPACK_ENCODER, QPACK_DECODER = (application(0x200 + code)
                                       for code in range(3))
GET, POST = request(), request(method="POST")
TRAILERS = headers([("x", "y")])


def settings(*pairs):
    return frame(SETTINGS, b"".join(varint(number) + varint(value)
                                    for number, value in pairs))


def control(octets):
    """On the control stream, which has begun well."""
    def send(client):
        client.send(CONTROL, octets)
    return send


def begins(octets):
    """The control stream begins so."""
    def send(client):
        client.uni(CONTROL_STREAM, octets)
    return send


def opens(kind, octets=b""):
    def send(client):
        client.uni(kind, octets)
    return send


def on_request(*octets, end=False):
    """On a new stream. More than one: each in its own packet."""
    def send(client):
        stream = client.bidi(octets[0], end and len(octets) == 1)
        for number, more in enumerate(octets[1:], 2):
            client.send(stream, more, end and number == len(octets))
        return stream
    return send


def breaks(octets, end=False):
    """The same where the connection is to end by it."""
    def send(client):
        client.bidi(octets, end)
    return send


def begins_and_resets(client):
    client.reset(client.bidi(POST))


def ends(stream):
    return lambda client: client.end_stream(stream) and None


def resets(stream):
    return lambda client: client.reset(stream) and None


def stops(stream):
    return lambda client: client.packet(fields(STOP_SENDING, stream, 0x10c))


def encoder(octets):
    return lambda client: client.send(ENCODER, octets) and None


def decoder(octets):
    return lambda client: client.send(DECODER, octets) and None


def field_section(octets, before=b""):
    """A request with these octets for a field section; `before` goes to the
    encoder stream."""
    def send(client):
        if before:
            client.send(ENCODER, before)
        client.bidi(frame(HEADERS, octets), True)
    return send


def too_many_blocked(client):
    """Requests that wait for the encoder, one more than may."""
    client.send(ENCODER, capacity(TABLE))
    for _ in range(BLOCKED + 1):
        client.bidi(frame(HEADERS, prefix(2) + b"\x80"))


# Encoder instructions (RFC 9204, 4.3).
def capacity(octets):
    return integer(octets, 5, 0x20)


def insert(name, value):
    return (integer(len(name), 5, 0x40) + name + integer(len(value), 7, 0)
            + value)


def insert_by_static(index, value):
    return integer(index, 6, 0xc0) + integer(len(value), 7, 0) + value


def insert_by_dynamic(index, value):
    return integer(index, 6, 0x80) + integer(len(value), 7, 0) + value


def duplicate(index):
    return integer(index, 5, 0)


def prefix(required, base=0, sign=0):
    """The encoded Required Insert Count as it is, and Base."""
    return integer(required, 8, 0) + integer(base, 7, sign)


TINY = insert(b"a", b"b")  # 34 octets of the table
FULL = TABLE // 34
TOO_LARGE = b"\xff" * 11  # an integer over 62 bits, whatever its prefix

PSEUDO = section([(":method", "GET"), (":scheme", "https"),
                  (":authority", "localhost"), (":path", "/")])


def connect(*, more=(), **parts):
    known = dict({"method": "CONNECT", "protocol": "websocket",
                  "scheme": "https", "authority": "localhost",
                  "path": "/ws"}, **parts)
    return headers([(f":{name}", value) for name, value in known.items()
                    if value is not None] + list(more))


BARE = [
    ("a control stream without SETTINGS first: GOAWAY", MISSING_SETTINGS,
     begins(frame(GOAWAY, varint(0)))),
    ("a control stream without SETTINGS first: a reserved frame",
     MISSING_SETTINGS, begins(frame(GREASE, b"x") + settings())),
    ("a control stream without SETTINGS first: DATA",
     MISSING_SETTINGS + UNEXPECTED, begins(frame(DATA, b"x"))),
    *((f"a setting of HTTP/2: {number:#x}", SETTINGS_ERROR,
       begins(settings((number, 1)))) for number in (2, 3, 4, 5)),
    # RFC 9114, 7.2.4: may be treated so.
    ("a setting twice", SETTINGS_ERROR + FINE,
     begins(settings((6, 100000), (6, 100000)))),
    ("ENABLE_CONNECT_PROTOCOL of 2", SETTINGS_ERROR, begins(settings((8, 2)))),
    ("H3_DATAGRAM of 2", SETTINGS_ERROR + FINE, begins(settings((0x33, 2)))),
    ("a setting without its value", FRAME, begins(frame(SETTINGS, varint(6)))),
    ("a setting whose value is cut", FRAME,
     begins(frame(SETTINGS, varint(6) + b"\x80\0"))),
    ("reserved settings", FINE, begins(settings((GREASE, 77)))),
    ("a control stream that ends at once", CRITICAL + MISSING_SETTINGS,
     lambda client: client.uni(CONTROL_STREAM, end=True) and None),
    ("an encoder stream that ends at once", CRITICAL,
     lambda client: client.uni(ENCODER_STREAM, end=True) and None),
    ("a decoder stream that ends at once", CRITICAL,
     lambda client: client.uni(DECODER_STREAM, end=True) and None),
    ("a request without any other stream", FINE, lambda client: None),
]

CONTROL_STREAMS = [
    ("SETTINGS twice", UNEXPECTED, control(settings())),
    ("DATA on the control stream", UNEXPECTED, control(frame(DATA, b"x"))),
    ("HEADERS on the control stream", UNEXPECTED, control(GET)),
    ("PUSH_PROMISE on the control stream", UNEXPECTED,
     control(frame(PUSH_PROMISE, varint(0) + PSEUDO))),
    *((f"a frame of HTTP/2 on the control stream: {kind:#x}", UNEXPECTED,
       control(frame(kind, bytes(4)))) for kind in (2, 6, 8, 9)),
    ("MAX_PUSH_ID lower than before", ID,
     control(frame(MAX_PUSH_ID, varint(9)) + frame(MAX_PUSH_ID, varint(8)))),
    ("MAX_PUSH_ID longer than its number", FRAME,
     control(frame(MAX_PUSH_ID, varint(1) + b"x"))),
    ("MAX_PUSH_ID without a number", FRAME, control(frame(MAX_PUSH_ID))),
    ("CANCEL_PUSH of what was not promised", ID,
     control(frame(CANCEL_PUSH, varint(0)))),
    ("CANCEL_PUSH of what was not promised, though allowed", ID,
     control(frame(MAX_PUSH_ID, varint(9)) + frame(CANCEL_PUSH, varint(3)))),
    ("CANCEL_PUSH without a number", FRAME, control(frame(CANCEL_PUSH))),
    ("GOAWAY with a growing number", ID,
     control(frame(GOAWAY, varint(4)) + frame(GOAWAY, varint(8)))),
    ("GOAWAY with a shrinking number", FINE,
     control(frame(GOAWAY, varint(8)) + frame(GOAWAY, varint(4)))),
    ("GOAWAY longer than its number", FRAME,
     control(frame(GOAWAY, varint(4) + b"x"))),
    ("GOAWAY without a number", FRAME, control(frame(GOAWAY))),
    ("PRIORITY_UPDATE of what is no request", ID,
     control(frame(PRIORITY_UPDATE, varint(2) + b"u=1"))),
    ("PRIORITY_UPDATE of a request over the limit", ID,
     control(frame(PRIORITY_UPDATE, varint(1 << 40) + b"u=1"))),
    # RFC 9218, 7.2.
    ("PRIORITY_UPDATE of a push over the limit", ID,
     control(frame(PRIORITY_UPDATE_PUSH, varint(5) + b"u=1"))),
    ("PRIORITY_UPDATE without a number", FRAME,
     control(frame(PRIORITY_UPDATE))),
    ("reserved frames on the control stream", FINE,
     control(frame(GREASE) + frame(GREASE + 0x1f, b"x" * 99))),
    ("two control streams", CREATION, opens(CONTROL_STREAM, settings())),
    ("two encoder streams", CREATION, opens(ENCODER_STREAM)),
    ("two decoder streams", CREATION, opens(DECODER_STREAM)),
    ("a push stream", CREATION, opens(PUSH_STREAM, varint(0))),
    ("a stream of an unknown type", FINE, opens(GREASE, b"whatever")),
    ("a stream of an unknown type that ends", FINE,
     lambda client: client.uni(0x54, b"x" * 2000, end=True) and None),
    ("a unidirectional stream without a type", FINE,
     lambda client: client.end_stream(
         client.quic.get_next_available_stream_id(True)) and None),
    *((f"the end of the {name} stream", CRITICAL, ends(number))
      for name, number in (("control", CONTROL), ("encoder", ENCODER),
                           ("decoder", DECODER))),
    *((f"RESET_STREAM of the {name} stream", CRITICAL, resets(number))
      for name, number in (("control", CONTROL), ("encoder", ENCODER),
                           ("decoder", DECODER))),
    *((f"STOP_SENDING of the server's {name} stream", CRITICAL, stops(number))
      for name, number in (("control", SERVER_CONTROL),
                           ("encoder", SERVER_ENCODER),
                           ("decoder", SERVER_DECODER))),
]

REQUESTS = [
    ("DATA before HEADERS", UNEXPECTED, breaks(frame(DATA, b"x"))),
    ("HEADERS behind trailers", UNEXPECTED,
     breaks(POST + frame(DATA, b"x") + TRAILERS + TRAILERS)),
    ("DATA behind trailers", UNEXPECTED,
     breaks(POST + TRAILERS + frame(DATA, b"x"))),
    *((f"a frame of HTTP/2 in a request: {kind:#x}", UNEXPECTED,
       breaks(POST + frame(kind, bytes(4)))) for kind in (2, 6, 8, 9)),
    ("SETTINGS in a request", UNEXPECTED, breaks(POST + settings())),
    ("GOAWAY in a request", UNEXPECTED,
     breaks(POST + frame(GOAWAY, varint(0)))),
    ("MAX_PUSH_ID in a request", UNEXPECTED,
     breaks(POST + frame(MAX_PUSH_ID, varint(0)))),
    ("CANCEL_PUSH in a request", UNEXPECTED,
     breaks(POST + frame(CANCEL_PUSH, varint(0)))),
    ("PUSH_PROMISE in a request", UNEXPECTED,
     breaks(POST + frame(PUSH_PROMISE, varint(0) + PSEUDO))),
    ("PRIORITY_UPDATE in a request", UNEXPECTED,
     breaks(POST + frame(PRIORITY_UPDATE, varint(0) + b"u=1"))),
    ("HEADERS that the end cuts", FRAME, breaks(GET[:-3], end=True)),
    ("DATA that the end cuts", FRAME,
     breaks(POST + frame(DATA, b"x", length=9), end=True)),
    ("a frame type that the end cuts", FRAME,
     breaks(POST + b"\x40", end=True)),
    ("a frame length that the end cuts", FRAME,
     breaks(POST + b"\0\x80\0", end=True)),
    ("an unknown frame that the end cuts", FRAME,
     breaks(POST + frame(GREASE, b"x", length=9), end=True)),
    ("a request of no octet", INCOMPLETE, on_request(b"", end=True)),
    ("a request of a reserved frame only", INCOMPLETE,
     on_request(frame(GREASE, b"x"), end=True)),
    ("reserved frames around a request", FINE,
     on_request(frame(GREASE) + POST + frame(GREASE, b"x" * 99)
                + frame(DATA, b"x") + frame(GREASE) + TRAILERS
                + frame(GREASE), end=True)),
    ("a request that is reset", FINE, begins_and_resets),
]

MESSAGES = [
    ("no :method", MESSAGE, on_request(request(method=None), end=True)),
    ("no :scheme", MESSAGE, on_request(request(scheme=None), end=True)),
    ("no :path", MESSAGE, on_request(request(path=None), end=True)),
    ("an empty :path", MESSAGE, on_request(request(path=""), end=True)),
    ("no authority at all", MESSAGE,
     on_request(request(authority=None), end=True)),
    ("a pseudo-header field of responses", MESSAGE,
     on_request(request(more=[(":status", "200")]), end=True)),
    ("an unknown pseudo-header field", MESSAGE,
     on_request(request(more=[(":x", "y")]), end=True)),
    ("a pseudo-header field twice", MESSAGE,
     on_request(request(more=[(":path", "/")]), end=True)),
    ("a pseudo-header field behind others", MESSAGE,
     on_request(headers([(":method", "GET"), (":scheme", "https"),
                         (":authority", "localhost"), ("x", "y"),
                         (":path", "/")]), end=True)),
    ("a pseudo-header field in trailers", MESSAGE,
     on_request(POST, headers([(":path", "/")]), end=True)),
    ("a name in upper case", MESSAGE,
     on_request(request(more=[("X", "y")]), end=True)),
    ("connection", MESSAGE,
     on_request(request(more=[("connection", "close")]), end=True)),
    ("transfer-encoding", MESSAGE,
     on_request(request("POST", more=[("transfer-encoding", "chunked")]),
                end=True)),
    ("te other than trailers", MESSAGE,
     on_request(request(more=[("te", "gzip")]), end=True)),
    ("a body shorter than its Content-Length", MESSAGE,
     on_request(request("POST", more=[("content-length", "5")]),
                frame(DATA, b"x"), end=True)),
    ("a body longer than its Content-Length", MESSAGE,
     on_request(request("POST", more=[("content-length", "1")])
                + frame(DATA, b"xyz"), end=True)),
    ("CONNECT with :path", MESSAGE,
     on_request(connect(protocol=None, scheme=None))),
    (":protocol without CONNECT", MESSAGE,
     on_request(connect(method="GET"), end=True)),
    ("extended CONNECT without :scheme", MESSAGE,
     on_request(connect(scheme=None))),
    ("extended CONNECT without :path", MESSAGE,
     on_request(connect(path=None))),
    ("extended CONNECT without :authority", MESSAGE,
     on_request(connect(authority=None))),
    (":protocol twice", MESSAGE,
     on_request(connect(more=[(":protocol", "websocket")]))),
]

# On a WebSocket's stream, behind the response (RFC 9114, 4.4: of known frames
# only DATA).
TUNNELS = [
    ("HEADERS on a tunnel", UNEXPECTED, TRAILERS, False),
    ("SETTINGS on a tunnel", UNEXPECTED, settings(), False),
    ("PUSH_PROMISE on a tunnel", UNEXPECTED,
     frame(PUSH_PROMISE, varint(0) + PSEUDO), False),
    ("DATA on a tunnel that the end cuts", FRAME,
     frame(DATA, b"x", length=9), True),
    ("a reserved frame on a tunnel", FINE, frame(GREASE, b"x" * 99), False),
]

SECTIONS = [
    # Without its prefix it is none; without fields it would be malformed.
    ("a field section of no octet", QPACK + MESSAGE,
     on_request(frame(HEADERS), end=True)),
    ("a field section that is cut", QPACK, field_section(PSEUDO[:-1])),
    ("an index of the static table that is not there", QPACK,
     field_section(PSEUDO + integer(99, 6, 0xc0))),
    ("a name of the static table that is not there", QPACK,
     field_section(PSEUDO + integer(99, 4, 0x50) + b"\1x")),
    ("an integer of QPACK that is too large", QPACK,
     field_section(PSEUDO + b"\xff" + TOO_LARGE)),
    ("a dynamic entry though none is required", QPACK,
     field_section(PSEUDO + integer(0, 6, 0x80))),
    ("a dynamic name though none is required", QPACK,
     field_section(PSEUDO + integer(0, 4, 0x40) + b"\1x")),
    ("an entry behind Base though none is required", QPACK,
     field_section(PSEUDO + integer(0, 4, 0x10))),
    ("an entry behind the required ones", QPACK,
     field_section(prefix(2) + PSEUDO[2:] + integer(5, 4, 0x10),
                   capacity(TABLE) + TINY)),
    ("an entry that is not there any more", QPACK,
     field_section(prefix(FULL + 9 + 1) + PSEUDO[2:]
                   + integer(FULL + 5, 6, 0x80),
                   capacity(TABLE) + TINY * (FULL + 9))),
    ("a Required Insert Count that cannot be", QPACK,
     field_section(prefix(2 * (TABLE // 32) + 1) + PSEUDO[2:],
                   capacity(TABLE) + TINY)),
    ("a Base below nothing", QPACK,
     field_section(prefix(2, 5, 0x80) + PSEUDO[2:], capacity(TABLE) + TINY)),
    ("padding of Huffman's code over 7 bits", QPACK,
     field_section(PSEUDO + b"\x29" + b"\xff" + b"\1x")),
    ("padding of Huffman's code that is not of ones", QPACK,
     field_section(PSEUDO + b"\x29" + b"\x18" + b"\1x")),
    ("EOS in Huffman's code", QPACK,
     field_section(PSEUDO + b"\x2c" + b"\xff\xff\xff\xff" + b"\1x")),
    ("more streams that wait than may", QPACK, too_many_blocked),
]

INSTRUCTIONS = [
    ("a dynamic table larger than allowed", QPACK_ENCODER,
     encoder(capacity(TABLE + 1))),
    ("an insertion into no table", QPACK_ENCODER, encoder(TINY)),
    ("an insertion larger than the table", QPACK_ENCODER,
     encoder(capacity(100) + insert(b"a", b"b" * 99))),
    ("an insertion by a static name that is not there", QPACK_ENCODER,
     encoder(capacity(TABLE) + insert_by_static(99, b"x"))),
    ("an insertion by a dynamic name that is not there", QPACK_ENCODER,
     encoder(capacity(TABLE) + insert_by_dynamic(0, b"x"))),
    ("an insertion by a dynamic name that was dropped", QPACK_ENCODER,
     encoder(capacity(TABLE) + TINY * (FULL + 9)
             + insert_by_dynamic(FULL + 5, b"x"))),
    ("a duplicate of what is not there", QPACK_ENCODER,
     encoder(capacity(TABLE) + TINY + duplicate(1))),
    ("a string longer than the table", QPACK_ENCODER,
     encoder(capacity(TABLE) + integer(1 << 20, 5, 0x40))),
    ("a value longer than the table", QPACK_ENCODER,
     encoder(capacity(TABLE) + insert_by_static(0, b"")[:-1]
             + integer(1 << 20, 7, 0))),
    ("an integer of the encoder that is too large", QPACK_ENCODER,
     encoder(b"\x3f" + TOO_LARGE)),
    ("Huffman's code with EOS on the encoder stream", QPACK_ENCODER,
     encoder(capacity(TABLE) + b"\x64" + b"\xff" * 4 + b"\1x")),
    ("a smaller table, and one as large as before", FINE,
     encoder(capacity(TABLE) + TINY * 3 + capacity(40) + TINY
             + capacity(TABLE))),
    ("Insert Count Increment of 0", QPACK_DECODER, decoder(b"\0")),
    ("Insert Count Increment over what was inserted", QPACK_DECODER,
     decoder(b"\1")),
    ("Section Acknowledgment of no stream", QPACK_DECODER,
     decoder(integer(4, 7, 0x80))),
    ("Stream Cancellation of no stream", FINE,
     decoder(integer(4, 6, 0x40))),
    ("an integer of the decoder that is too large", QPACK_DECODER,
     decoder(b"\x3f" + TOO_LARGE)),
]

READY = CONTROL_STREAMS + REQUESTS + MESSAGES + SECTIONS + INSTRUCTIONS
