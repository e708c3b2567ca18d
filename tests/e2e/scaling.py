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
    """The rows are those of the addresses 1 to `count`, and no other is in
    use, not even for its last requests."""
    wanted = {f"web@{address(number)}:{PORT}"
              for number in range(1, count + 1)}
    return {name for name, row in bed.rows().items()
            if row["state"] == "active"} == wanted


def asked(bed, number):
    return bed.backend_mode(f"n{number}")["requests"]


def scale(results, bed, load, before, count):
    sofar = {number: asked(bed, number)
             for number in range(1, max(SCALES) + 1)}
    changed = time.monotonic()
    bed.names.set(NAME, *[address(number) for number in range(1, count + 1)])
    wait_until(lambda: serving(bed, count), LIMIT, f"{count} rows")
    wait_until(lambda: all(asked(bed, number) > sofar[number]
                           for number in range(1, count + 1)),
               LIMIT, "requests at all of them")
    taken = time.monotonic() - changed
    results.figure(f"{before} to {count} addresses: picked up after "
                   f"{taken:.1f} s")
    results.check(f"{before} to {count} within {LIMIT} s", taken <= LIMIT,
                  f"{taken:.1f} s")
    time.sleep(0.3)
    gone = range(count + 1, max(SCALES) + 1)
    still = {number: asked(bed, number) for number in gone}
    time.sleep(0.7)
    results.equal(f"{before} to {count}: requests to addresses that are gone",
                  {number: asked(bed, number) - still[number]
                   for number in gone}, {number: 0 for number in gone})
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
        load = bed.h3load("--connections", "30", "--hold", "24", "--interval",
                          "20", "--get", "/bytes/2000", "--upload",
                          "/upload?%u=3000", "--tolerant", "--timeout", "60")
        load.wait_for(lambda seen: seen["handshakes"] == 30, 10, "handshakes")
        before = FIRST
        for count in SCALES:
            scale(results, bed, load, before, count)
            before = count
        lookups_fail(results, bed, load)
        lines, summary = load.finish(), load.summary()
        results.figure(f"{summary['requests']} requests, by backend "
                       f"{summary['by_backend']}")
        results.check("no request and no connection fails",
                      all(one["ok"] for one in lines)
                      and summary["requests_failed"] == 0,
                      f"{reasons(lines)} {summary['failures']}")


tap.run(scaling)
