#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The migration test over plain SO_REUSEPORT hashing, without quicsteer's
programs: what the steering is for."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, reasons  # noqa: E402
from moving import CONNECTIONS, DOWN, under_rebinding  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

PORT = 4433


def survivors(bed, target=None):
    lines, _moved = under_rebinding(bed, target=target)
    return sum(one["ok"] for one in lines), lines


def contrast(results):
    with Bed(octets=[DOWN], loader=False) as bed:
        for number in range(1, 4):
            name = f"t{number}"
            process = bed.start_terminator(name, listen=f"{VIP[4]}:{PORT}")
            wait_until(lambda process=process: "serving" in process.log(), 10,
                       name)
        without, lines = survivors(bed, f"{VIP[4]}:{PORT}")
        results.figure(f"without quicsteer, plain SO_REUSEPORT: {without} of "
                       f"{len(lines)} survive; {reasons(lines)}")
        results.equal("without quicsteer: connections begun", len(lines),
                      CONNECTIONS)
    with Bed(octets=[DOWN]) as bed:
        steered, lines = survivors(bed)
        results.figure(f"with quicsteer: {steered} of {len(lines)} survive")
    results.equal("with quicsteer all survive", steered, CONNECTIONS)
    results.check("without it most are lost", without < CONNECTIONS / 2,
                  f"{without} of {CONNECTIONS} survive")


tap.run(contrast)
