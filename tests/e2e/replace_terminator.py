#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A terminator is replaced by a new process of its name under load: the new one
gets the new connections, the old one says GOAWAY, finishes what was asked of it
and ends. One that cannot start takes nothing from anybody."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, by_terminator, program, reasons  # noqa: E402
from process import Process, unprivileged, wait_until  # noqa: E402

NAME = "t1"


def pids(bed):
    return {name: row["pid"] for name, row in bed.live().items()}


def cannot_start(results, bed):
    before = pids(bed)
    process = Process("bad", bed.network.server.enter(*unprivileged(
        program("quicsteer-terminator"), "--control", bed.control, "--name",
        NAME, "--certificate", bed.path("cert.pem"), "--private-key",
        bed.path("cert.pem"), *bed.backend_options())), bed.path("bad.log"))
    status = process.popen.wait(60)
    lines = process.log().splitlines()
    results.check("a terminator with a wrong key ends with one message",
                  status == 1 and len(lines) == 1 and "private key" in lines[0],
                  f"{status}: {lines}")
    results.equal("it takes nothing from the one of its name", pids(bed),
                  before)


def accepted_by(bed, pid):
    return sum(one["counters"]["connections_accepted"] for one in bed.slots()
               if one["pid"] == pid)


def replace(results, bed):
    old, row = bed.terminators[NAME], bed.live()[NAME]
    held = bed.h3load("--connections", "120", "--hold", "300",
                      "--interval", "100", "--get", "/bytes/20000")
    held.wait_for(lambda seen: seen["handshakes"] == 120, 10, "handshakes")
    bed.start_terminator(NAME)
    wait_until(lambda: bed.live().get(NAME, row)["pid"] != row["pid"], 10,
               "the successor")
    state = [one["state"] for one in bed.slots() if one["pid"] == row["pid"]]
    results.equal("the old process drains", state, ["draining"])
    before = accepted_by(bed, row["pid"])
    new = bed.h3load("--connections", "120", "--rate", "60", "--get",
                     "/bytes/1000").finish()
    results.check("new connections all succeed",
                  len(new) == 120 and all(one["ok"] for one in new),
                  str(reasons(new)))
    results.equal("none of them begins at the old process",
                  accepted_by(bed, row["pid"]), before)
    # None ends by itself: who was at the old process gets its GOAWAY.
    held.wait_for(lambda seen: seen["reconnects"] >= before, 10, "GOAWAYs")
    held.hurry()
    lines = held.finish()
    results.figure(f"connections held over the change: "
                   f"{by_terminator(lines)}, begun after it: "
                   f"{by_terminator(new)}")
    results.check("clients of the old process lose nothing",
                  all(one["ok"] for one in lines)
                  and held.summary()["requests_failed"] == 0,
                  f"{reasons(lines)} {held.summary()}")
    results.check("each of them got GOAWAY and went on",
                  held.summary()["goaways"] == before > 10
                  and held.summary()["reconnects"] >= before,
                  f"{before} connections, {held.summary()}")
    results.equal("deliveries to a wrong terminator",
                  bed.total("wrong_delivery"), 0)
    results.equal("the old process ends by itself, and well",
                  old.popen.wait(60), 0)


def replace_terminator(results):
    with Bed(nginx=False, terminators=2) as bed:
        cannot_start(results, bed)
        replace(results, bed)


tap.run(replace_terminator)
