#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""1 GiB down and 1 GiB up through one terminator, and a client that reads
slowly: the terminator's memory does not grow with the bodies."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, reasons  # noqa: E402
from process import wait_until  # noqa: E402

GIB = 1 << 30
GROWTH_MAX_KIB = 48 * 1024
HELD_MAX = 8 << 20  # octets of bodies, for the few requests here


def warm_up(bed):
    """The first requests make the allocator take what it keeps."""
    bed.h3load("--connections", "4", "--get", "/bytes/20000000", "--upload",
               "/upload=20000000").finish()
    return bed.terminators["t1"].resident_kib()[0]


def whole(results, bed, base):
    """Looks while the transfer runs, since peaks include the start."""
    load = bed.h3load("--get", f"/bytes/{GIB}", "--upload",
                      f"/upload={GIB}", "--timeout", "500")
    cpu = bed.terminators["t1"].cpu_seconds()
    peak = held = 0
    while load.popen.poll() is None:
        peak = max(peak, bed.terminators["t1"].resident_kib()[0])
        held = max(held, bed.live()["t1"]["counters"]["body_bytes_held"])
        time.sleep(0.2)
    lines = load.finish()
    seconds = lines[0]["ended"] - lines[0]["started"] if lines else 0
    results.figure(f"1 GiB each way at once: {seconds:.1f} s, "
                   f"{2 * GIB / max(seconds, 0.001) / 1e6:.0f} MB/s in all")
    cpu = bed.terminators["t1"].cpu_seconds() - cpu
    results.figure("processor time of the terminator: "
                   f"{cpu / (2 * GIB / 1e9):.2f} s for each GB")
    results.figure(f"resident: {base} KiB before, {peak} KiB at most; bodies "
                   f"held at most {held} octets")
    results.check("1 GiB down and 1 GiB up arrive whole",
                  len(lines) == 1 and lines[0]["ok"]
                  and lines[0]["uploads_checked"] == 1, str(reasons(lines)))
    results.check("memory stays within its bound",
                  peak - base < GROWTH_MAX_KIB,
                  f"{peak - base} KiB more than before")
    results.check("bodies held stay within their windows", held < HELD_MAX,
                  f"{held} octets")


def slow_reader(results, bed, base):
    load = bed.h3load("--connections", "8", "--get", f"/bytes/{GIB}",
                      "--pace", "50000")
    load.wait_for(lambda seen: seen["downloads"] == 8, 10, "8 downloads")
    time.sleep(4)
    peak = bed.terminators["t1"].resident_kib()[0]
    held = bed.live()["t1"]["counters"]["body_bytes_held"]
    results.figure(f"8 slow readers of 1 GiB: resident {peak} KiB, bodies held "
                   f"{held} octets")
    # 1 MiB is the window of a response, and what came with the last read.
    results.check("slow readers: the backend is slowed down too",
                  0 < held < 8 * (1 << 20) * 1.5, f"{held} octets held")
    results.check("slow readers: memory stays within its bound",
                  peak - base < GROWTH_MAX_KIB,
                  f"{peak - base} KiB more than before")
    load.stop()
    load.finish()

    def left():
        row = bed.live()["t1"]["counters"]
        return row["body_bytes_held"], row["requests_open"]

    try:
        wait_until(lambda: left() == (0, 0), 5, "the end of requests")
    except TimeoutError:
        pass
    results.equal("slow readers: cancelled bodies are freed", left(), (0, 0))


def big_body(results):
    with Bed(terminators=1, nginx=False) as bed:
        base = warm_up(bed)
        whole(results, bed, base)
        slow_reader(results, bed, base)


tap.run(big_body)
