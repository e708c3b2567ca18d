#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A hostile client beside well-behaved ones: nothing crashes, everything is
counted by its reason, and the others notice nothing."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, client, reasons  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

OCTETS = 20000

# Counters that the hostile client must move, with the least that it sends.
VERDICTS = {
    "drop_truncated": 100,
    "drop_version_zero": 40,
    "drop_small_initial": 100,
    "drop_cid_length": 400,
    "hash_initial": 100,
    "hash_version": 500,
    "hash_short_config": 500,
    "hash_short_server": 50,
}
TERMINATORS = {
    "tls_messages_refused": 12,
    "version_negotiations_sent": 594,
    "drop_no_connection": 40,
    "drop_unknown_cid": 500,
}


CASES = 17
ALONE = f"{VIP[4]}:4433"


def attack(results, bed, label, target):
    done = subprocess.run(
        bed.network.client.enter(client("hostile"), target),
        capture_output=True, text=True, timeout=240, check=False)
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    results.equal(f"{label}: cases that the hostile client ran", len(cases),
                  CASES)
    for case in cases:
        results.check(f"{label}: {case['case']}", case["ok"], case["seen"])


def alone(results, bed):
    """Without XDP before it, a terminator meets what XDP would drop."""
    process = bed.start_terminator("alone", listen=ALONE)
    wait_until(lambda: "serving" in process.log(), 10, "the terminator")
    attack(results, bed, "a terminator alone", ALONE)
    if not results.check("a terminator alone is still there",
                         process.running(), "it has ended"):
        process.show_log()
    process.end()
    del bed.terminators["alone"]


def bad_input(results):
    with Bed(octets=[OCTETS]) as bed:
        before = {name: bed.total(name) for name in TERMINATORS}
        verdicts_before = bed.verdicts()
        load = bed.h3load("--connections", "60", "--hold", "300", "--interval",
                          "100", "--get", f"/bytes/{OCTETS}", "--upload",
                          "/upload?%u=5000", "--timeout", "400")
        load.wait_for(lambda seen: seen["handshakes"] == 60, 10,
                      "60 handshakes")
        for family in (4, 6):
            attack(results, bed, f"IPv{family}", bed.target(family))
        results.check("all terminators are alive",
                      all(process.running()
                          for process in bed.terminators.values()),
                      "one has ended")
        load.hurry()
        lines = load.finish()
        results.figure(f"meanwhile {len(lines)} connections made "
                       f"{sum(one['requests'] for one in lines)} requests")
        results.check("the others notice nothing",
                      len(lines) == 60 and all(one["ok"] for one in lines),
                      str(reasons(lines)))
        wanted = {**VERDICTS, **TERMINATORS}

        def counted():
            verdicts = bed.verdicts()
            return {name: verdicts[name] - verdicts_before[name]
                    if name in VERDICTS else bed.total(name) - before[name]
                    for name in wanted}

        try:  # the last may still wait for their terminators
            wait_until(lambda: all(count >= wanted[name] for name, count
                                   in counted().items()), 5, "all counts")
        except TimeoutError:
            pass
        moved = counted()
        results.figure(f"counters: {moved}")
        for name, least in wanted.items():
            results.check(f"counted by reason: {name}", moved[name] >= least,
                          f"{moved[name]}, at least {least} expected")
        fresh = bed.h3load("--connections", "30", "--get",
                           f"/bytes/{OCTETS}").finish()
        results.check("new connections are served afterwards",
                      len(fresh) == 30 and all(one["ok"] for one in fresh),
                      str(reasons(fresh)))
        alone(results, bed)


tap.run(bad_input)
