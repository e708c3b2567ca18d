#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The first DCID of a client is of its own choice (RFC 9000, 7.2) and may read
as one that a process issued which is gone: any that names a slot in use with
another instance number does, about one in half a million for each slot. It
must get its connection as any other does."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from foreign import Client, run  # noqa: E402
from process import wait_until  # noqa: E402

NAMES = ("t1", "t2")
CLIENTS = 24


async def served(bed, dcid=None):
    """How a request ends, and the server's first CID for the connection."""
    client = await Client(bed, dcid=dcid).start()
    try:
        return (str(await client.outcome(client.get())),
                client.quic._peer_cid.cid)
    finally:
        client.end()


def replace(bed):
    """Both processes die; others come in their place."""
    for name in NAMES:
        bed.terminators.pop(name).end(signal.SIGKILL)
    for name in NAMES:
        bed.start_terminator(name)
    wait_until(lambda: set(NAMES) <= set(bed.live()), 20, "new processes")


def chosen_dcids(results):
    with ConfiguredBed(backends=("b1",)) as bed:
        dcids = []
        for _ in range(CLIENTS):
            how, dcid = run(bed, lambda: served(bed))
            dcids.append(dcid)
        replace(bed)
        ways = [run(bed, lambda: served(bed, dcid))[0] for dcid in dcids]
        results.equal("clients whose first DCID is a dead process's", ways,
                      ["answer 200"] * CLIENTS)
        dead = sum(value for series, value in bed.metrics().items()
                   if series.startswith('quicsteer_xdp_packets_total{')
                   and 'verdict="hash_dead"' in series)
        results.check("XDP took them for that", dead >= CLIENTS, f"{dead:.0f}")


tap.run(chosen_dcids)
