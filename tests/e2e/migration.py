#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""200 connections, each with a download and an upload in flight, behind a NAT
that first changes their ports and then its address: all finish, each on the
terminator that it began with. Active migration and shared sockets too."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, by_terminator, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from moving import (CONNECTIONS, DOWN, FIRST, SECOND, THIRD,  # noqa: E402
                    UP, under_rebinding)
from network import CLIENT_SECOND  # noqa: E402
from process import wait_until  # noqa: E402


def nat(results, bed, family):
    before = bed.total("paths_validated")
    lines, moved = under_rebinding(
        bed, family=family, settle=lambda: wait_until(
            lambda: bed.total("paths_validated") >= before + CONNECTIONS, 4,
            "the paths of all connections to be validated"))
    good = sum(one["ok"] for one in lines)
    label = f"NAT rebinding, IPv{family}"
    results.figure(f"{label}: {good} of {len(lines)} finished, by terminator "
                   f"{by_terminator(lines)}, paths validated "
                   f"{bed.total('paths_validated') - before}")
    results.check(f"{label}: {CONNECTIONS} of {CONNECTIONS} finish",
                  good == len(lines) == CONNECTIONS, str(reasons(lines)))
    for step, (flows, inside) in moved.items():
        results.check(f"{label}: all were in flight at the {step} change",
                      flows == inside == CONNECTIONS,
                      f"{flows} ports changed, {inside} in flight")
    results.check(f"{label}: terminators validated the new paths",
                  bed.total("paths_validated") - before >= CONNECTIONS * 2,
                  str(bed.total("paths_validated") - before))


def waiting(results):
    """Clients that wait for an answer when the NAT forgets them: only they can
    mend that, by a PING. The terminator then sends the answer to where it came
    from, whichever address that is."""
    with ConfiguredBed() as bed:
        bed.network.rebind(0, *FIRST)
        load = bed.h3load("--connections", "50", "--hold", "300",
                          "--interval", "10", "--keepalive", "300",
                          "--get", "/slow/200", "--timeout", "300")
        load.wait_for(lambda seen: seen["handshakes"] == 50, 10, "handshakes")
        for outside, ports in ((0, SECOND), (1, THIRD), (0, FIRST)):
            before = bed.total("paths_validated")
            bed.network.rebind(outside, *ports)
            wait_until(lambda before=before: bed.total("paths_validated")
                       >= before + 50, 5, "new paths to be validated")
        load.hurry()
        lines = load.finish()
        results.figure(f"answers in flight while the NAT forgets: "
                       f"{load.summary()['requests']}, the slowest after "
                       f"{load.summary()['slowest_ms']:.0f} ms")
        results.check("answers in flight while the NAT forgets: all come",
                      len(lines) == 50 and all(one["ok"] for one in lines),
                      str(reasons(lines)))
        results.equal("and to one connection each",
                      bed.total("connections_accepted"), 50)


def active(results, bed):
    lines = bed.h3load("--connections", "50", "--get", f"/bytes/{DOWN}",
                       "--upload", f"/upload?%u={UP}", "--pace", "400000",
                       "--migrate-at", "30", "--migrate-to",
                       CLIENT_SECOND[4]).finish()
    good = sum(one["ok"] and one["migrated"] for one in lines)
    results.equal("active migration: 50 of 50 finish", (good, len(lines)),
                  (50, 50))


def shared_socket(results, bed):
    """Odd connections move onto the socket of the one before, in mid-transfer:
    from then on one 4-tuple carries both."""
    lines = bed.h3load("--connections", "40", "--get", f"/bytes/{DOWN}",
                       "--upload", f"/upload?%u={UP}", "--pace", "400000",
                       "--rebind-at", "30", "--share-socket").finish()
    lines.sort(key=lambda one: one["number"])
    apart = shared = 0
    for even, odd in zip(lines[::2], lines[1::2]):
        same = odd["rebound"] and odd["port_after"] == even["port"]
        shared += same
        apart += same and even["terminator"] != odd["terminator"]
    results.figure(f"shared sockets: {shared} pairs, {apart} of them on two "
                   "terminators")
    results.check("shared sockets: all finish",
                  len(lines) == 40 and all(one["ok"] for one in lines),
                  str(reasons(lines)))
    results.check("shared sockets: pairs live on different terminators",
                  shared == 20 and apart > 0, f"{apart} of {shared}")


def migration(results):
    waiting(results)
    with Bed(octets=[DOWN]) as bed:
        nat(results, bed, 4)
        nat(results, bed, 6)
        active(results, bed)
        shared_socket(results, bed)
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)
        results.equal("stateless resets",
                      bed.total("stateless_resets_sent"), 0)
        results.equal("uploads that nginx stored wrong",
                      bed.wrong_uploads(UP), [])


tap.run(migration)
