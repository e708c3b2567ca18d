#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The loader starts again twenty times under 300 connections in transfer, which
puts new programs of both kinds into the links that stay: maps are kept, and no
packet is lost."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, by_terminator, reasons  # noqa: E402
from network import run  # noqa: E402
from process import wait_until  # noqa: E402

OCTETS = 20000
CONNECTIONS, TIMES = 300, 20
LOST = ("no_socket", "refused", "undecided")


def programs(bed):
    """IDs of the programs in both pinned links, and of the links."""
    ids = {}
    for link in ("steer_link", "deliver_link"):
        text = run("bpftool", "-j", "link", "show", "pinned",
                   f"{bed.pin_dir}/{link}")
        ids[link] = {key: int(text.split(f'"{key}":')[1].split(",")[0]
                              .strip("}]\n ")) for key in ("id", "prog_id")}
    return ids


def registered(bed):
    return all(bed.loader.log().count(f"terminator {name}:") >= 1
               for name in bed.terminators)


def drops(bed):
    counts = {name: count for name, count in bed.verdicts().items()
              if name.startswith("drop_") and count}
    counts.update({name: count for name, count in bed.deliveries().items()
                   if name in LOST and count})
    return counts


def replace(bed):
    """Ends the loader and starts it again. Returns what was in the links
    before and after."""
    before = programs(bed)
    bed.loader.end(signal.SIGTERM)
    bed.start_loader()
    wait_until(lambda: registered(bed), 10,
               "the terminators to register again")
    return before, programs(bed)


def judge(results, moves):
    results.equal("replacements of the XDP and of the tc program",
                  [sum(a[link]["prog_id"] != b[link]["prog_id"]
                       for a, b in moves)
                   for link in ("steer_link", "deliver_link")],
                  [TIMES, TIMES])
    results.check("the links are the same all the time",
                  all(a[link]["id"] == b[link]["id"] for a, b in moves
                      for link in a), str(moves[0]))


def replace_programs(results):
    with Bed(octets=[OCTETS]) as bed:
        load = bed.h3load("--connections", str(CONNECTIONS), "--hold", "500",
                          "--interval", "200", "--get", f"/bytes/{OCTETS}",
                          "--timeout", "500")
        load.wait_for(lambda seen: seen["handshakes"] == CONNECTIONS, 30,
                      f"{CONNECTIONS} handshakes")
        packets = sum(bed.verdicts().values())
        judge(results, [replace(bed) for _ in range(TIMES)])
        steered = sum(bed.verdicts().values()) - packets
        still = load.progress()
        results.equal("all connections lived through it", still["open"],
                      CONNECTIONS)
        load.stop()
        lines = load.finish()
        results.figure(f"{TIMES} replacements, {steered} packets steered "
                       f"meanwhile, {sum(one['requests'] for one in lines)} "
                       f"requests, by terminator {by_terminator(lines)}")
        results.check("no connection fails before the end",
                      len(lines) == CONNECTIONS and
                      set(reasons(lines)) <= {"stopped"}, str(reasons(lines)))
        results.equal("packets dropped at XDP or tc", drops(bed), {})
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)
        results.equal("stateless resets",
                      bed.total("stateless_resets_sent"), 0)


tap.run(replace_programs)
