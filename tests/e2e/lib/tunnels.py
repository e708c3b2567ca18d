# SPDX-License-Identifier: GPL-2.0-only
"""WebSockets through the terminators, over HTTP/1.1 and over HTTP/2 (over
HTTP/3: over_h3.py), and a bed whose backend echoes them."""

import socket
import struct

import h2frames
import plain
import websocket
from bed import PORT, VIPS
from configured import ConfiguredBed
from network import VIP
from websocket import Octets

ECHO = "127.0.0.1:8050"
HTTP_PORT = 8080
# As nghttp2 writes them in HPACK, the last one Huffman coded.
STATUS = {b"\x88": 200, b"\x48\x03403": 403, b"\x48\x82\x6c\x01": 501}


class EchoBed(ConfiguredBed):
    """Everything below /ws goes to the echo."""

    def _backends(self):
        self.start_echo(ECHO)
        super()._backends()

    def _default_settings(self):
        settings = super()._default_settings()
        settings["loader"]["http"] = [f"{VIP[4]}:{HTTP_PORT}"]
        settings["loader"]["vips"] = VIPS
        settings["pools"].append(
            {"name": "echo",
             "backends": [{"name": "echo", "url": f"http://{ECHO}"}]})
        settings["routes"] = [{"path": "/ws", "pool": "echo"},
                              {"path": "/", "pool": "web"}]
        return settings


def cut(stream):
    """Below TLS: its state is of the thread that reads, and OpenSSL's memory
    does not survive two at once."""
    try:
        socket.socket.shutdown(stream, socket.SHUT_RDWR)
    except OSError:
        pass


class OverH1:
    NAME = "HTTP/1.1"

    def __init__(self, bed, path, tls=True, **options):
        ca = bed.path("cert.pem") if tls else None
        self.stream = bed.network.client.call(
            lambda: plain.connect(VIP[4], PORT if tls else HTTP_PORT, ca,
                                  whole=True))
        request, self.key = websocket.upgrade(path, **options)
        self.stream.sendall(request)
        self.status, self.fields, rest = plain.read_head(self.stream)
        self.read = Octets(lambda: self.stream.recv(65536), rest)

    def head(self):
        return self.status

    def send(self, octets):
        self.stream.sendall(octets)

    def patient(self, seconds):
        self.stream.settimeout(seconds)

    def cut(self):
        """Ends it while another thread reads."""
        cut(self.stream)

    def close(self):
        self.stream.close()


class OverH2:
    """Extended CONNECT on stream 1."""

    NAME = "HTTP/2"

    def __init__(self, bed, path, protocol="websocket", end=False):
        self.tls = bed.network.client.call(
            lambda: plain.connect(VIP[4], PORT, bed.path("cert.pem"),
                                  ("h2",), whole=True))
        self.frames = h2frames.Frames(self.tls)
        # No windows to be waited for on the way back.
        self.tls.sendall(h2frames.PREFACE + h2frames.settings((4, 1 << 30))
                         + h2frames.frame(h2frames.WINDOW_UPDATE, 0, 0,
                                        struct.pack(">I", 1 << 30)))
        self.settings = {}
        self.await_settings()
        fields = [(":method", "CONNECT"), (":protocol", protocol),
                  (":scheme", "https"), (":path", path),
                  (":authority", "localhost"),
                  ("sec-websocket-version", "13")]
        self.tls.sendall(h2frames.frame(
            h2frames.HEADERS,
            h2frames.END_HEADERS | (h2frames.END_STREAM if end else 0), 1,
            h2frames.section(*fields)))
        self.window = {0: 65535, 1: self.settings.get(4, 65535)}
        self.status = None
        self.ended = None
        self.read = Octets(self.more)

    def await_settings(self):
        while True:
            kind, flags, _, payload = self.frames.next()
            if kind == h2frames.SETTINGS and not flags & h2frames.ACK:
                self.settings = dict(
                    struct.unpack(">HI", payload[at:at + 6])
                    for at in range(0, len(payload), 6))
                return

    def take(self):
        """The next frame; octets if it is DATA."""
        got = self.frames.next()
        if not got:
            self.ended = "connection"
            return b""
        kind, flags, stream, payload = got
        if kind == h2frames.WINDOW_UPDATE:
            self.window[stream] += struct.unpack(">I", payload)[0]
        if stream != 1:
            return b""
        if kind == h2frames.RST_STREAM:
            self.ended = struct.unpack(">I", payload)[0]
        if kind == h2frames.HEADERS:
            self.status = next(
                (status for begin, status in STATUS.items()
                 if payload.startswith(begin)), payload[:8])
        if flags & h2frames.END_STREAM and kind in (h2frames.DATA,
                                                  h2frames.HEADERS):
            self.ended = "end"
        return payload if kind == h2frames.DATA else b""

    def more(self):
        while self.ended is None:
            octets = self.take()
            if octets:
                return octets
        return b""

    def head(self):
        while self.status is None and self.ended is None:
            self.take()
        return self.status

    def send(self, octets):
        while octets:
            room = min(self.window[0], self.window[1], 16384, len(octets))
            if not room:
                self.read.data += self.take()
                continue
            self.tls.sendall(h2frames.frame(h2frames.DATA, 0, 1,
                                            octets[:room]))
            self.window[0] -= room
            self.window[1] -= room
            octets = octets[room:]

    def patient(self, seconds):
        self.tls.settimeout(seconds)

    def cut(self):
        """Ends it while another thread reads."""
        cut(self.tls)

    def end(self):
        self.tls.sendall(h2frames.frame(h2frames.DATA, h2frames.END_STREAM, 1))

    def close(self):
        self.tls.close()
