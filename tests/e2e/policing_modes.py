#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Limits of new connections count each handshake once, whoever decides: XDP,
XDP and behind a driver without metadata tc once more, or tc alone. Of bursts
that nothing refills meanwhile, exactly so many handshakes get in."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from frames import Neighbour, ip_packet, quic_initial  # noqa: E402
from network import OUTSIDE, VIP  # noqa: E402
from process import wait_until  # noqa: E402
from strip import strip_metadata  # noqa: E402

SOURCE, ALL = 20, 30  # bursts, of a source and of all
HANDSHAKES = 100  # of each of two sources
TIMES = 2  # that each Initial is sent


def send_all(bed, family):
    for i in range(HANDSHAKES):
        packet = ip_packet(OUTSIDE[family][0], 2000 + i, VIP[family], PORT,
                           quic_initial())
        for _ in range(TIMES):
            bed.neighbour.send(packet)


def seen(bed):
    verdicts, deliveries = bed.verdicts(), bed.deliveries()
    return {"steered": verdicts["hash_initial"],
            "over the source's limit": verdicts["drop_source_limit"],
            "over the limit of all": verdicts["drop_global_limit"],
            "received": bed.total("datagrams_received"),
            "refused by tc after XDP": 0 if bed.mode == "tc"
            else deliveries["undecided"]}


def grown(bed, before):
    return {name: count - before[name] for name, count in seen(bed).items()}


def wanted(steered, source, everybody):
    return {"steered": TIMES * steered, "over the source's limit": source,
            "over the limit of all": everybody, "received": TIMES * steered,
            "refused by tc after XDP": 0}


def expect(results, bed, label, family, **counts):
    before = seen(bed)
    send_all(bed, family)
    late = time.monotonic() - bed.start
    right = wanted(**counts)
    settle(lambda: grown(bed, before) == right)
    got = grown(bed, before)
    if late < 1:
        results.equal(label, got, right)
        return
    # A slow machine: one handshake more a second, of the source and of all.
    more = got["steered"] // TIMES - counts["steered"]
    results.check(f"{label}, and what came back in {late:.1f} s",
                  0 <= more <= late and got["received"] == got["steered"]
                  and got["refused by tc after XDP"] == 0, str(got))


def settle(condition):
    try:
        wait_until(condition, 3, "counters")
    except TimeoutError:
        pass  # the comparison that follows says what differs


def counted(results, label, mode, strip=False):
    limits = {"per_source": 1, "per_source_burst": SOURCE, "total": 1,
              "total_burst": ALL}
    with ConfiguredBed(settings={"loader": {"mode": mode, "new_connections":
                                            limits}}) as bed:
        bed.mode = mode
        bed.neighbour = Neighbour(bed.network)
        # Neighbours have found each other: nothing waits.
        bed.network.middle.run("ping", "-c1", VIP[4])
        bed.network.middle.run("ping", "-c1", VIP[6])
        link = bed.network.server.call(lambda: strip_metadata("s0")) \
            if strip else None
        each = TIMES * HANDSHAKES
        bed.start = time.monotonic()
        expect(results, bed, f"{label}: the source's burst, and no more", 4,
               steered=SOURCE, source=each - TIMES * SOURCE, everybody=0)
        # The other source's burst is used up by what the limit of all stops.
        rest = ALL - SOURCE
        expect(results, bed, f"{label}: what the limit of all leaves", 6,
               steered=rest, source=each - TIMES * rest - (SOURCE - rest),
               everybody=SOURCE - rest)
        metadata = bed.deliveries()["metadata"]
        results.check(f"{label}: " + ("tc decoded all of it" if strip or
                                      mode == "tc" else "by metadata"),
                      (metadata == 0) == (strip or mode == "tc"),
                      str(bed.deliveries()))
        if link is not None:
            os.close(link)


def policing_modes(results):
    for mode in ("native", "generic"):
        counted(results, mode, mode)
        counted(results, f"{mode} without metadata", mode, strip=True)
    counted(results, "tc", "tc")


tap.run(policing_modes)
