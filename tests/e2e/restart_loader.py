#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The loader ends under load, once asked and once killed, and starts again: no
packet is lost, terminators keep slot and server ID, and packets are steered
while no loader is there."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, by_terminator, reasons  # noqa: E402
from process import wait_until  # noqa: E402

OCTETS = 20000
IDENTITY = ("slot", "instance", "server_id", "pid")


def identities(bed):
    return {name: {key: row[key] for key in IDENTITY}
            for name, row in bed.live().items()}


def kernel_losses(bed):
    """What the server's kernel could not deliver to a UDP socket."""
    def count(path, fields):
        with open(path, encoding="ascii") as file:
            text = file.read()
        if "snmp6" in path:
            rows = dict(line.split() for line in text.splitlines())
        else:
            head, values = [line.split() for line in text.splitlines()
                            if line.startswith("Udp:")]
            rows = dict(zip(head, values))
        return sum(int(rows[field]) for field in fields)

    kinds = ("NoPorts", "InErrors", "RcvbufErrors")
    # A thread's own namespace shows only below its own entry in /proc.
    return bed.network.server.call(
        lambda: count("/proc/thread-self/net/snmp", kinds)
        + count("/proc/thread-self/net/snmp6",
                ["Udp6" + kind for kind in kinds]))


def drops(bed):
    counts = {name: count for name, count in bed.verdicts().items()
              if name.startswith("drop_") and count}
    counts.update({name: count for name, count in bed.deliveries().items()
                   if name in ("no_socket", "refused", "undecided") and count})
    lost = kernel_losses(bed)
    return dict(counts, kernel=lost) if lost else counts


def seen(bed):
    return sum(bed.verdicts().values())


def restart(results, bed, number, label):
    identity = identities(bed)
    packets = seen(bed)
    bed.loader.end(number)
    alone = bed.h3load("--connections", "40", "--rate", "100", "--get",
                       "/bytes/1000").finish()
    results.check(f"{label}: 40 connections begin without a loader",
                  len(alone) == 40 and all(one["ok"] for one in alone),
                  str(reasons(alone)))
    between = seen(bed)
    results.check(f"{label}: packets are counted meanwhile",
                  between > packets + 40, f"{between - packets}")
    bed.start_loader()
    started = time.monotonic()
    wait_until(lambda: registered(bed), 10,
               "the terminators to register again")
    results.figure(f"{label}: all terminators back "
                   f"{(time.monotonic() - started) * 1000:.0f} ms after the "
                   "new loader was up")
    results.check(f"{label}: terminators noticed it", lost_loader(bed),
                  "loader_lost is 0")
    results.equal(f"{label}: slots and server IDs are kept", identities(bed),
                  identity)
    results.check(f"{label}: counters go on", seen(bed) >= between,
                  f"{seen(bed)} after {between}")
    results.check(f"{label}: the new loader exports them",
                  any(name.startswith("quicsteer_xdp_packets_total") and value
                      for name, value in bed.metrics().items()), "all 0")


def lost_loader(bed):
    return all(row["counters"]["loader_lost"] >= 1
               for row in bed.live().values())


def registered(bed):
    """This loader knows all three: its log says so."""
    return all(bed.loader.log().count(f"terminator {name}:") >= 1
               for name in bed.terminators)


def restart_loader(results):
    with Bed(octets=[OCTETS, 1000]) as bed:
        load = bed.h3load("--connections", "120", "--hold", "500",
                          "--interval", "50", "--get", f"/bytes/{OCTETS}", "--upload",
                          "/upload?%u=5000", "--timeout", "500")
        load.wait_for(lambda progress: progress["handshakes"] == 120, 10,
                      "120 handshakes")
        for number, label in ((signal.SIGTERM, "SIGTERM"),
                              (signal.SIGKILL, "kill -9")):
            restart(results, bed, number, label)
        still = load.progress()
        results.equal("all connections lived through both restarts",
                      still["open"], 120)
        load.hurry()
        lines = load.finish()
        results.figure(f"{len(lines)} connections under load, "
                       f"{sum(one['requests'] for one in lines)} requests, by "
                       f"terminator {by_terminator(lines)}")
        results.check("no connection fails",
                      len(lines) == 120 and all(one["ok"] for one in lines),
                      str(reasons(lines)))
        results.equal("packets lost at XDP, tc or a socket", drops(bed), {})
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)
        results.equal("stateless resets",
                      bed.total("stateless_resets_sent"), 0)


tap.run(restart_loader)
