#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A backend that is a host name is scaled from 2 to 5 to 1 addresses under
load: each change is picked up within 5 s, and no request fails."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

NAME, PORT = "web.test", 8100
LIMIT = 5
SCALES = (5, 1, 3)
FIRST = 2


def address(number):
    return f"127.0.1.{number}"


def serving(bed, count):
    """The rows in use are those of the addresses 1 to `count`."""
    wanted = {f"web@{address(number)}:{PORT}"
              for number in range(1, count + 1)}
    return {name for name, row in bed.rows().items()
            if row["state"] == "active"} == wanted


def some_requests(load, count):
    until = load.progress()["requests"] + count
    load.wait_for(lambda seen: seen["requests"] >= until, 10,
                  f"{count} requests")


def asked(bed, number):
    return bed.backend_mode(f"n{number}")["requests"]


def scale(results, bed, load, before, count):
    sofar = {number: asked(bed, number)
             for number in range(1, max(SCALES) + 1)}
    changed, lookups = time.monotonic(), bed.names.queries
    bed.names.set(NAME, *[address(number) for number in range(1, count + 1)])
    wait_until(lambda: serving(bed, count), LIMIT, f"{count} rows")
    lookups = bed.names.queries - lookups
    wait_until(lambda: all(asked(bed, number) > sofar[number]
                           for number in range(1, count + 1)),
               LIMIT, "requests at all of them")
    taken = time.monotonic() - changed
    results.figure(f"{before} to {count} addresses: picked up after "
                   f"{taken:.1f} s")
    # A lookup every 2 s has two queries. On a machine that is too busy for
    # seconds, the second lookup must have done it.
    results.check(f"{before} to {count} within {LIMIT} s",
                  taken <= LIMIT or lookups <= 5, f"{taken:.1f} s, {lookups} "
                  "queries")
    gone = range(count + 1, max(SCALES) + 1)

    def grown(requests):
        """How many of so many requests go to addresses that are gone."""
        still = sum(asked(bed, number) for number in gone)
        some_requests(load, requests)
        return sum(asked(bed, number) for number in gone) - still

    # Terminators look every 50 ms, and what is under way is finished.
    wait_until(lambda: grown(100) == 0, LIMIT, "the last requests to others")
    results.equal(f"{before} to {count}: requests to addresses that are gone",
                  grown(500), 0)
    failed = load.progress()["requests_failed"]
    results.equal(f"{before} to {count}: failed requests", failed, 0)


def lookups_fail(results, bed, load):
    """No answer of the name server is no reason to lose an address."""
    bed.names.fail()
    before = bed.names.queries
    wait_until(lambda: bed.names.queries >= before + 4, 15, "lookups")
    results.check("the addresses are kept while lookups fail",
                  serving(bed, SCALES[-1]), str(bed.rows()))
    results.equal("... and no request fails",
                  load.progress()["requests_failed"], 0)
    bed.names.fail(False)


def scaling(results):
    pools = [{"name": "web", "backends": [
        {"name": "web", "url": f"http://{NAME}:{PORT}"}]}]
    names = {NAME: [address(number) for number in range(1, FIRST + 1)]}
    with ConfiguredBed(backends=[], pools=pools, names=names) as bed:
        for number in range(1, max(SCALES) + 1):
            bed.start_backend(f"n{number}", f"{address(number)}:{PORT}")
        wait_until(lambda: serving(bed, FIRST), 5, "the first addresses")
        load = bed.h3load("--connections", "30", "--hold", "500",
                          "--interval", "20", "--get", "/bytes/2000",
                          "--upload", "/upload?%u=3000", "--tolerant", "--timeout", "500")
        load.wait_for(lambda seen: seen["handshakes"] == 30, 10, "handshakes")
        before = FIRST
        for count in SCALES:
            scale(results, bed, load, before, count)
            before = count
        lookups_fail(results, bed, load)
        load.hurry()
        lines, summary = load.finish(), load.summary()
        results.figure(f"{summary['requests']} requests, by backend "
                       f"{summary['by_backend']}")
        results.check("no request and no connection fails",
                      all(one["ok"] for one in lines)
                      and summary["requests_failed"] == 0,
                      f"{reasons(lines)} {summary['failures']}")


tap.run(scaling)
