# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/3 octets made by hand (RFC 9114, RFC 9204): whatever a test wants, valid
or not; and h3raw, which sends them."""

import json
import subprocess

DATA, HEADERS, CANCEL_PUSH, SETTINGS = 0, 1, 3, 4
PUSH_PROMISE, GOAWAY, MAX_PUSH_ID = 5, 7, 13
CONTROL_STREAM, PUSH_STREAM, ENCODER_STREAM, DECODER_STREAM = 0, 1, 2, 3


def octets(value):
    return value if isinstance(value, bytes) else value.encode("latin-1")


def varint(number):
    """RFC 9000, 16."""
    for size, mark in ((1, 0), (2, 0x40), (4, 0x80), (8, 0xc0)):
        if number < 1 << (8 * size - 2):
            text = bytearray(number.to_bytes(size, "big"))
            text[0] |= mark
            return bytes(text)
    raise ValueError(number)


def integer(number, bits, first):
    """A QPACK integer with a prefix of so many bits (RFC 7541, 5.1)."""
    limit = (1 << bits) - 1
    if number < limit:
        return bytes([first | number])
    text = bytearray([first | limit])
    number -= limit
    while number >= 128:
        text.append(number % 128 | 128)
        number //= 128
    text.append(number)
    return bytes(text)


def frame(kind, payload=b"", length=None):
    """`length` is what the frame says, if that is not the truth."""
    return (varint(kind) + varint(len(payload) if length is None else length)
            + payload)


# Some codes of RFC 7541, appendix B: (code, bits).
HUFFMAN = {0x00: (0x1ff8, 13), 0x0a: (0x3ffffffc, 30), 0x0d: (0x3ffffffd, 30),
           0x61: (0x3, 5), 0x78: (0x79, 7)}


def huffman(text):
    number = bits = 0
    for octet in octets(text):
        code, size = HUFFMAN[octet]
        number, bits = number << size | code, bits + size
    padding = -bits % 8
    number = number << padding | (1 << padding) - 1
    return number.to_bytes((bits + padding) // 8, "big")


def literal(name, value):
    """A field line with literal name and value, never indexed."""
    name, value = octets(name), octets(value)
    return (integer(len(name), 3, 0x20) + name
            + integer(len(value), 7, 0) + value)


def huffman_literal(name, value):
    name, value = huffman(name), huffman(value)
    return (integer(len(name), 3, 0x28) + name
            + integer(len(value), 7, 0x80) + value)


def section(fields):
    """An encoded field section: each field is a pair or encoded already."""
    lines = [one if isinstance(one, bytes) else literal(*one)
             for one in fields]
    return b"\0\0" + b"".join(lines)


def headers(fields):
    return frame(HEADERS, section(fields))


def request(method="GET", path="/echo", authority="localhost", scheme="https",
            more=()):
    """A HEADERS frame. A part that is None is left out; `more` fields follow
    the pseudo-header fields."""
    pseudo = [(":method", method), (":scheme", scheme),
              (":authority", authority), (":path", path)]
    return headers([one for one in pseudo if one[1] is not None]
                   + list(more))


class Script:
    """Commands for h3raw; see its usage."""

    def __init__(self):
        self.lines = []

    def add(self, *words):
        self.lines.append(" ".join(str(word) for word in words))
        return self

    def send(self, stream, data):
        return self.add("send", stream, data.hex())

    def begin(self):
        """The client's control stream with empty SETTINGS: the server then
        uses no dynamic table."""
        return self.add("uni", "control").send(
            "control", varint(CONTROL_STREAM) + frame(SETTINGS))

    def run(self, command):
        """Returns what h3raw prints."""
        done = subprocess.run(command, input="\n".join(self.lines) + "\n",
                              stdout=subprocess.PIPE, text=True, timeout=300,
                              check=False)
        if not done.stdout:
            raise RuntimeError(f"h3raw ended with status {done.returncode}")
        return json.loads(done.stdout)
