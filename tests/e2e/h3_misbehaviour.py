#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/3 clients that break RFC 9000, 9114 or 9204, one thing each: each is
answered with the error code that the RFC names, a good client that is served
all the while does not notice, and the terminators live.

The client is aioquic, a stack with no line in common with the terminator's.
What may come of a case, and where the RFC leaves a choice, is said in the
tables of lib/{quic,hello,h3}_cases.py."""

import asyncio
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import foreign  # noqa: E402
import h3_cases  # noqa: E402
import hello_cases  # noqa: E402
import quic_cases  # noqa: E402
import tap  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402
from quic_cases import FINE  # noqa: E402

AT_ONCE = 12
UPGRADER = 8100
# More streams than QPACK lets wait.
SETTINGS = {"terminator": {"quic": {"early_data": True},
                           "limits": {"streams": 150}},
            "routes": [{"path": "/ws", "pool": "sockets"}, {"pool": "web"}]}


class MisbehaviourBed(ConfiguredBed):
    def __init__(self):
        super().__init__(backends=("b1",), terminators=2, pools=[
            {"name": "web"},
            {"name": "sockets", "backends": [
                {"name": "up", "url": f"http://127.0.0.1:{UPGRADER}"}]}],
            settings=SETTINGS)

    def _backends(self):
        self.start_upgrader(UPGRADER)
        super()._backends()


def wanted_text(wanted):
    return " or ".join(str(foreign.Seen(*one)) for one in wanted)


class Runner:
    """Runs cases, some at once, and keeps what is seen of each by name."""

    def __init__(self, bed):
        self.bed = bed
        self.seen = {}
        self.ticket = None
        self.room = asyncio.Semaphore(AT_ONCE)

    async def judge(self, client, wanted, watched):
        """What comes of a case, and whether that is right."""
        if FINE[0] in wanted and watched is None:
            watched = client.get()
        seen = await client.outcome(watched)
        good = (seen.kind, seen.code) in wanted
        if good and seen.kind in ("reset", "stop"):
            after = await client.outcome(client.get())
            if (after.kind, after.code) != FINE[0]:
                return False, f"{seen}, and then {after}"
        return good, str(seen)

    async def run(self, name, wanted, act):
        """`act(client)`, of a case; see the ways to begin below."""
        async with self.room:
            client = None
            try:
                client, watched = await act()
                good, seen = await self.judge(client, wanted, watched)
            except Exception as error:  # of one case, not of them all
                good, seen = False, f"{type(error).__name__}: {error}"
            finally:
                if client:
                    client.end()
        assert name not in self.seen, f"two cases have the name: {name}"
        self.seen[name] = (good, f"{seen} instead of {wanted_text(wanted)}")

    def after_handshake(self, do, begin):
        async def act():
            client = await foreign.Client(self.bed).start()
            if begin:
                client.begin()
            return client, do(client)
        return act

    def in_tunnel(self, octets, end):
        async def act():
            client = await foreign.Client(self.bed).start()
            client.begin()
            stream = client.bidi(h3_cases.connect())
            await client.until(lambda: client.status(stream) == 200, "tunnel")
            client.send(stream, octets, end)
            return client, None
        return act

    def optimistic(self):
        """Acknowledges all that could have come of a download (RFC 9000,
        21.4; CVE-2025-4820): some numbers were skipped."""
        async def act():
            client = await foreign.Client(self.bed).start()
            client.begin()
            await client.outcome(client.get("/bytes/1000000"))
            largest = client.largest_received()
            client.packet(quic_cases.fields(quic_cases.ACK, largest, 0, 0,
                                            largest))
            return client, None
        return act

    def in_handshake(self, do):
        """Behind the ClientHello. For Handshake packets it waits for the keys,
        and does not complete the handshake."""
        async def act():
            client = await foreign.Client(self.bed).open()
            client.transmit()
            if do.epoch == foreign.INITIAL:
                do(client)
                await client.is_confirmed()
            else:
                client.hold = True
                await client.until(client.has_handshake_keys, "server's keys")
                do(client)
            return client, None
        return act

    def in_first_flight(self, do):
        async def act():
            client = foreign.Client(self.bed, ticket=self.ticket)
            await client.open()
            client.transmit()
            return client, do(client)
        return act

    def with_hello(self, options):
        async def act():
            client = await foreign.Client(self.bed, **options).open()
            client.transmit()
            await client.is_confirmed()
            return client, None
        return act

    def all_cases(self):
        for row in (quic_cases.STREAMS + quic_cases.FRAMES
                    + quic_cases.DATAGRAMS + quic_cases.CRYPTO_CASES
                    + h3_cases.BARE):
            yield row[0], row[1], self.after_handshake(row[2], False)
        for row in h3_cases.READY:
            yield row[0], row[1], self.after_handshake(row[2], True)
        for name, wanted, octets, end in h3_cases.TUNNELS:
            yield name, wanted, self.in_tunnel(octets, end)
        yield ("ACK of all numbers, some of which were skipped",
               quic_cases.VIOLATION, self.optimistic())
        for row in quic_cases.EARLY:
            yield row[0], row[1], self.in_handshake(row[2])
        for row in quic_cases.ZERO:
            yield row[0], row[1], self.in_first_flight(row[2])
        for row in hello_cases.CASES:
            yield row[0], row[1], self.with_hello(row[2])

    async def good_client(self, over):
        """One connection with a request after the other, until all is over.
        Returns how many were answered, and what came of the last."""
        client = await foreign.Client(self.bed).start()
        client.begin()
        count = 0
        try:
            while not over.is_set():
                stream = client.get("/bytes/10000")
                seen = await client.outcome(stream)
                size = len(client.body(stream))
                if (seen.kind, seen.code) != FINE[0] or size != 10000:
                    return count, f"{seen}, {size} octets"
                count += 1
                await asyncio.sleep(0.01)
        finally:
            client.end()
        return count, "all is well"

    async def scenario(self):
        client = await foreign.Client(self.bed).start()
        await client.until(lambda: client.tickets, "ticket")
        self.ticket = client.tickets[0]
        client.end()
        over = asyncio.Event()
        good = asyncio.create_task(self.good_client(over))
        await asyncio.gather(*(self.run(*row) for row in self.all_cases()))
        over.set()
        return await good


def closed(bed, labels=""):
    """Connections that are gone altogether."""
    return sum(value for name, value in bed.metrics().items()
               if "terminator_connections_closed_total" in name
               and labels in name)


def misbehaviour(results):
    with MisbehaviourBed() as bed:
        before = {name: row["pid"] for name, row in bed.live().items()}
        runner = Runner(bed)
        count, end = foreign.run(bed, runner.scenario)
        for name, (good, seen) in runner.seen.items():
            results.check(name, good, seen)
        results.figure(f"{len(runner.seen)} misbehaviours, {count} good "
                       "requests meanwhile")
        results.check("the good client does not notice",
                      end == "all is well" and count > 0, end)
        results.equal("the terminators live", before,
                      {name: row["pid"] for name, row in bed.live().items()})
        wait_until(lambda: closed(bed) >= bed.total("connections_accepted"),
                   30, "the end of all connections")
        results.equal("nothing is called an internal error",
                      closed(bed, 'reason="internal"'), 0)


tap.run(misbehaviour)
