#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/3 clients that make a terminator work for nothing: each flood ends with
the error code that the RFC names and is counted by its reason, the terminator's
memory stays bounded, and a good client that is served all the while does not
notice. lib/cves.py says which test there is for each CVE that such a proxy must
withstand."""

import asyncio
import collections
import logging
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import cves  # noqa: E402
import foreign  # noqa: E402
import tap  # noqa: E402
from bed import BUILD, PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from flood_cases import CRYPTO, FLOODS, PING, fields  # noqa: E402
from h3frames import DATA, HEADERS, frame, request  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

AT_ONCE = 4
IDLE_SECONDS = 3
MORE_KIB = 24 * 1024  # what all of it together may add to a terminator
SETTINGS = {"terminator": {"idle_timeout": f"{IDLE_SECONDS}s"}}
STRAYS, BATCH = 3000, 300  # datagrams
RESETS = 1000  # at once, and a second: see terminator/stateless.c


def tolerant(client):
    """aioquic 1.2 fails on what it refuses if that is a packet's first frame,
    such as the answer to a PATH_CHALLENGE that it has not sent itself."""
    receive = client.quic.receive_datagram

    def receive_any(*arguments, **options):
        try:
            receive(*arguments, **options)
        except UnboundLocalError:
            pass

    client.quic.receive_datagram = receive_any
    return client


async def one_flood(bed, room, row, seen):
    name, wanted, _, flood = row
    async with room:
        client = tolerant(foreign.Client(bed))
        try:
            await client.start()
            await flood(client)
            end = await client.outcome()
            good = (end.kind, end.code) in wanted
            seen[name] = (good, str(end))
        except Exception as error:  # of one case, not of them all
            seen[name] = (False, f"{type(error).__name__}: {error}")
        finally:
            client.end()


async def good_client(bed, over):
    """A request after the other; returns how many, and what went wrong."""
    client = await foreign.Client(bed).start()
    client.begin()
    count = 0
    while not over.is_set():
        stream = client.get("/bytes/10000")
        seen = await client.outcome(stream, 30)
        if (seen.kind, seen.code) != ("answer", 200) \
                or len(client.body(stream)) != 10000:
            return count, str(seen)
        count += 1
        await asyncio.sleep(0.05)
    client.end()
    return count, ""


async def all_floods(bed, seen):
    over, room = asyncio.Event(), asyncio.Semaphore(AT_ONCE)
    good = asyncio.create_task(good_client(bed, over))
    await asyncio.gather(*(one_flood(bed, room, row, seen)
                           for row in FLOODS))
    over.set()
    return await good


def counts(bed):
    """Of floods: the counters by reason, and the connections that ended so."""
    found = collections.Counter()
    for name, value in bed.metrics().items():
        short = name.split("{")[0].removeprefix("quicsteer_terminator_")
        if short.startswith("flood_"):
            found[short.removesuffix("_total")] += int(value)
        if 'reason="flood"' in name:
            found["closed"] += int(value)
    return found


def floods(results, bed):
    before, seen = counts(bed), {}
    count, wrong = foreign.run(bed, lambda: all_floods(bed, seen))
    for name, wanted, _, _ in FLOODS:
        good, text = seen[name]
        results.check(f"a flood: {name}", good, f"{text}, not {wanted}")
    expected = collections.Counter(row[2] for row in FLOODS if row[2])
    expected["closed"] = len(FLOODS)
    either = [expected + collections.Counter([one])
              for one in ("flood_resets", "flood_frames")]

    def all_counted():
        return counts(bed) - before in either

    try:
        wait_until(all_counted, 10, "the closed connections to be counted")
    except TimeoutError:
        pass  # the next line says what is missing
    results.check("each is counted by its reason", all_counted(),
                  f"{counts(bed) - before} instead of {either}")
    results.check("a good client does not notice", count > 0 and not wrong,
                  wrong)
    results.figure(f"{len(FLOODS)} floods, {count} good requests meanwhile")
    results.check("cancelled requests are gone from the backends' side, too",
                  wait_until(lambda: not bed.live()["t1"]["counters"]
                             ["requests_open"], 10, "no request"))


async def keep_alive(client, stream):
    for _ in range(40):
        if client.closed.done() or client.stream(stream).over:
            break
        client.packet(fields(PING))
        await asyncio.sleep(0.25)
    return await client.outcome(stream)


async def unread(bed, **options):
    client = await foreign.Client(bed, options=options).start()
    client.begin()
    seen = await keep_alive(client, client.get("/bytes/300000"))
    client.end()
    return seen


def zero_windows(results, bed):
    async def scenario():
        return await asyncio.gather(unread(bed, max_stream_data=0),
                                    unread(bed, max_data=0))

    for what, seen in zip(("the stream", "the connection"),
                          foreign.run(bed, scenario)):
        results.equal(f"no window for {what}: the response is given up",
                      (seen.kind, seen.code), ("reset", 0x107))
    results.equal("and counted", bed.total("limit_unread"), 2)


async def single_cases(bed):
    """Of CVEs: {name: what came}."""
    seen = {}
    client = await foreign.Client(bed).start()
    client.begin()
    length = [("content-length", "10")]
    stream = client.bidi(request("POST", "/upload", more=length), True)
    seen["FIN and Content-Length in one frame"] = \
        await client.outcome(stream)
    stream = client.bidi(request("POST", "/upload", more=length))
    client.quic.stop_stream(stream, 0x10c)
    client.transmit()
    await asyncio.sleep(0.2)
    client.send(stream, frame(DATA, b"x" * 10)
                + frame(HEADERS, b"\0\0\x23x-a\1b"), True)
    await client.outcome(stream)
    seen["a section behind STOP_SENDING, then a request"] = \
        await client.outcome(client.get())
    client.end()
    return seen


def single(results, bed):
    seen = foreign.run(bed, lambda: single_cases(bed))
    for name, wanted in (
            ("FIN and Content-Length in one frame", ("reset", 0x10e)),
            ("a section behind STOP_SENDING, then a request",
             ("answer", 200))):
        results.equal(name, (seen[name].kind, seen[name].code), wanted)


class Capture:
    """A transport that keeps what is sent by it."""

    def __init__(self):
        self.datagrams = []

    def sendto(self, data, _):
        self.datagrams.append(data)

    def close(self):
        pass


async def moved(bed):
    """A request from an address that never answers. Returns how many octets
    were sent from there, and came there."""
    client = await foreign.Client(bed).start()
    client.begin()
    await client.outcome(client.get())
    client.hold = True
    real, client.transport = client.transport, Capture()
    number = client.quic.get_next_available_stream_id()
    asked = request(path="/bytes/1000000")
    client.packet(fields(0x0b, number, len(asked)) + asked)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        datagram = client.transport.datagrams[0]
        other.sendto(datagram, (VIP[4], PORT))
        got, end = 0, time.monotonic() + 30
        while time.monotonic() < end:
            try:
                size = len(other.recv(65536))
            except BlockingIOError:
                await asyncio.sleep(0.02)
                continue
            if not got:  # and all that comes behind it
                end = time.monotonic() + 1.5
            got += size
    client.timer.cancel()
    real.close()
    return len(datagram), got


def unvalidated(results, bed):
    sent, got = foreign.run(bed, lambda: moved(bed))
    results.figure(f"an address that does not answer: {sent} octets came from "
                   f"it, {got} were sent to it")
    results.check("no more than three times as much goes to an address that "
                  "is not validated", 0 < got <= 3 * sent, f"{got}")


async def repeated(bed):
    """What others can send: the client's own packets again, and noise that
    bears its connection ID."""
    client = await foreign.Client(bed).start()
    client.begin()
    real, capture = client.transport, Capture()
    client.transport = capture
    client.packet(fields(PING) * 500)
    client.transport = real
    noise = b"\x43" + client.quic._peer_cid.cid
    for number in range(1000):
        real.sendto(capture.datagrams[0], (VIP[4], PORT))
        real.sendto(noise + os.urandom(50), (VIP[4], PORT))
        if number % 20 == 19:
            await asyncio.sleep(0.002)
    seen = await client.outcome(client.get())
    client.end()
    return seen


def others(results, bed):
    seen = foreign.run(bed, lambda: repeated(bed))
    results.equal("packets sent again by others, and noise, are not the "
                  "client's", (seen.kind, seen.code), ("answer", 200))


def spray(datagrams):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number, datagram in enumerate(datagrams):
            sock.sendto(datagram, (VIP[4], PORT))
            if number % 50 == 49:
                time.sleep(0.002)  # the socket's buffer is not the subject


def garbage():
    """An Initial whose keys fit, if one guesses them, and that cannot be
    decrypted."""
    head = b"\xc3" + struct.pack(">I", 1) + b"\x08" + os.urandom(8) \
        + b"\x08" + os.urandom(8) + b"\0"
    rest = 1200 - len(head) - 2
    return head + (0x4000 | rest).to_bytes(2, "big") + os.urandom(rest)


async def gaps(bed):
    """Initials that hold no begin of a ClientHello."""
    for _ in range(100):
        client = await foreign.Client(bed).open()
        client.hold = True
        client.long_packet(foreign.INITIAL, fields(CRYPTO, 500, 600)
                           + bytes(600))
        client.end()
        if client.timer:
            client.timer.cancel()


def beginnings(results, bed):
    def is_quiet():
        return bed.live()["t1"]["counters"]["connections_open"] == 0

    wait_until(is_quiet, 10, "no connection")
    before = bed.total("connections_accepted")
    bed.network.client.call(lambda: spray(garbage() for _ in range(STRAYS)))
    foreign.run(bed, lambda: gaps(bed))
    results.check("Initials that begin nothing leave no connection",
                  wait_until(is_quiet, 2, "no connection"))
    results.figure(f"{STRAYS} Initials of garbage and 100 with a gap: "
                   f"{bed.total('connections_accepted') - before} began")


async def own_cid(bed):
    client = await foreign.Client(bed).start()
    cid = client.quic._peer_cid.cid
    client.end()
    return cid


def stateless_resets(results, bed):
    def all_gone():
        return bed.total("connections_closed") == \
            bed.total("connections_accepted")

    cid = foreign.run(bed, lambda: own_cid(bed))
    wait_until(all_gone, 10, "the connection to be forgotten")

    def answered():
        return (bed.total("stateless_resets_sent"),
                bed.total("drop_reset_limited"))

    before, begin = answered(), time.monotonic()
    for number in range(1, STRAYS // BATCH + 1):
        bed.network.client.call(lambda: spray(
            b"\x43" + cid + os.urandom(40) for _ in range(BATCH)))
        try:  # the socket's buffer is not the subject
            wait_until(lambda: sum(answered()) - sum(before)
                       >= BATCH * number, 1, "answers")
        except TimeoutError:
            pass
    seconds = time.monotonic() - begin
    sent, dropped = (now - then for now, then in zip(answered(), before))
    results.figure(f"{STRAYS} packets of no connection in {seconds:.2f} s: "
                   f"{sent} stateless resets, {dropped} not sent")
    results.check("stateless resets have a rate",
                  0 < sent <= RESETS * (seconds + 2) and
                  sent + dropped > STRAYS * 0.9, f"{sent}, {dropped}")


async def largest_parameters(bed):
    most = (1 << 62) - 1
    client = await foreign.Client(bed, options={
        "max_data": most, "max_stream_data": most}).start()
    client.begin()
    seen = await client.outcome(client.get())
    client.end()
    return seen.kind, seen.code


def qlog(results, bed):
    logs = bed.path("qlog")
    os.makedirs(logs)
    os.chmod(logs, 0o777)  # terminators are nobody
    bed.settings["terminator"]["quic"] = {"qlog_directory": logs}
    results.equal("qlog is on", bed.reload()[0], 0)
    results.equal("the largest transport parameters, with qlog",
                  foreign.run(bed, lambda: largest_parameters(bed)),
                  ("answer", 200))
    results.check("and qlog has them", os.listdir(logs))


def known(results, bed):
    for cve, what, suite, test in cves.TABLE:
        path = os.path.join(os.path.dirname(__file__), suite)
        with open(path) as file:
            results.check(f"{cve} ({what}): {suite}", test in file.read(),
                          f"has no test {test!r}")


def h3_floods(results):
    logging.getLogger("quic").disabled = True
    with ConfiguredBed(backends=("b1",), terminators=1,
                       settings=SETTINGS) as bed:
        pid = bed.live()["t1"]["pid"]
        foreign.run(bed, lambda: own_cid(bed))
        before = bed.terminators["t1"].resident_kib()[0]
        for part in (floods, zero_windows, single, unvalidated, others,
                     beginnings, stateless_resets, qlog, known):
            part(results, bed)
        after = bed.terminators["t1"].resident_kib()[0]
        results.figure(f"resident: {before} KiB before, {after} KiB after all")
        if not BUILD.endswith("/san"):  # ASan keeps what is freed
            results.check("the terminator's memory is bounded",
                          after - before < MORE_KIB,
                          f"{after - before} KiB more")
        results.equal("the terminator lives", bed.live()["t1"]["pid"], pid)


tap.run(h3_floods)
