#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""loader.cpu_steering: XDP hands packets to the CPUs that terminators run on,
with their metadata, and they are still merged by GRO: every connection is
served, no packet goes to a wrong terminator, and none is lost on the way."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT, by_terminator, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP, run  # noqa: E402
from process import wait_until  # noqa: E402

# Connections of each address family. All that they can have under way at once
# finds room in CPUMAP's queue (16,384 datagrams) and in the sockets, however
# long the CPU is busy with something else.
CONNECTIONS, UPLOAD, ROUNDS = 50, 100000, 12
CPUS = sorted(os.sched_getaffinity(0))


class SteeringBed(ConfiguredBed):
    """Terminators run on one CPU, the last one."""

    def __init__(self):
        super().__init__(terminators=3,
                         settings={"loader": {"interface": "s0", "vips": [
                             f"{VIP[4]}:{PORT}", f"[{VIP[6]}]:{PORT}"],
                             "cpu_steering": True}})

    def terminator_command(self, name, listen=None):
        return ["taskset", "-c", str(CPUS[-1]),
                *super().terminator_command(name, listen)]

    def by_cpu(self, name):
        """A delivery counter of every CPU."""
        dump = json.loads(run("bpftool", "-j", "map", "dump", "pinned",
                              f"{self.pin_dir}/deliveries"))
        return [find(row["value"], name)
                for row in dump[0]["formatted"]["values"]]


def find(value, name):
    """The member of a struct, of which bpftool may show unnamed parts."""
    if not isinstance(value, dict):
        return None
    if name in value:
        return int(value[name])
    return next((found for part in value.values()
                 if (found := find(part, name)) is not None), None)


def none_lost(bed):
    """Whether terminators get all that XDP steered, the last of which may still
    wait for them; and what was seen."""
    def counts():
        return bed.steered(), bed.total("datagrams_received")

    try:
        wait_until(lambda: len(set(counts())) == 1, 5, "the last datagrams")
    except TimeoutError:
        full = bed.network.server.run(
            "nstat", "-asz", "UdpRcvbufErrors", "Udp6RcvbufErrors")
        return False, f"{counts()} of XDP and terminators; {full.split()}"
    return True, ""


def steering(results):
    with SteeringBed() as bed:
        results.equal("terminators whose CPU the loader chose",
                      bed.loader.log().count(
                          f"CPU {CPUS[-1]} takes its packets in"), 3)
        loads = [bed.h3load("--connections", str(CONNECTIONS), "--rounds",
                            str(ROUNDS), "--get", "/bytes/20000", "--upload",
                            f"/echo?%u={UPLOAD}", "--timeout", "100",
                            family=family)
                 for family in (4, 6)]
        lines = [one for load in loads for one in load.finish()]
        good = sum(one["ok"] for one in lines)
        results.check("every connection is served",
                      good == len(lines) == 2 * CONNECTIONS,
                      f"{good} of {len(lines)}: {reasons(lines)}")
        results.equal("terminators with a share", len(by_terminator(lines)), 3)
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)
        delivered = bed.by_cpu("metadata")
        results.check("tc got the packets on the terminators' CPU alone",
                      delivered[CPUS[-1]] > 0
                      and sum(delivered) == delivered[CPUS[-1]],
                      str(delivered))
        results.equal("skbs that came without metadata",
                      bed.deliveries()["decoded"], 0)
        results.check("no datagram is lost on the way", *none_lost(bed))
        received = bed.total("datagrams_received")
        results.check("GRO merges datagrams on that CPU",
                      received > sum(delivered), f"{received} datagrams in "
                      f"{sum(delivered)} skbs")
        results.figure(f"{received} datagrams in {sum(delivered)} skbs, "
                       f"by CPU {delivered}")


tap.run(steering)
