#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""WebSockets through the terminators: on HTTP/1.1 (RFC 6455), in the clear and
over TLS, on HTTP/2 (RFC 8441) and on HTTP/3 (RFC 9220), to a backend that
echoes."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import plain  # noqa: E402
import tap  # noqa: E402
import websocket  # noqa: E402
from bed import PORT  # noqa: E402
from network import run  # noqa: E402
from over_h3 import OverH3  # noqa: E402
from process import wait_until  # noqa: E402
from tunnels import EchoBed, HTTP_PORT, OverH1, OverH2  # noqa: E402
from websocket import frame, read_frame  # noqa: E402

BIG = os.urandom(100_000)
IMPATIENT = {"terminator": {
    "idle_timeout": "3s", "drain_timeout": "1s",
    "limits": {"header_timeout": "3s", "body_timeout": "3s"}}}


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


def sockets(bed, which):
    """(with, without) TCP keepalive: how many."""
    lines = run(*bed.network.server.enter(
        "ss", "-tnoH", "state", "established", which)).splitlines()
    probed = sum("timer:(keepalive" in line for line in lines)
    return probed, len(lines) - probed


def probed(bed):
    """Whether the tunnel's sockets are; the pool may have idle ones, too."""
    of_client = sockets(bed, f"( sport = :{PORT} or sport = :{HTTP_PORT} )")
    of_backend = sockets(bed, "( dport = :8050 )")
    return of_client == (1, 0) and of_backend[0] == 1


def silence(results, bed, name, tunnel):
    """Longer than every time-out of the bed's."""
    time.sleep(4.5)
    results.check(f"{name}: its silent sockets are probed", probed(bed))
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
        silence(results, bed, name, tunnel)
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


def end(results, name, tunnel):
    tunnel.end()
    results.check(f"{name}: the client's end is the backend's",
                  tunnel.read.at_end() and tunnel.ended == "end",
                  tunnel.ended)
    tunnel.close()


def on_h2(results, bed):
    tunnel = OverH2(bed, "/ws")
    results.equal("SETTINGS_ENABLE_CONNECT_PROTOCOL", tunnel.settings.get(8),
                  1)
    results.equal("HTTP/2: 200", tunnel.head(), 200)
    echoes(results, "HTTP/2", tunnel)
    silence(results, bed, "HTTP/2", tunnel)
    end(results, "HTTP/2", tunnel)
    closing(results, "HTTP/2", lambda path: OverH2(bed, path))
    tunnel = OverH2(bed, "/ws/refused")
    results.equal("HTTP/2: the backend refuses", tunnel.head(), 403)
    tunnel.close()
    tunnel = OverH2(bed, "/ws", protocol="connect-udp")
    results.equal("HTTP/2: another protocol gets 501", tunnel.head(), 501)
    tunnel.close()


def on_h3(results, bed):
    tunnel = OverH3(bed, "/ws")
    results.equal("HTTP/3: 200", tunnel.head(), 200)
    echoes(results, "HTTP/3", tunnel)
    end(results, "HTTP/3", tunnel)
    closing(results, "HTTP/3", lambda path: OverH3(bed, path))


def deadline(results, bed):
    """Of a drain, at which tunnels are told why they end, if no frame of the
    backend's is under way."""
    kinds = (("HTTP/1.1 over TLS", OverH1),
             ("HTTP/1.1 in the clear",
              lambda bed, path: OverH1(bed, path, tls=False)),
             ("HTTP/2", OverH2), ("HTTP/3", OverH3))
    whole = [(name, kind(bed, "/ws")) for name, kind in kinds]
    halves = [(name, kind(bed, "/ws/half")) for name, kind in kinds]
    for _, tunnel in whole:
        tunnel.head()
        tunnel.send(frame(b"something"))
        read_frame(tunnel.read)
    for _, tunnel in halves:
        tunnel.head()
        tunnel.read(len(websocket.HALF))
    for process in bed.terminators.values():
        os.kill(process.pid, signal.SIGTERM)
    for name, tunnel in whole:
        results.equal(f"{name}: at the deadline a close frame with 1001",
                      read_frame(tunnel.read),
                      (websocket.CLOSE, b"\x03\xe9"))
        results.check(f"{name}: ... and the end", tunnel.read.at_end())
    for name, tunnel in halves:
        results.check(f"{name}: no frame within another",
                      tunnel.read.at_end(), tunnel.read.data)
    for _, tunnel in whole + halves:
        tunnel.close()


def counted(results, bed):
    wait_until(lambda: bed.total("requests_open") == 0, 5,
               "the last tunnel to end")
    results.check("no request is left open", True)


def websockets(results):
    with EchoBed(backends=("b1",), pools=[{"name": "web"}],
                 settings=IMPATIENT) as bed:
        for step in (on_h1, refused_on_h1, on_h2, on_h3, counted,
                     deadline):
            step(results, bed)


tap.run(websockets)
