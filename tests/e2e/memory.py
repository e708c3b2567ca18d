#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a terminator's memory is bounded by: many idle connections, a thousand
requests under way on one connection, slow readers by the hundred. MEMORY=long
(make bench-memory) does it with 10,000 connections and 500 slow readers."""

import os
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

LONG = os.environ.get("MEMORY") == "long"
IDLE = 9900 if LONG else 1000  # the terminator's limit is 10,000
READERS = 500 if LONG else 150
STREAMS = 1000
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
IDLE_MAX_KIB = 80  # of a connection; not a mark, but far from it is a leak
PLENTY, LEAN = 64 * MIB, 64 * KIB  # body.h
READ = 64 * KIB  # what one read from a backend may bring beyond a limit


def allow_many_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def settle(bed):
    """Waits until nothing is under way; returns KiB resident."""
    def at_rest():
        row = bed.live()["t1"]["counters"]
        return not row["requests_open"] and not row["connections_open"]

    wait_until(at_rest, 10, "connections to end")
    return bed.terminators["t1"].resident_kib()[0]


def idle_connections(results, bed):
    before = settle(bed)
    load = bed.h3load("--connections", str(IDLE), "--rate", "500",
                      "--idle-timeout", "600000", "--hold", "600",
                      "--interval", "600000", "--get", "/bytes/1000",
                      "--timeout", "600")
    load.wait_for(lambda seen: seen["handshakes"] == IDLE, 60,
                  f"{IDLE} connections")
    time.sleep(3)
    each = (bed.terminators["t1"].resident_kib()[0] - before) / IDLE
    results.figure(f"{IDLE} idle connections: {each:.1f} KiB each")
    opened = bed.live()["t1"]["counters"]["connections_open"]
    results.check(f"{IDLE} connections are open at once", opened >= IDLE,
                  f"{opened}, and the clients have {load.progress()}")
    results.check("an idle connection is small", each < IDLE_MAX_KIB,
                  f"{each:.1f} KiB")
    load.stop()
    load.finish()


def many_streams(results, bed):
    before = settle(bed)
    size = 40000
    load = bed.h3load(*["--get", f"/bytes/{size}"] * STREAMS, "--pace",
                      str(STREAMS * size // 20))
    most = peak = 0
    while load.popen.poll() is None:
        most = max(most,
                   bed.live()["t1"]["counters"]["requests_open"])
        peak = max(peak, bed.terminators["t1"].resident_kib()[0])
        if most > STREAMS * 0.9:
            load.hurry()
        time.sleep(0.05)
    lines = load.finish()
    results.figure(f"{STREAMS} requests on a connection: {most} under way at "
                   f"once, resident {before} KiB before, {peak} KiB at most")
    results.check(f"{STREAMS} requests on a connection are all served",
                  lines[0]["ok"] and lines[0]["requests"] == STREAMS,
                  str(reasons(lines)))
    results.check("they are under way together", most > STREAMS * 0.9,
                  str(most))
    # A chunk of 16 KiB may hold a little of each.
    bound = STREAMS * (size + 32 * KIB) // KIB
    results.check("memory stays within what they hold", peak - before < bound,
                  f"{peak - before} KiB more")


def body_bytes_held(bed):
    return bed.live()["t1"]["counters"]["body_bytes_held"]


def slow_readers(results, bed):
    before = settle(bed)
    load = bed.h3load("--connections", str(READERS), "--get",
                      f"/bytes/{GIB}", "--pace", "20000")
    load.wait_for(lambda seen: seen["downloads"] == READERS, 30,
                  f"{READERS} downloads")
    wait_until(lambda: body_bytes_held(bed) > PLENTY / 2, 10,
               "bodies to be held")
    time.sleep(3)
    held = body_bytes_held(bed)
    now = bed.terminators["t1"].resident_kib()[0]
    bound = PLENTY + READERS * (LEAN + READ)
    results.figure(f"{READERS} slow readers of 1 GiB: bodies held "
                   f"{held / MIB:.0f} MiB (a window each would be {READERS}), "
                   f"resident {before} KiB before, {now} KiB now")
    results.check("slow readers together hold no more than their bound",
                  PLENTY / 2 < held < bound, f"{held}, bound {bound}")
    results.check("nor does the process", (now - before) * KIB < bound * 1.5,
                  f"{now - before} KiB more")
    load.stop()
    load.finish()
    settle(bed)
    results.equal("what they held is freed", body_bytes_held(bed), 0)


def memory(results):
    allow_many_files()
    with ConfiguredBed(backends=("b1",), terminators=1, settings={
            "terminator": {"limits": {"streams": STREAMS},
                           "idle_timeout": "2m"}}) as bed:
        for part in (idle_connections, many_streams, slow_readers):
            part(results, bed)


tap.run(memory)
