#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A foreign QUIC stack, aioquic, in what the QUIC interop runner tries:
handshake, transfer, resumption, 0-RTT, Retry, versions, key update, migration.
Its HTTP/3 is by lib/h3frames.py."""

import asyncio
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import foreign  # noqa: E402
import tap  # noqa: E402
from aioquic.quic.packet import QuicProtocolVersion  # noqa: E402
from aioquic.tls import CipherSuite  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402
from h3_cases import capacity, insert, prefix  # noqa: E402
from h3frames import DATA, HEADERS, frame, request, section  # noqa: E402

V1, V2 = QuicProtocolVersion.VERSION_1, QuicProtocolVersion.VERSION_2
RESERVED_VERSION = 0x1a2a3a4a
SIZE = 1000000
GOOD = ("answer", 200)


class Clients:
    """What is tried, each with a connection of its own."""

    def __init__(self, results, bed):
        self.results = results
        self.bed = bed
        self.pattern = bed.pattern(SIZE)
        self.ticket = None

    async def start(self, **options):
        client = await foreign.Client(self.bed, **options).start()
        client.begin()
        return client

    async def gets(self, client, what, path="/bytes/100", good=True):
        """Whether a request is answered; ends the client."""
        stream = client.get(path)
        seen = await client.outcome(stream)
        self.results.check(what, (seen.kind, seen.code) == GOOD and good,
                           f"{seen}, {client.is_complete}")
        client.end()
        return client.body(stream)

    async def transfers(self):
        client = await self.start()
        stream = client.get(f"/bytes/{SIZE}")
        await client.outcome(stream)
        self.results.check("GET of 1 MB", client.body(stream) == self.pattern,
                           f"{len(client.body(stream))} octets")
        stream = client.bidi(request("POST") + frame(DATA, self.pattern), True)
        await client.outcome(stream)
        self.results.check("POST of 1 MB, which comes back",
                           client.body(stream) == self.pattern,
                           f"{len(client.body(stream))} octets")
        streams = [client.get(f"/bytes/{1000 * count}")
                   for count in range(1, 51)]
        for stream in streams:
            await client.outcome(stream)
        self.results.equal("50 requests at once", [
            len(client.body(stream)) for stream in streams],
            [1000 * count for count in range(1, 51)])
        self.ticket = client.tickets[0]
        client.end()

    async def resumptions(self):
        complete = []
        for _ in range(16):  # all at one terminator: 3 ** -15
            client = await self.start(ticket=self.ticket)
            complete.append(client.is_complete.session_resumed)
            client.end()
        where = [row["name"] for row in self.bed.slots()
                 if row["counters"]["sessions_resumed"]]
        self.results.check("16 connections resume, on several terminators",
                           all(complete) and len(where) > 1,
                           f"{complete} {where}")

    async def early(self):
        client = await foreign.Client(self.bed, ticket=self.ticket).open()
        client.begin()
        stream = client.get("/")
        seen = await client.outcome(stream)
        await client.is_confirmed()
        self.results.check(
            "0-RTT: a request is answered, and the backend is told",
            (seen.kind, seen.code) == GOOD
            and client.is_complete.early_data_accepted
            and b"early-data: 1" in client.body(stream).lower(),
            f"{seen} {client.is_complete} {client.body(stream)}")
        client.end()

    async def handshakes(self):
        client = await self.start(options={"supported_versions": [V2]})
        await self.gets(client, "QUIC v2", good=client.quic._version == V2)
        client = await self.start(options={"supported_versions": [V2, V1]})
        await self.gets(client, "QUIC v2 rather than v1",
                        good=client.quic._version == V2)
        client = await self.start(options={
            "supported_versions": [RESERVED_VERSION, V1]})
        await self.gets(client, "a version that is none: negotiated",
                        good=client.quic._version_negotiated_incompatible)
        client = await self.start(options={"quantum_readiness_test": True})
        await self.gets(client, "a ClientHello of two Initials")
        client = await self.start(options={"cipher_suites": [
            CipherSuite.CHACHA20_POLY1305_SHA256]})
        await self.gets(client, "ChaCha20")

    async def dynamic_table(self):
        """A field of QPACK's dynamic table: it is there, or comes later."""
        fields = section([(":method", "GET"), (":scheme", "https"),
                          (":authority", "localhost"), (":path", "/")])
        asks = frame(HEADERS, prefix(2) + fields[2:] + b"\x80")
        for what, first in (("before", True), ("behind", False)):
            client = await foreign.Client(self.bed).start()
            _, encoder, _ = client.begin()
            inserts = capacity(4096) + insert(b"x-dynamic", b"yes")
            if first:
                client.send(encoder, inserts)
            stream = client.bidi(asks, True)
            if not first:
                await asyncio.sleep(0.1)
                client.send(encoder, inserts)
            seen = await client.outcome(stream)
            self.results.check(
                f"a field of the dynamic table, inserted {what} the request",
                (seen.kind, seen.code) == GOOD
                and b"x-dynamic: yes" in client.body(stream),
                f"{seen} {client.body(stream)}")
            client.end()

    async def key_update(self):
        client = await self.start()
        await client.outcome(client.get())
        client.quic.request_key_update()
        await client.outcome(client.get())
        pair = client.quic._cryptos[foreign.ONE_RTT]
        await self.gets(client, "key update, which the server follows",
                        good=pair.recv.key_phase == pair.send.key_phase == 1)

    async def migrate(self, what, change_cid):
        """From another port in the midst of a download."""
        client = await self.start()
        stream = client.get(f"/bytes/{SIZE}")
        await client.until(lambda: len(client.stream(stream).data) > 100000,
                           "100 kB")
        half = len(client.stream(stream).data)
        await client.bind()
        if change_cid:
            client.quic.change_connection_id()
        client.quic.send_ping(1)
        client.transmit()
        await client.outcome(stream)
        self.results.check(what, half < SIZE
                           and client.body(stream) == self.pattern,
                           f"{half}, {len(client.body(stream))} octets, "
                           f"{client.quic.complaints}")
        client.end()

    async def scenario(self):
        await self.transfers()
        await self.resumptions()
        await self.early()
        await self.handshakes()
        await self.dynamic_table()
        await self.key_update()
        before = self.bed.total("paths_validated")
        await self.migrate("a NAT gives another port during a download", False)
        await self.migrate("migration, with another connection ID, during a "
                           "download", True)
        self.results.check("both new paths were validated", wait_until(
            lambda: self.bed.total("paths_validated") - before >= 2, 5,
            "paths to be validated"))

    async def retry(self):
        client = await self.start()
        await self.gets(client, "Retry",
                        good=client.quic._retry_count == 1)


def foreign_client(results):
    with ConfiguredBed(backends=("b1",), terminators=3, settings={
            "terminator": {"quic": {"early_data": True}}}) as bed:
        clients = Clients(results, bed)
        foreign.run(bed, clients.scenario)
        bed.settings["terminator"]["retry"] = "always"
        status, said = bed.reload()
        results.equal(f"reload with Retry for all: {said.strip()}", status, 0)
        foreign.run(bed, clients.retry)


tap.run(foreign_client)
