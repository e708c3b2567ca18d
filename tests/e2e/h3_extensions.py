#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/3 beyond RFC 9114: WebSockets (RFC 9220), priorities (RFC 9218), and
what is reserved to be ignored (RFC 9114, 7.2.8 and 9), by us and by clients."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import client  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from foreign import Client, pull, run, whole_frames  # noqa: E402
from h3frames import (CONTROL_STREAM, DATA, SETTINGS, Script,  # noqa: E402
                      frame, headers, request, varint)
from hello_cases import split  # noqa: E402
from network import VIP  # noqa: E402

PRIORITY_UPDATE = 0xf0700
UPGRADER = 8100
OCTETS = 3000000


class ExtensionsBed(ConfiguredBed):
    def __init__(self):
        super().__init__(backends=("b1",), terminators=1, pools=[
            {"name": "web"},
            {"name": "sockets", "backends": [
                {"name": "up", "url": f"http://127.0.0.1:{UPGRADER}"}]}],
            settings={"terminator": {
                "idle_timeout": "4s",
                "limits": {"header_timeout": "1s", "body_timeout": "1s"}},
                "routes": [{"path": "/ws", "pool": "sockets"},
                                 {"path": "/refused", "pool": "sockets"},
                                 {"pool": "web"}]})

    def _backends(self):
        self.start_upgrader(UPGRADER)
        super()._backends()

    def h3raw(self, script):
        return script.run(self.network.client.enter(
            client("h3raw"), f"{VIP[4]}:443", "localhost"))


def connect(path="/ws", protocol="websocket", more=()):
    return headers([(":method", "CONNECT"), (":protocol", protocol),
                    (":scheme", "https"), (":authority", "localhost"),
                    (":path", path), *more])


def websockets(results, bed):
    """Both directions, both ends, and octets in both at once."""
    big = b"x" * 200000
    script = Script().begin().add("open", "w")
    script.send("w", connect(more=[("sec-websocket-version", "13"),
                                   ("sec-websocket-protocol", "chat")]))
    script.send("w", frame(DATA, b"hello ")).add("flush").add("wait", 300)
    script.send("w", frame(DATA, big)).add("flush").add("wait", 300)
    script.send("w", frame(DATA, b" bye")).add("end", "w").add("await", "w")
    seen = bed.h3raw(script)
    stream = seen["streams"]["w"]
    results.check("WebSocket over HTTP/3: 200, and an echo of 200 kB",
                  stream["status"] == 200 and stream["ended"]
                  and stream["body"] == "hello " + big.decode() + " bye",
                  f"{stream['status']} {stream['size']} {stream['code']} "
                  f"{seen['failed']}")
    results.check("its fields pass", ["sec-websocket-protocol", "chat"]
                  in stream["fields"] and "sec-websocket-accept" not in
                  [name for name, _ in stream["fields"]],
                  str(stream["fields"]))
    script = Script().begin().add("open", "w").send("w", connect())
    script.send("w", frame(DATA, b"early ")).add("flush").add("wait", 7000)
    script.send("w", frame(DATA, b"late")).add("end", "w").add("await", "w")
    stream = bed.h3raw(script)["streams"]["w"]
    results.equal("it lives through silence, longer than all time-outs",
                  (stream["status"], stream["ended"], stream["body"]),
                  (200, True, "early late"))
    script = Script().begin().add("open", "w").send("w", connect("/refused"))
    script.add("await", "w")
    stream = bed.h3raw(script)["streams"]["w"]
    results.equal("a backend's refusal is passed on",
                  (stream["status"], stream["body"]), (403, "no"))
    script = Script().begin().add("open", "u")
    script.send("u", connect(protocol="connect-udp")).add("end", "u")
    script.add("await", "u").add("open", "g").send("g", request())
    script.add("end", "g").add("await", "g")
    seen = bed.h3raw(script)
    results.equal("extended CONNECT to something else: 501, nothing more",
                  [seen["streams"][name]["status"] for name in "ug"],
                  [501, 200])


