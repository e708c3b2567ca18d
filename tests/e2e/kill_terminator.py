#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""kill -9 of one of three terminators under load: connections on the others
lose nothing, new ones succeed at once, and the dead one's clients are told by
a stateless reset."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, by_terminator, reasons  # noqa: E402
from process import wait_until  # noqa: E402

OCTETS = 20000
VICTIM = "t2"


def kill(bed):
    """Returns when it was killed, and when the loader had seen it."""
    killed = time.monotonic()
    bed.terminators.pop(VICTIM).end(signal.SIGKILL)
    wait_until(lambda: VICTIM not in bed.live(), 1, "the loader to see it")
    return killed, time.monotonic()


def new_to(bed, server_id):
    """Packets of new connections that went to a process."""
    return next(row["by_hash"] for row in bed.slots()
                if row["server_id"] == server_id)


def judge_old(results, lines, killed):
    victims = [one for one in lines if one["terminator"] == VICTIM]
    others = [one for one in lines if one["terminator"] != VICTIM]
    reset = [one for one in victims if one["failed"] == "stateless reset"]
    delays = sorted(one["ended"] - killed for one in reset)
    results.figure(f"connections by terminator: {by_terminator(lines)}")
    if delays:
        results.figure(
            f"stateless reset after the kill: median "
            f"{delays[len(delays) // 2] * 1000:.0f} ms, last "
            f"{delays[-1] * 1000:.0f} ms (each client spoke every 200 ms)")
    results.check("connections of the living lose nothing",
                  others and all(one["ok"] for one in others),
                  str(reasons(others)))
    results.check("clients of the dead one get a stateless reset",
                  victims and len(reset) == len(victims),
                  str(reasons(victims)))
    results.check("... and soon", delays and delays[-1] < 10,
                  f"after {delays[-1:]} s")


def judge_new(results, lines, seen):
    after = [one for one in lines if one["started"] > seen]
    slowest = max((one.get("handshake_ms", 0) for one in after), default=0)
    results.figure(f"connections begun after the kill: {len(after)}, slowest "
                   f"handshake {slowest:.0f} ms, by terminator "
                   f"{by_terminator(after)}")
    results.check("new connections succeed",
                  len(after) > 100 and all(one["ok"] for one in after),
                  f"{len(after)}: {reasons(after)}")
    results.check("none of them is given to the dead one",
                  VICTIM not in by_terminator(after),
                  str(by_terminator(after)))


def kill_terminator(results):
    with Bed(octets=[OCTETS, 1000]) as bed:
        old = bed.h3load("--connections", "150", "--hold", "200", "--interval",
                         "200", "--get", f"/bytes/{OCTETS}")
        old.wait_for(lambda seen: seen["handshakes"] == 150, 10,
                     "150 handshakes")
        new = bed.h3load("--connections", "300", "--rate", "100", "--get",
                         "/bytes/1000")
        new.wait_for(lambda seen: seen["ended"] >= 100, 10,
                     "100 new ones")
        before = bed.live()[VICTIM]
        killed, seen = kill(bed)
        given = new_to(bed, before["server_id"])
        more = bed.h3load("--connections", "150", "--rate", "100", "--get",
                          "/bytes/1000")
        judge_new(results, new.finish() + more.finish(), seen)
        # Its client would have sent it again only after a second.
        results.equal("no Initial goes to the dead one",
                      new_to(bed, before["server_id"]) - given, 0)
        old.hurry()
        judge_old(results, old.finish(), killed)
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)
        bed.start_terminator(VICTIM)
        bed.wait_for_live(3)
        after = bed.live()[VICTIM]
        results.check("its successor has a server ID of its own",
                      after["server_id"] != before["server_id"],
                      after["server_id"])
        lines = bed.h3load("--connections", "60", "--get",
                           "/bytes/1000").finish()
        results.check("the successor gets connections",
                      all(one["ok"] for one in lines)
                      and by_terminator(lines).get(VICTIM, 0) > 0,
                      f"{reasons(lines)} {by_terminator(lines)}")


tap.run(kill_terminator)
