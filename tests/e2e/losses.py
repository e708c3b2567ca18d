#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Packets of the terminators that the network drops are counted as lost, as many
as are dropped, and nobody notices."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, reasons  # noqa: E402
from dropping import drop_some  # noqa: E402


def dropped_octets(bed):
    """A dropped packet of the middle may be several datagrams of the server,
    merged by GRO: its octets tell how many."""
    rules = json.loads(bed.network.middle.run(
        "nft", "--json", "list", "chain", "inet", "loss", "forward"))
    return sum(part["counter"]["bytes"] for item in rules["nftables"]
               if "rule" in item for part in item["rule"]["expr"]
               if "counter" in part)


def losses(results):
    with Bed(nginx=False, terminators=2) as bed:
        lines = bed.h3load("--connections", "20", "--get",
                           "/bytes/200000").finish()
        results.check("without drops all is served",
                      all(one["ok"] for one in lines), str(reasons(lines)))
        before = bed.total("packets_lost")
        drop_some(bed.network)
        lines = bed.h3load("--connections", "40", "--get", "/bytes/1000000",
                           "--timeout", "60").finish()
        results.check("with drops all is served, too",
                      len(lines) == 40 and all(one["ok"] for one in lines),
                      str(reasons(lines)))
        lost = bed.total("packets_lost") - before
        octets = dropped_octets(bed)
        least, most = octets // 1500, octets // 1000
        results.figure(f"{octets} octets dropped, {lost} packets counted as "
                       f"lost, {before} without drops")
        # Small packets are few; acknowledgements alone are never lost.
        results.check("as many are counted as were dropped",
                      least > 100 and least * 0.8 < lost < most * 1.3,
                      f"{lost}, not {least} to {most}")


tap.run(losses)
