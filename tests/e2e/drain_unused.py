#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A terminator leaves while clients, of HTTP/3, 2 and 1.1, have connected and
asked for nothing yet. One that is slow to ask is not told that its connection
ends, which many libraries take for a failure of the request, before it has its
answer; one that never asks is told a few seconds later."""

import asyncio
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import h2frames  # noqa: E402
import plain  # noqa: E402
import tap  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from foreign import PATIENCE, Client, pull, run, whole_frames  # noqa: E402
from network import VIP  # noqa: E402

SLOW_S = 2.5  # until a client asks
UNUSED_S = 5  # for which it is let alone: DRAIN_UNUSED_NS
TRIES = 5  # to be in time for that
H3_CONTROL, H3_GOAWAY = 3, 7
SETTINGS = {"terminator": {"drain_timeout": "100s", "idle_timeout": "60s"}}


class Over3:
    async def begin(self, bed):
        self.client = await Client(bed).start()
        self.client.begin()
        return self

    def told(self):
        rest = pull(self.client.stream(H3_CONTROL).data or b"\0")[1]
        return (self.client.closed.done() or H3_GOAWAY in
                [kind for kind, _ in whole_frames(rest)[0]])

    async def ask(self):
        return str(await self.client.outcome(self.client.get()))

    def end(self):
        self.client.end()


class OverTcp:
    alpn = ()

    async def begin(self, bed):
        self.stream = plain.connect(VIP[4], PORT, bed.path("cert.pem"),
                                    self.alpn)
        self.frames = h2frames.Frames(self.stream)
        return self

    def end(self):
        self.stream.close()


class Over2(OverTcp):
    alpn = ("h2",)

    async def begin(self, bed):
        await super().begin(bed)
        self.stream.sendall(h2frames.PREFACE + h2frames.settings())
        return self

    def told(self):
        self.stream.settimeout(0.1)
        try:
            while frame := self.frames.next():
                if frame[0] == h2frames.GOAWAY:
                    return True
        except TimeoutError:
            return False
        return True

    async def ask(self):
        self.stream.settimeout(PATIENCE)
        self.stream.sendall(h2frames.frame(
            h2frames.HEADERS, h2frames.END_HEADERS | h2frames.END_STREAM, 1,
            h2frames.section((":method", "GET"), (":scheme", "https"),
                             (":authority", "localhost"),
                             (":path", "/bytes/100"))))
        while frame := self.frames.next():
            if frame[0] == h2frames.HEADERS:  # 8: in HPACK's static table
                return f"answer {200 if frame[3][0] == 0x88 else frame[3]}"
        return "end"


class Over1(OverTcp):
    alpn = ("http/1.1",)

    def told(self):
        self.stream.settimeout(0.1)
        try:
            return self.stream.recv(100) == b""
        except TimeoutError:
            return False

    async def ask(self):
        self.stream.settimeout(PATIENCE)
        status = plain.ask(self.stream, "GET /bytes/100 HTTP/1.1\r\n"
                           "host: localhost\r\n\r\n")[0]
        return f"answer {status}"


async def until_told(one):
    async with asyncio.timeout(PATIENCE):
        while not one.told():
            await asyncio.sleep(0.1)


async def leave(results, bed, process):
    """False if it took too long for a client to be called slow."""
    began = time.monotonic()
    slow = [await kind().begin(bed) for kind in (Over3, Over2, Over1)]
    silent = [await kind().begin(bed) for kind in (Over3, Over2, Over1)]
    process.send(signal.SIGTERM)
    await asyncio.sleep(SLOW_S)
    told = [type(one).__name__ for one in slow + silent if one.told()]
    answers = [await one.ask() for one in slow]
    if time.monotonic() - began >= UNUSED_S:
        return False
    results.equal("who is slow to ask is told nothing meanwhile", told, [])
    results.equal("and has an answer", answers, ["answer 200"] * len(slow))
    for one in slow + silent:
        await until_told(one)
    spent = time.monotonic() - began
    results.check("who never asks is told later", spent >= UNUSED_S,
                  f"after {spent:.1f} s")
    results.figure(f"all were told after {spent:.1f} s")
    for one in slow + silent:
        one.end()
    return True


def drain_unused(results):
    for _ in range(TRIES):
        with ConfiguredBed(backends=("b1",), terminators=1,
                           settings=SETTINGS) as bed:
            process = bed.terminators["t1"]
            if run(bed, lambda: leave(results, bed, process)):
                results.equal("the process ends well",
                              process.popen.wait(PATIENCE), 0)
                return
    raise TimeoutError(f"{TRIES} times over {UNUSED_S} s for six connections")


tap.run(drain_unused)
