# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/2 by hand: frames and field sections as no library would send them."""

import ssl
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY,
 WINDOW_UPDATE, CONTINUATION) = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 1, 1, 4, 8, 32
(NO_ERROR, PROTOCOL, INTERNAL, FLOW_CONTROL, SETTINGS_TIMEOUT, STREAM_CLOSED,
 FRAME_SIZE, REFUSED, CANCEL, COMPRESSION, CONNECT, CALM) = range(12)


def frame(kind, flags=0, stream=0, payload=b""):
    return (struct.pack(">I", len(payload))[1:] + bytes([kind, flags])
            + struct.pack(">I", stream) + payload)


def number(value, bits=7, first=0):
    """An integer of HPACK (RFC 7541, 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    value -= most
    octets = bytes([first | most])
    while value >= 128:
        octets += bytes([value % 128 | 128])
        value //= 128
    return octets + bytes([value])


def field(name, value):
    """A literal that is not indexed and not Huffman coded."""
    name, value = (one if isinstance(one, bytes) else one.encode("latin-1")
                   for one in (name, value))
    return b"\0" + number(len(name)) + name + number(len(value)) + value


def section(*fields):
    return b"".join(field(name, value) for name, value in fields)


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair)
                                          for pair in pairs))


class Frames:
    """The frames that come on a stream of octets."""

    def __init__(self, stream):
        self.stream = stream
        self.data = b""
        self.ended = False

    def next(self):
        """(kind, flags, stream, payload), or None at the end."""
        while True:
            size = int.from_bytes(self.data[:3], "big")
            if len(self.data) >= 9 + size and len(self.data) >= 9:
                head, payload = self.data[:9], self.data[9:9 + size]
                self.data = self.data[9 + size:]
                stream = int.from_bytes(head[5:9], "big") & 0x7fffffff
                return head[3], head[4], stream, payload
            try:
                piece = self.stream.recv(65536)
            except (ConnectionResetError, ssl.SSLError):
                piece = b""
            if not piece:
                self.ended = True
                return None
            self.data += piece


def code_of(kind, payload):
    """The error code of a GOAWAY or RST_STREAM."""
    at = 4 if kind == GOAWAY else 0
    return int.from_bytes(payload[at:at + 4], "big")
