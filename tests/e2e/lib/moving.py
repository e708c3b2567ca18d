# SPDX-License-Identifier: GPL-2.0-only
"""The migration test, run with quicsteer and, for contrast, without it."""

import time

from process import wait_until

CONNECTIONS = 200
DOWN, UP = 700000, 600000  # octets of each connection
# Octets a second until all has moved: a minute for an upload, as a busy machine
# can need so long for the moves.
PACE = 10000

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
                      "--timeout", "100", family=family, target=target)
    moved = {}
    load.wait_for(lambda seen: min(seen["downloads"], seen["uploads"])
                  == CONNECTIONS, 15, "all transfers to be in flight")
    moved["port"] = change(network, load, 0, SECOND)
    time.sleep(0.5)
    settle()
    moved["address"] = change(network, load, 1, THIRD)
    load.hurry()
    return load.finish(), moved


def change(network, load, outside, ports):
    """Returns how many flows got another port, and how many connections then
    still had both a download and an upload in flight. Only clients that send
    can get one: what the NAT has forgotten no server can reach."""
    before = network.mappings()
    begun = load.progress()["open"]
    network.rebind(outside, *ports)

    def moved():
        after = network.mappings()
        return sum(after.get(inside, port) != port
                   for inside, port in before.items())

    def over():
        return moved() == len(before) or load.progress()["open"] < begun

    try:
        wait_until(over, 2, "all flows to move")
    except TimeoutError:
        pass  # the comparison that follows says how many have not
    progress = load.progress()
    return moved(), min(progress["downloads"], progress["uploads"])
