#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""NAT rules on the machine itself, as Docker and firewalls make them: packets
still get to the terminator that XDP chose, by IPv4 and IPv6."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, by_terminator, reasons  # noqa: E402

CONNECTIONS = 60


def nat_rules(results):
    with Bed(octets=[1000]) as bed:
        for family in (4, 6):
            name = {4: "ip", 6: "ip6"}[family]
            bed.network.server.run(
                "nft", f"add table {name} other; add chain {name} other out "
                "{ type nat hook postrouting priority 100; }; "
                f"add rule {name} other out oifname \"none\" masquerade")
            lines = bed.h3load("--connections", str(CONNECTIONS), "--rounds",
                               "2", "--get", "/bytes/1000",
                               family=family).finish()
            results.check(f"IPv{family}: all connections succeed",
                          len(lines) == CONNECTIONS and
                          all(one["ok"] for one in lines),
                          str(reasons(lines)))
            seen = by_terminator(lines)
            results.equal(f"IPv{family}: terminators that got connections",
                          sorted(seen), sorted(bed.terminators))
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)


tap.run(nat_rules)
