#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Native XDP, generic XDP, a driver without metadata, and tc alone: each serves
100 connections without one wrong delivery, and status says which is in force
and what it costs."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, by_terminator, program, reasons  # noqa: E402
from network import run  # noqa: E402
from process import wait_until  # noqa: E402
from strip import strip_metadata  # noqa: E402

CONNECTIONS, ROUNDS, OCTETS = 50, 4, 20000  # connections of each family


class ModeBed(Bed):
    def __init__(self, mode):
        super().__init__(nginx=False)
        self.mode = mode

    def loader_command(self):
        command = super().loader_command()
        command[command.index("--mode") + 1] = self.mode
        return command


def serve(results, bed, label):
    loads = [bed.h3load("--connections", str(CONNECTIONS), "--rounds",
                        str(ROUNDS), "--interval", "100", "--get",
                        f"/bytes/{OCTETS}", "--timeout", "30", family=family)
             for family in (4, 6)]
    lines = [one for load in loads for one in load.finish()]
    good = sum(one["ok"] for one in lines)
    results.check(f"{label}: {2 * CONNECTIONS} connections are served",
                  good == len(lines) == 2 * CONNECTIONS,
                  f"{good} of {len(lines)}: {reasons(lines)}")
    results.equal(f"{label}: wrong deliveries", bed.total("wrong_delivery"), 0)
    results.equal(f"{label}: connections of three terminators",
                  len(by_terminator(lines)), 3)
    lost = {name: count for name, count in bed.deliveries().items()
            if name in ("no_socket", "refused", "undecided") and count}
    results.equal(f"{label}: packets that tc dropped", lost, {})


def mode_is(results, bed, label, mode):
    attached = bed.lbctl("status")["attached"]
    results.check(f"{label}: status says {mode} and what it costs",
                  attached["mode"] == mode and len(attached["cost"]) > 20,
                  str(attached))
    text = run(program("lbctl"), "status", "--pin-dir", bed.pin_dir)
    results.check(f"{label}: ... to people, too",
                  mode in text and attached["cost"] in text, text)


def counted(results, bed, label):
    """Every connection's packets are in the verdicts and in the traffic."""
    # The last datagrams may still wait for their terminator.
    wait_until(lambda: bed.steered() == bed.total("datagrams_received"), 5,
               f"{label}: as many datagrams received as steered")
    results.check(f"{label}: verdicts count each datagram", True)
    verdicts = bed.verdicts()
    results.figure(f"{label}: {bed.steered()} datagrams steered, "
                   f"{verdicts['hash_icmp'] + verdicts['route_icmp']} ICMP "
                   f"errors about others")
    results.check(f"{label}: by CID and by hash",
                  verdicts["route_short"] > verdicts["hash_initial"]
                  >= 2 * CONNECTIONS, str(verdicts))


def xdp(results, mode):
    with ModeBed(mode) as bed:
        mode_is(results, bed, mode, f"{mode}-link")
        serve(results, bed, mode)
        counted(results, bed, mode)
        deliveries = bed.deliveries()
        results.equal(f"{mode}: skbs that tc had to decode",
                      deliveries["decoded"], 0)
        without_metadata(results, bed, f"{mode} without metadata")


def without_metadata(results, bed, label):
    before = bed.deliveries()
    link = bed.network.server.call(lambda: strip_metadata("s0"))
    serve(results, bed, label)
    counted(results, bed, label)
    os.close(link)
    after = bed.deliveries()
    results.check(f"{label}: tc decoded all of it",
                  after["decoded"] > before["decoded"]
                  and after["metadata"] == before["metadata"],
                  f"{before} {after}")


def tc_alone(results):
    with ModeBed("tc") as bed:
        mode_is(results, bed, "tc", "tc")
        links = bed.network.server.ip("-d", "link", "show", "s0")
        results.check("tc: there is no XDP program", "xdp" not in links, links)
        serve(results, bed, "tc")
        counted(results, bed, "tc")
        results.equal("tc: skbs with metadata", bed.deliveries()["metadata"],
                      0)
        traffic = sum(row["packets"] for row in bed.slots())
        results.check("tc: the terminators' traffic is counted",
                      traffic == bed.total("datagrams_received"),
                      str(traffic))


def fallbacks(results):
    xdp(results, "native")
    xdp(results, "generic")
    tc_alone(results)


tap.run(fallbacks)
