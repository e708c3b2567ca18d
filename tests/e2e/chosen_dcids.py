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
from foreign import run, served  # noqa: E402
from process import wait_until  # noqa: E402

NAMES = ("t1", "t2")
CLIENTS = 24


def replace(bed):
    """Both processes die; others come in their place."""
    for name in NAMES:
        bed.terminators.pop(name).end(signal.SIGKILL)
    for name in NAMES:
        bed.start_terminator(name)
    wait_until(lambda: set(NAMES) <= set(bed.live()), 20, "new processes")


def chosen_dcids(results):
    with ConfiguredBed(backends=("b1",)) as bed:
        dcids = [run(bed, lambda: served(bed))[1] for _ in range(CLIENTS)]
        replace(bed)
        ways = [run(bed, lambda: served(bed, dcid=dcid))[0] for dcid in dcids]
        results.equal("clients whose first DCID is a dead process's", ways,
                      ["answer 200"] * CLIENTS)
        dead = bed.verdicts()["hash_dead"]
        results.check("XDP took them for that", dead >= CLIENTS, str(dead))


tap.run(chosen_dcids)