def two_downloads(bed, second, update=None):
    """Asks for two bodies and ends with the second. Returns both streams;
    stream IDs are 0 and 4."""
    script = Script().begin().add("open", "a").add("open", "b")
    if update:
        script.send("control", frame(PRIORITY_UPDATE,
                                     varint(4) + update)).add("flush")
        script.add("wait", 100)
    path = f"/bytes/{OCTETS}"
    script.send("a", request(path=path)).add("end", "a")
    script.send("b", request(path=path, more=second)).add("end", "b")
    script.add("flush").add("await", "b")
    streams = bed.h3raw(script)["streams"]
    return streams["a"], streams["b"]


def priorities(results, bed):
    first, second = two_downloads(bed, [])
    results.check("without priorities the first request is answered first",
                  second["ended"] and first["ended"],
                  f"{first['size']} {second['size']}")
    for name, more, update in (
            ("priority: u=0", [("priority", "u=0")], None),
            ("PRIORITY_UPDATE", [], b"u=0"),
            ("PRIORITY_UPDATE over priority: u=7", [("priority", "u=7")],
             b"u=1")):
        first, second = two_downloads(bed, more, update)
        results.check(f"{name}: the second overtakes the first",
                      second["ended"] and second["size"] == OCTETS
                      and not first["ended"] and first["size"] < OCTETS,
                      f"{first['size']} {second['size']}")


def reserved(results, bed):
    script = Script().add("uni", "control").send(
        "control", varint(CONTROL_STREAM)
        + frame(SETTINGS, varint(0x1f * 7 + 0x21) + varint(99))
        + frame(0x1f * 3 + 0x21, b"abc"))
    script.add("uni", "grease").send("grease", varint(0x1f * 5 + 0x21)
                                     + b"whatever").add("end", "grease")
    script.add("open", "r")
    script.send("r", frame(0x1f + 0x21, b"x") + request(method="POST")
                + frame(0x1f * 2 + 0x21, b"y" * 300) + frame(DATA, b"body")
                + frame(0x21)).add("end", "r").add("await", "r")
    seen = bed.h3raw(script)
    stream = seen["streams"]["r"]
    results.check("reserved settings, frames and streams are ignored",
                  stream["status"] == 200 and stream["body"] == "body"
                  and not seen["failed"], str(seen))


def settings_of(client):
    """The numbers in the server's SETTINGS; its control stream is 3."""
    kind, rest = pull(client.stream(3).data or b"\xff")
    found, frames = [], whole_frames(rest)[0] if kind == CONTROL_STREAM else []
    octets = frames[0][1] if frames and frames[0][0] == SETTINGS else b""
    while octets:
        number, octets = pull(octets)
        found.append(number)
        _, octets = pull(octets)
    return found


async def greased(bed, window):
    """(transport parameters, settings that are reserved, how a request ends)
    for a client whose streams have this much room."""
    client = await Client(bed, options={"max_stream_data": window}).start()
    try:
        client.begin()
        how = str(await client.outcome(client.get()))
        await client.until(lambda: settings_of(client), "SETTINGS")
        return ([number for number, _ in split(client.quic.peer_parameters)
                 if number % 31 == 27],
                [number for number in settings_of(client)
                 if number >= 0x21 and number % 0x1f == 0x21 % 0x1f], how)
    finally:
        client.end()


def grease(results, bed):
    seen = [run(bed, lambda: greased(bed, window))
            for window in (100000, 100000, 100000, 10)]
    results.check("a reserved transport parameter and setting for each client",
                  all(len(parameters) == 1 and len(settings) == 1
                      and how == "answer 200"
                      for parameters, settings, how in seen), str(seen))
    results.check("which are others each time",
                  all(len({str(one[at]) for one in seen}) == len(seen)
                      for at in (0, 1)), str(seen))


def extensions(results):
    with ExtensionsBed() as bed:
        websockets(results, bed)
        priorities(results, bed)
        reserved(results, bed)
        grease(results, bed)


tap.run(extensions)
