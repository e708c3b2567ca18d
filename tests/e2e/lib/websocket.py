# SPDX-License-Identifier: GPL-2.0-only
"""WebSockets (RFC 6455) by hand: frames, the client's handshake on HTTP/1.1,
and, run as a program with HOST:PORT, a backend that echoes. There the path
/refused is answered by 403, /bye closes after one message, /greeting sends a
message with its 101, and /half the begin of one."""

import base64
import hashlib
import os
import socketserver
import struct
import sys

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

HALF = b"\x81\x0ahal"


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


def frame(data, kind=TEXT, masked=True):
    size = len(data)
    mask = 0x80 if masked else 0
    head = bytes([0x80 | kind])
    if size < 126:
        head += bytes([mask | size])
    elif size < 65536:
        head += struct.pack(">BH", mask | 126, size)
    else:
        head += struct.pack(">BQ", mask | 127, size)
    if not masked:
        return head + data
    key = os.urandom(4)
    return head + key + apply_mask(data, key)


def apply_mask(data, key):
    size = len(data)
    repeated = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big")
            ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")


def read_frame(read):
    """(kind, octets); `read(n)` gives n octets."""
    first, second = read(2)
    size = second & 0x7f
    if size == 126:
        size, = struct.unpack(">H", read(2))
    elif size == 127:
        size, = struct.unpack(">Q", read(8))
    key = read(4) if second & 0x80 else None
    data = read(size)
    return first & 15, apply_mask(data, key) if key else data


class Octets:
    """read(n) over `more()`, which gives the next octets or none."""

    def __init__(self, more, data=b""):
        self.more = more
        self.data = data

    def __call__(self, size):
        while len(self.data) < size:
            piece = self.more()
            if not piece:
                raise ConnectionError(f"ended after {self.data[:100]!r}")
            self.data += piece
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def at_end(self):
        return not self.data and not self.more()


def upgrade(path="/", host="localhost", key=None, version="13", **more):
    """The handshake of a client, and its key."""
    key = key if key is not None else base64.b64encode(os.urandom(16))
    fields = "".join(f"{name}: {value}\r\n" for name, value in more.items())
    return (f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            f"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: "
            f"{version}\r\nSec-WebSocket-Key: {key.decode()}\r\n{fields}"
            "\r\n").encode(), key


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        while self.one_request():
            pass

    def one_request(self):
        line = self.rfile.readline().decode("latin-1")
        if not line:
            return False
        fields = {}
        for field in iter(self.rfile.readline, b"\r\n"):
            if not field:
                return False
            name, _, value = field.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        path = line.split(" ")[1].split("?")[0]
        key = fields.get("sec-websocket-key")
        if not key or path == "/ws/refused":
            self.answer("403 Forbidden" if key else "200 OK", "no tunnel")
            return True
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nX-Seen: "
            + repr(sorted(fields)).encode()
            + b"\r\nSec-WebSocket-Accept: " + accept_of(key.encode())
            + b"\r\n\r\n"
            + {"/ws/greeting": frame(b"hello", masked=False),
               "/ws/half": HALF}.get(path, b""))
        self.echo(path == "/ws/bye")
        return False

    def answer(self, status, text):
        self.wfile.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}"
                         f"\r\n\r\n{text}".encode())

    def echo(self, once):
        def read(size):
            data = self.rfile.read(size)
            if len(data) < size:
                raise ConnectionError
            return data

        try:
            while True:
                kind, data = read_frame(read)
                self.wfile.write(frame(data, PONG if kind == PING else kind,
                                       masked=False))
                if kind == CLOSE or once:
                    return
        except (ConnectionError, ValueError):
            return


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    host, port = sys.argv[1].rsplit(":", 1)
    with Server((host, int(port)), Echo) as server:
        print("listening", flush=True)
        server.serve_forever()
