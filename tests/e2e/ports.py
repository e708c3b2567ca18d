#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""VIPs of several ports: each terminator has a socket for each and answers from
the port that was asked; ports come and go by a reload and over a restart of the
loader, while connections of the others go on; a wildcard VIP."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import VIPS, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402

PORTS = (443, 8443, 9443)
NEW, NEWER = 10443, 11443


def endpoints(*ports):
    return [text for port in ports
            for text in (f"{VIP[4]}:{port}", f"[{VIP[6]}]:{port}")]


def load(bed, target, connections=12, timeout=60):
    lines = bed.h3load("--connections", str(connections), "--rounds", "3",
                       "--get", "/bytes/5000", "--timeout", str(timeout),
                       target=target).finish()
    return lines, sum(one["ok"] for one in lines)


def all_served(results, bed, ports, label):
    for target in endpoints(*ports):
        lines, good = load(bed, target)
        results.check(f"{label}: {target} serves every connection",
                      good == len(lines) == 12, str(reasons(lines)))


def nothing_is_wrong(results, bed):
    results.equal("deliveries to a wrong terminator",
                  bed.total("wrong_delivery"), 0)
    results.equal("packets to CIDs that nobody has",
                  bed.total("drop_unknown_cid"), 0)


def hold(bed):
    held = bed.h3load("--connections", "10", "--hold", "250", "--interval", "100", "--get", "/bytes/3000")
    held.wait_for(lambda seen: seen["handshakes"] == 10, 5, "handshakes")
    return held


def held_on(results, held, label):
    held.hurry()
    lines = held.finish()
    results.check(f"{label}: connections of another port go on",
                  len(lines) == 10 and all(one["ok"] for one in lines),
                  str(reasons(lines)))


def set_ports(bed, *ports):
    bed.settings["loader"]["vips"] = endpoints(*ports)


def ports_live(results, bed):
    held = hold(bed)
    set_ports(bed, *PORTS, NEW)
    status, said = bed.reload()
    results.check("a new port is taken by a reload, without a restart",
                  status == 0 and "restart" not in said, said)
    all_served(results, bed, [NEW], "a new port")
    set_ports(bed, 443, NEW, NEWER)
    status, said = bed.reload()
    results.check("two ports less and another more are taken", status == 0,
                  said)
    all_served(results, bed, [443, NEW, NEWER], "two less, one more")
    lines, good = load(bed, endpoints(8443)[0], 2, 5)
    results.check("a port that was taken away serves nobody", good == 0,
                  str(lines))
    held_on(results, held, "ports changed by reload")


def ports_over_restart(results, bed):
    """The next loader has other VIPs than the last one."""
    held = hold(bed)
    bed.loader.end(signal.SIGTERM)
    set_ports(bed, 443, 8443, NEWER)
    bed.write_config()
    bed.start_loader()
    bed.wait_for_live(2)
    all_served(results, bed, [443, 8443, NEWER], "a loader with other ports")
    held_on(results, held, "a loader with other ports")


def most_ports(results, bed):
    set_ports(bed, 443, *range(20001, 20008))
    status, said = bed.reload()
    results.check("eight ports are taken", status == 0, said)
    all_served(results, bed, [443, 20001, 20007], "eight ports")
    set_ports(bed, 443, *range(20001, 20009))
    status, said = bed.reload()
    results.check("nine are refused, and the message says why",
                  status != 0 and "more than 8 different ports" in said, said)
    all_served(results, bed, [443, 20007], "after nine were refused")


def wildcard(results, bed):
    bed.network.server.ip("address", "add", "10.77.1.30/24", "dev", "s0")
    bed.settings["loader"]["vips"] = ["0.0.0.0:443"]
    status, said = bed.reload()
    results.check("a wildcard VIP is taken", status == 0, said)
    for target in ("10.77.1.30:443", VIPS[0], VIPS[1]):
        lines, good = load(bed, target, 4)
        results.check(f"a wildcard VIP serves {target}",
                      good + sum(one["failed"] == "certificate"
                                 for one in lines) == 4, str(reasons(lines)))
    results.check("... which XDP steers",
                  bed.lbctl("status")["vips"] == ["[::]:443"],
                  str(bed.lbctl("status")["vips"]))


def taken_port(results, bed):
    """Another process holds a port that a reload asks for."""
    import socket  # in the server's namespace

    def bind():
        one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        one.bind(("::", 12443))
        return one

    other = bed.network.server.call(bind)
    set_ports(bed, 443, 12443)
    status, said = bed.reload()
    results.check("a port of another process is refused, and named",
                  status != 0 and "UDP port 12443 is taken" in said, said)
    other.close()


def ports(results):
    with ConfiguredBed(settings={"loader": {"vips": endpoints(*PORTS)}}) as bed:
        all_served(results, bed, PORTS, "three ports")
        rows = bed.lbctl("status")
        results.equal("VIPs in force", len(rows["vips"]), 6)
        ports_live(results, bed)
        ports_over_restart(results, bed)
        taken_port(results, bed)
        most_ports(results, bed)
        nothing_is_wrong(results, bed)
        wildcard(results, bed)


tap.run(ports)
