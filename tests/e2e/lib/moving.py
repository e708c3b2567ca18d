# SPDX-License-Identifier: GPL-2.0-only
"""The migration test, run with quicsteer and, for contrast, without it."""

import time

CONNECTIONS = 200
DOWN, UP = 500000, 400000  # octets of each connection
PACE = 100000  # octets a second: some five seconds for a download

# Outside ports of the NAT before the first change, then after it.
FIRST, SECOND, THIRD = (10000, 19999), (20000, 39999), (40000, 59999)


def under_rebinding(bed, h3load, family=4, target=None, timeout="20"):
    """Runs the load; in mid-transfer the NAT gives every flow another port,
    and later another address. Returns the connections' lines, and for each
    change how many ports changed and how many transfers were in flight."""
    network = bed.network
    network.rebind(0, *FIRST)
    load = h3load("--connections", str(CONNECTIONS), "--get", f"/bytes/{DOWN}",
                  "--upload", f"/upload?%u={UP}", "--pace", str(PACE),
                  "--idle-timeout", "8000", "--timeout", timeout,
                  family=family, target=target)
    moved = {}
    load.wait_for(lambda seen: min(seen["downloads"], seen["uploads"])
                  == CONNECTIONS, 15, "all transfers to be in flight")
    moved["port"] = change(network, load, 0, SECOND)
    time.sleep(1.2)
    moved["address"] = change(network, load, 1, THIRD)
    return load.finish(), moved


def change(network, load, outside, ports):
    before = network.mappings()
    network.rebind(outside, *ports)
    time.sleep(0.3)
    after = network.mappings()
    progress = load.progress()
    changed = sum(after.get(inside, port) != port
                  for inside, port in before.items())
    return changed, min(progress["downloads"], progress["uploads"])
