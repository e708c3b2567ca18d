#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Native XDP, generic XDP, a driver without metadata, and tc alone: each serves
100 connections without one wrong delivery, and status says which is in force,
what it costs, and why it is no better one."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, by_terminator, program, reasons  # noqa: E402
from network import run  # noqa: E402
from process import wait_until  # noqa: E402
from strip import strip_metadata  # noqa: E402
from upper import forbid_xdp  # noqa: E402

CONNECTIONS, ROUNDS, OCTETS = 50, 4, 20000  # connections of each family


class ModeBed(Bed):
    """`hinder`: called with the bed before the loader starts."""

    def __init__(self, mode, hinder=None):
        super().__init__(nginx=False)
        self.mode = mode
        self.hinder = hinder

    def start_loader(self):
        if self.hinder:
            self.hinder(self)
        super().start_loader()

    def loader_command(self):
        command = super().loader_command()
        command[command.index("--mode") + 1] = self.mode
        return command


def serve(results, bed, label):
    loads = [bed.h3load("--connections", str(CONNECTIONS), "--rounds",
                        str(ROUNDS), "--interval", "100", "--get",
                        f"/bytes/{OCTETS}", family=family)
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


def mode_is(results, bed, label, mode, native_error=None, generic_error=None):
    attached = bed.lbctl("status")["attached"]
    results.check(f"{label}: status says {mode} and what it costs",
                  attached["mode"] == mode and len(attached["cost"]) > 20,
                  str(attached))
    text = run(program("lbctl"), "status", "--pin-dir", bed.pin_dir)
    results.check(f"{label}: ... to people, too",
                  mode in text and attached["cost"] in text, text)
    results.equal(f"{label}: why it is no better one",
                  (attached["native_error"], attached["generic_error"]),
                  (native_error, generic_error))
    for error in filter(None, (native_error, generic_error)):
        results.check(f"{label}: ... to people, too",
                      f"XDP cannot be attached: {error}\n" in text, text)


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


def tc_alone(results, bed, label):
    links = bed.network.server.ip("-d", "link", "show", "s0")
    results.check(f"{label}: there is no XDP program", "xdp" not in links,
                  links)
    serve(results, bed, label)
    counted(results, bed, label)
    results.equal(f"{label}: skbs with metadata",
                  bed.deliveries()["metadata"], 0)
    traffic = sum(row["packets"] for row in bed.slots())
    results.check(f"{label}: the terminators' traffic is counted",
                  traffic == bed.total("datagrams_received"), str(traffic))


def tc_by_wish(results):
    with ModeBed("tc") as bed:
        mode_is(results, bed, "tc", "tc")
        tc_alone(results, bed, "tc")


def restart(results, bed, label, *wanted):
    """The next loader finds the same reasons, or that they are gone."""
    bed.loader.end(signal.SIGTERM)
    bed.start_loader()
    bed.wait_for_live(3)
    mode_is(results, bed, f"{label}: after a restart", *wanted)


def large_frames(bed):
    """veth has native XDP only for frames that fit into a page."""
    bed.network.middle.ip("link", "set", "m1", "mtu", "9000")
    bed.network.server.ip("link", "set", "s0", "mtu", "9000")


def auto_generic(results):
    label = "auto, where native fails"
    with ModeBed("auto", large_frames) as bed:
        mode_is(results, bed, label, "generic-link",
                "Numerical result out of range")
        serve(results, bed, label)
        counted(results, bed, label)
        restart(results, bed, label, "generic-link",
                "Numerical result out of range")


def auto_tc(results):
    label = "auto, where XDP fails"
    foreign = []

    def hinder(bed):
        if not foreign:
            foreign.append(forbid_xdp(bed.network.server, "s0"))

    with ModeBed("auto", hinder) as bed:
        mode_is(results, bed, label, "tc", "File exists", "File exists")
        tc_alone(results, bed, label)
        restart(results, bed, label, "tc", "File exists", "File exists")
        os.close(foreign[0])
        restart(results, bed, f"{label} no more", "native-link")
        serve(results, bed, f"{label} no more")


def auto(results):
    with ModeBed("auto") as bed:
        mode_is(results, bed, "auto", "native-link")
    auto_generic(results)
    auto_tc(results)


def fallbacks(results):
    xdp(results, "native")
    xdp(results, "generic")
    tc_by_wish(results)
    auto(results)


tap.run(fallbacks)
