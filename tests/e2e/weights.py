#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Weights as measured shares: terminators by `lbctl weight set` over 10,000
connections, backends by the file over 10,000 requests, both within 2 per cent;
and what gets weight 0 gets nothing new."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import by_terminator, reasons  # noqa: E402
from configured import ConfiguredBed, PATIENT_HEALTHD  # noqa: E402
from process import wait_until  # noqa: E402

CONNECTIONS = 10000
TERMINATORS = {"t1": 100, "t2": 200, "t3": 50}
BACKENDS = {"b1": 5, "b2": 3, "b3": 2}
TOLERANCE = 0.02


def shares(counts):
    total = sum(counts.values())
    return {name: count / total for name, count in sorted(counts.items())}


def worst(counts, weights):
    """The largest difference between a share and what the weights say."""
    wanted, seen = shares(weights), shares(counts)
    return max(abs(seen.get(name, 0) - share)
               for name, share in wanted.items())


def table(counts, weights):
    wanted, seen = shares(weights), shares(counts)
    return ", ".join(f"{name} {100 * seen.get(name, 0):.2f} % (wanted "
                     f"{100 * share:.2f})" for name, share in wanted.items())


def load(bed, count):
    running = bed.h3load("--connections", str(count), "--window", "100",
                         "--get", "/bytes/100")
    return running.finish(), running.summary()


def added(first, second):
    return {name: first.get(name, 0) + second.get(name, 0)
            for name in {**first, **second}}


def set_weights(bed):
    for name, weight in TERMINATORS.items():
        bed.ctl("weight", "set", name, str(weight))

    def effective():
        return {name: row["effective"] for name, row in bed.live().items()}

    wait_until(lambda: worst(effective(), TERMINATORS) < 0.001, 5,
               "the weights to be in effect")


def measured(results, bed):
    set_weights(bed)
    lines, summary = load(bed, CONNECTIONS)
    served = by_terminator(lines)
    if worst(served, TERMINATORS) > TOLERANCE:
        # Four standard deviations: seen once in ten thousand runs, and in
        # twice as many connections never. The NAT has ports for 20,000.
        bed.network.forget()
        served = added(served, by_terminator(load(bed, CONNECTIONS)[0]))
    results.check(f"{CONNECTIONS} connections succeed",
                  len(lines) == CONNECTIONS
                  and all(one["ok"] for one in lines), str(reasons(lines)))
    for what, counts, weights in (
            ("connections by terminator", served, TERMINATORS),
            ("requests by backend", summary["by_backend"], BACKENDS)):
        results.figure(f"{sum(counts.values())} {what}: "
                       f"{table(counts, weights)}")
        off = worst(counts, weights)
        results.check(f"shares of {what} are within {TOLERANCE:.0%}",
                      off <= TOLERANCE, f"off by {off:.2%}")
    results.figure(f"{CONNECTIONS / summary['seconds']:.0f} new connections a "
                   f"second, handshake {summary['handshake_ms']:.1f} ms")


def gets_nothing(lines, summary):
    return "t3" not in by_terminator(lines) \
        and "b3" not in summary["by_backend"]


def nothing(results, bed):
    bed.ctl("weight", "set", "t3", "0")
    bed.ctl("weight", "set", "b3", "0")
    # Who follows looks every 50 ms.
    wait_until(lambda: gets_nothing(*load(bed, 100)), 5, "it to be so")
    lines, summary = load(bed, 1000)
    results.check("weight 0: 1000 connections succeed",
                  all(one["ok"] for one in lines), str(reasons(lines)))
    results.check("weight 0: the terminator and the backend get nothing",
                  gets_nothing(lines, summary),
                  f"{by_terminator(lines)} {summary['by_backend']}")
    weights = {"b1": BACKENDS["b1"], "b2": BACKENDS["b2"]}
    results.figure(f"the others: {table(summary['by_backend'], weights)}")
    off = worst(summary["by_backend"], weights)
    results.check("... the other backends share it by their weights",
                  off <= TOLERANCE, f"off by {off:.2%}")


def weights(results):
    pools = [{"name": "web", "breaker": {"enabled": False},
              "health_weight": {"enabled": False}}]
    with ConfiguredBed(backends=BACKENDS, pools=pools, terminators=3,
                       settings={"healthd": PATIENT_HEALTHD}) as bed:
        for backend in bed.settings["pools"][0]["backends"]:
            backend["weight"] = BACKENDS[backend["name"]]
        status, said = bed.reload()
        results.check("the weights of the file are taken live", status == 0,
                      said)
        wait_until(lambda: {name: row["weight"] for name, row
                            in bed.rows().items()} == BACKENDS, 5,
                   "healthd to write the weights")
        measured(results, bed)
        nothing(results, bed)


tap.run(weights)
