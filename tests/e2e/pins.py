#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Weights change in the middle of handshakes: the second datagram of each
ClientHello comes 150 ms after the first, and in between another terminator is
the one that gets all new connections. Each handshake stays where it began."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, PORT, by_terminator, program, reasons  # noqa: E402
from network import CLIENT, VIP, run  # noqa: E402
from process import wait_until  # noqa: E402

CONNECTIONS = 300
RATE = 100  # a second
ENOUGH, MOST = 30, 3000  # packets that are pinned, connections
RELAY_PORT = 7443
DELAY = 0.15
SWITCH = 0.07  # seconds between changes of weights


class Switching(threading.Thread):
    """Gives all new connections to t1, then to t2, then to t1, ..."""

    def __init__(self, bed):
        super().__init__(daemon=True)
        self.bed, self.changes, self.over = bed, 0, threading.Event()

    def run(self):
        while not self.over.wait(SWITCH):
            one, other = ("t1", "t2")[::1 if self.changes % 2 else -1]
            for name, weight in ((one, "100"), (other, "0")):
                run(program("lbctl"), "weight", "set", name, weight,
                    "--pin-dir", self.bed.pin_dir)
            self.changes += 1

    def stop(self):
        self.over.set()
        self.join(10)


def start_relay(bed):
    relay = bed.spawn("relay", bed.network.client,
                      [sys.executable,
                       os.path.join(os.path.dirname(__file__), "lib",
                                    "relay.py"),
                       CLIENT[4], str(RELAY_PORT), VIP[4], str(PORT),
                       str(DELAY)])
    wait_until(lambda: "relaying" in relay.log(), 5, "the relay")


def connect(bed):
    lines = bed.h3load("--connections", str(CONNECTIONS), "--rate", str(RATE),
                       "--big-hello", "--get", "/bytes/1000", "--name",
                       "localhost", target=f"{CLIENT[4]}:{RELAY_PORT}").finish()
    if len(lines) != CONNECTIONS:
        raise RuntimeError(f"{len(lines)} of {CONNECTIONS} connections")
    return lines


def pins(results):
    with Bed(octets=[1000], terminators=2) as bed:
        start_relay(bed)
        accepted = bed.total("connections_accepted")
        pinned = bed.verdicts()["hash_pinned"]
        switching = Switching(bed)
        switching.start()
        lines = []
        try:
            # More than one if weights change seldom, on a busy machine.
            while not lines or (bed.verdicts()["hash_pinned"] - pinned
                                < ENOUGH and len(lines) < MOST):
                lines += connect(bed)
        finally:
            switching.stop()
        accepted = bed.total("connections_accepted") - accepted
        pinned = bed.verdicts()["hash_pinned"] - pinned
        results.figure(f"{len(lines)} handshakes over {switching.changes} "
                       f"changes of weights, {pinned} packets stayed where "
                       f"the lookup no longer says, {by_terminator(lines)}")
        results.check("all connections succeed",
                      all(one["ok"] for one in lines), str(reasons(lines)))
        results.check("weights changed in the middle of handshakes",
                      pinned >= ENOUGH, str(pinned))
        results.equal("connections begun at terminators, no handshake at two",
                      accepted, len(lines))


tap.run(pins)
