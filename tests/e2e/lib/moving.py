# SPDX-License-Identifier: GPL-2.0-only
"""The migration test, run with quicsteer and, for contrast, without it."""

import time

CONNECTIONS = 200
DOWN, UP = 700000, 600000  # octets of each connection
PACE = 100000  # octets a second: six seconds for an upload

# Outside ports of the NAT before the first change, then after it.
FIRST, SECOND, THIRD = (10000, 19999), (20000, 39999), (40000, 59999)


def under_rebinding(bed, family=4, target=None, settle=lambda: None):
    """Runs the load; in mid-transfer the NAT gives every flow another port,
    and after settle() another address. Returns the connections' lines, and for
    each change how many ports changed and how many transfers were then in
    flight."""
    network = bed.network
    network.rebind(0, *FIRST)
    load = bed.h3load("--connections", str(CONNECTIONS), "--get",
                      f"/bytes/{DOWN}", "--upload", f"/upload?%u={UP}",
                      "--pace", str(PACE), "--idle-timeout", "8000",
                      "--timeout", "40", family=family, target=target)
    moved = {}
    load.wait_for(lambda seen: min(seen["downloads"], seen["uploads"])
                  == CONNECTIONS, 15, "all transfers to be in flight")
    moved["port"] = change(network, load, 0, SECOND)
    time.sleep(0.5)
    settle()
    moved["address"] = change(network, load, 1, THIRD)
    return load.finish(), moved


def change(network, load, outside, ports):
    """Returns how many flows got another port, and how many connections then
    still had both a download and an upload in flight."""
    before = network.mappings()
    network.rebind(outside, *ports)

    def moved():
        after = network.mappings()
        return sum(after.get(inside, port) != port
                   for inside, port in before.items())

    deadline = time.monotonic() + 2
    while moved() < len(before) and time.monotonic() < deadline:
        time.sleep(0.05)
    progress = load.progress()
    return moved(), min(progress["downloads"], progress["uploads"])
