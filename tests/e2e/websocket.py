#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""WebSockets through the terminators: on HTTP/1.1 (RFC 6455), in the clear and
over TLS, and on HTTP/2 (RFC 8441), to a backend that echoes."""

import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import h2frames  # noqa: E402
import plain  # noqa: E402
import tap  # noqa: E402
import websocket  # noqa: E402
from bed import PORT, VIPS  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402
from websocket import Octets, frame, read_frame  # noqa: E402

ECHO = "127.0.0.1:8050"
HTTP_PORT = 8080
BIG = os.urandom(100_000)
# As nghttp2 writes them in HPACK, the last one Huffman coded.
STATUS = {b"\x88": 200, b"\x48\x03403": 403, b"\x48\x82\x6c\x01": 501}


class EchoBed(ConfiguredBed):
    """Everything below /ws goes to the echo."""

    def _backends(self):
        script = os.path.join(os.path.dirname(websocket.__file__),
                              "websocket.py")
        echo = self.spawn("echo", self.network.server,
                          [sys.executable, script, ECHO])
        wait_until(lambda: "listening" in echo.log(), 5, "the echo")
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
        settings["terminator"].update(
            idle_timeout="2s",
            limits={"header_timeout": "1s", "body_timeout": "1s"})
        return settings


class OverH1:
    def __init__(self, bed, path, tls=True, **options):
        ca = bed.path("cert.pem") if tls else None
        self.stream = bed.network.client.call(
            lambda: plain.connect(VIP[4], PORT if tls else HTTP_PORT, ca))
        request, self.key = websocket.upgrade(path, **options)
        self.stream.sendall(request)
        self.status, self.fields, rest = plain.read_head(self.stream)
        self.read = Octets(lambda: self.stream.recv(65536), rest)

    def send(self, octets):
        self.stream.sendall(octets)

    def close(self):
        self.stream.close()


class OverH2:
    """Extended CONNECT on stream 1."""

    def __init__(self, bed, path, protocol="websocket", end=False):
        self.tls = bed.network.client.call(
            lambda: plain.connect(VIP[4], PORT, bed.path("cert.pem"),
                                  ("h2",)))
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

    def end(self):
        self.tls.sendall(h2frames.frame(h2frames.DATA, h2frames.END_STREAM, 1))

    def close(self):
        self.tls.close()


def echoes(results, name, tunnel):
    tunnel.send(frame(b"first"))
    results.equal(f"{name}: a message comes back", read_frame(tunnel.read),
                  (websocket.TEXT, b"first"))
    tunnel.send(frame(BIG[:40_000], websocket.BINARY) +
                frame(b"", websocket.PING))
    results.check(f"{name}: two of them in one go",
                  read_frame(tunnel.read) == (websocket.BINARY, BIG[:40_000])
                  and read_frame(tunnel.read) == (websocket.PONG, b""))
    for _ in range(8):
        tunnel.send(frame(BIG, websocket.BINARY))
        if read_frame(tunnel.read)[1] != BIG:
            results.check(f"{name}: 8 of 100 kB", False, "another message")
    results.check(f"{name}: 8 of 100 kB", True)


def silence(results, name, tunnel):
    """Longer than every time-out of the bed's."""
    time.sleep(3.5)
    tunnel.send(frame(b"late"))
    results.equal(f"{name}: lives through silence", read_frame(tunnel.read),
                  (websocket.TEXT, b"late"))


def closing(results, name, make):
    tunnel = make("/ws/bye")
    tunnel.send(frame(b"only"))
    read_frame(tunnel.read)
    results.check(f"{name}: the backend's end is the tunnel's",
                  tunnel.read.at_end())
    tunnel.close()
    tunnel = make("/ws")
    tunnel.send(frame(b"\x03\xe8", websocket.CLOSE))
    results.equal(f"{name}: the close handshake", read_frame(tunnel.read),
                  (websocket.CLOSE, b"\x03\xe8"))
    results.check(f"{name}: ... and the end", tunnel.read.at_end())
    tunnel.close()


def on_h1(results, bed):
    for tls in (True, False):
        name = "HTTP/1.1 over TLS" if tls else "HTTP/1.1 in the clear"
        tunnel = OverH1(bed, "/ws", tls)
        results.equal(f"{name}: 101", tunnel.status, 101)
        results.equal(f"{name}: the key's answer",
                      tunnel.fields["sec-websocket-accept"],
                      websocket.accept_of(tunnel.key).decode())
        results.check(f"{name}: its fields",
                      tunnel.fields["upgrade"] == "websocket"
                      and tunnel.fields["connection"] == "upgrade"
                      and "transfer-encoding" not in tunnel.fields
                      and "content-length" not in tunnel.fields,
                      tunnel.fields)
        echoes(results, name, tunnel)
        silence(results, name, tunnel)
        tunnel.close()
        closing(results, name, lambda path, tls=tls: OverH1(bed, path, tls))
    tunnel = OverH1(bed, "/ws/greeting")
    results.equal("a message right behind the 101", read_frame(tunnel.read),
                  (websocket.TEXT, b"hello"))
    tunnel.close()


def refused_on_h1(results, bed):
    tunnel = OverH1(bed, "/ws/refused")
    results.equal("the backend refuses: its status", tunnel.status, 403)
    results.equal("... and its text", tunnel.read(9), b"no tunnel")
    tunnel.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    status, _, _ = plain.read_head(tunnel.stream)
    results.equal("... and the connection goes on", status, 200)
    tunnel.close()
    for name, options, wanted in (
            ("no key", {"key": b""}, 400),
            ("a key of 15 octets", {"key": b"AAAAAAAAAAAAAAAAAAAA"}, 400),
            ("a key that is no Base64",
             {"key": b"AAAAAAAAAAAAAAAAAAAA!!=="}, 400),
            ("another version is the backend's business",
             {"version": "8"}, 200)):
        tunnel = OverH1(bed, "/ws", **options)
        results.equal(name, tunnel.status, wanted)
        tunnel.close()


def on_h2(results, bed):
    tunnel = OverH2(bed, "/ws")
    results.equal("SETTINGS_ENABLE_CONNECT_PROTOCOL", tunnel.settings.get(8),
                  1)
    results.equal("HTTP/2: 200", tunnel.head(), 200)
    echoes(results, "HTTP/2", tunnel)
    silence(results, "HTTP/2", tunnel)
    tunnel.end()
    results.check("HTTP/2: the client's end is the backend's",
                  tunnel.read.at_end() and tunnel.ended == "end",
                  tunnel.ended)
    tunnel.close()
    closing(results, "HTTP/2", lambda path: OverH2(bed, path))
    tunnel = OverH2(bed, "/ws/refused")
    results.equal("HTTP/2: the backend refuses", tunnel.head(), 403)
    tunnel.close()
    tunnel = OverH2(bed, "/ws", protocol="connect-udp")
    results.equal("HTTP/2: another protocol gets 501", tunnel.head(), 501)
    tunnel.close()


def counted(results, bed):
    wait_until(lambda: bed.total("requests_open") == 0, 5,
               "the last tunnel to end")
    results.check("no request is left open", True)


def websockets(results):
    with EchoBed(backends=("b1",),
                 pools=[{"name": "web"}]) as bed:
        for step in (on_h1, refused_on_h1, on_h2, counted):
            step(results, bed)


tap.run(websockets)
