#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Frames with VLAN tags on a real interface. The kernel that this runs on may
have no VLAN devices: frames of a VLAN are then decided and counted as any
other, and the kernel drops them behind tc, counted by it. Tags with VLAN ID 0
(priorities) need no device: connections go through them to the end. Untagged
connections beside all this are undisturbed."""

import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, PORT, reasons  # noqa: E402
from frames import Neighbour, ip_packet, quic_initial, quic_short  # noqa
from network import OUTSIDE, VIP  # noqa: E402
from process import wait_until  # noqa: E402
from strip import SCHED_CLS, attach, instruction  # noqa: E402

Q, AD = 0x8100, 0x88a8
FRAMES = 20  # of each kind
# Tags, the outer one first, and whether the kernel delivers without VLANs.
KINDS = {
    "no tag": ((), True),
    "one tag": (((Q, 5),), False),
    "one 802.1ad tag": (((AD, 5),), False),
    "two tags": (((AD, 5), (Q, 6)), False),
    "two 802.1Q tags": (((Q, 5), (Q, 6)), False),
    "a priority tag": (((Q, 0),), True),
    "two priority tags": (((AD, 0), (Q, 0)), True),
}
THREE = ((AD, 5), (Q, 6), (Q, 7))

TCX_EGRESS = 47
PUSH_PRIORITY = b"".join((  # priority 1, VLAN ID 0
    instruction(0xb7, 2, immediate=0x0081),  # 802.1Q in network order
    instruction(0xb7, 3, immediate=1 << 13),
    instruction(0x85, immediate=18),  # bpf_skb_vlan_push()
    instruction(0xb7, 0, immediate=-1),  # TCX_NEXT
    instruction(0x95),
))


class VlanBed(Bed):
    def __init__(self, mode):
        super().__init__(nginx=False)
        self.mode = mode

    def loader_command(self):
        command = super().loader_command()
        command[command.index("--mode") + 1] = self.mode
        return command

    def __enter__(self):
        super().__enter__()
        self.neighbour = Neighbour(self.network)
        return self

    def send(self, payload, tags, family):
        """Sends one frame from beside the server; returns its octets."""
        packet = ip_packet(OUTSIDE[family][0], random.randrange(1024, 65536),
                           VIP[family], PORT, payload)
        return self.neighbour.send(packet, tags)

    def seen(self):
        rows = self.slots()
        link = json.loads(self.network.server.ip(
            "-s", "-s", "-j", "link", "show", "s0"))[0]["stats64"]["rx"]
        return {**self.verdicts(), **self.deliveries(),
                "bytes": sum(row["bytes"] for row in rows),
                "received": self.total("datagrams_received"),
                # for a VLAN that is not here; behind a tag, another one
                "dropped": link.get("otherhost", 0) + link["dropped"]}

    def grown(self, before):
        after = self.seen()
        return {name: after[name] - before[name] for name in after}


def initials(results, bed, label, tags, delivered):
    """New connections' packets: each is counted, and received or not."""
    before = bed.seen()
    octets = sum(bed.send(quic_initial(), tags, 4 if i % 2 else 6)
                 for i in range(FRAMES))
    # tc sees a frame without the tag that the kernel has read.
    if bed.mode == "tc" and tags:
        octets -= 4 * FRAMES
    how = "decoded" if bed.mode == "tc" else "metadata"
    wanted = {"hash_initial": FRAMES, "bytes": octets, how: FRAMES,
              "received": FRAMES if delivered else 0,
              "dropped": 0 if delivered else FRAMES}

    def now():
        grown = bed.grown(before)
        return {name: grown[name] for name in wanted}

    settle(lambda: now() == wanted)
    results.equal(f"{label}: steered, counted, and "
                  + ("received" if delivered else "dropped by the kernel for "
                     "want of a VLAN device"), now(), wanted)


def settle(condition):
    try:
        wait_until(condition, 3, "counters")
    except TimeoutError:
        pass  # the comparison that follows says what differs


def three_tags(results, bed):
    before = bed.seen()
    for _ in range(FRAMES):
        bed.send(quic_initial(), THREE, 4)
    # The kernel has read one of the three before tc.
    verdict = "hash_initial" if bed.mode == "tc" else "pass_not_ip"
    settle(lambda: bed.grown(before)[verdict] >= FRAMES)
    grown = bed.grown(before)
    results.check(f"{bed.mode}: three tags: {verdict}, received by nobody",
                  grown[verdict] >= FRAMES and grown["received"] == 0,
                  str(grown))


def by_cid(results, bed):
    """Tagged packets of a connection that is there: to its terminator."""
    load = bed.h3load("--connections", "1", "--hold", "300", "--interval",
                      "60000", "--get", "/bytes/100")
    load.wait_for(lambda seen: seen["handshakes"] == 1, 10, "a handshake")
    found = bed.lbctl("connections", "--control", bed.control)["connections"]
    cid = bytes.fromhex(found[0]["cids"][0])
    slot = bed.lbctl("cid", "decode", cid.hex())["slot"]

    def traffic():
        return {row["slot"]: row["by_cid"] for row in bed.slots()}

    for label in ("one tag", "two tags"):
        before, verdicts = traffic(), bed.verdicts()
        for i in range(FRAMES):
            bed.send(quic_short(cid), KINDS[label][0], 4 if i % 2 else 6)
        settle(lambda: traffic()[slot] >= before[slot] + FRAMES)
        after = traffic()
        grown = {one: after[one] - before[one] for one in after}
        results.check(f"{bed.mode}: {label}: packets with a CID are counted "
                      "for its terminator alone",
                      grown.pop(slot) >= FRAMES and not any(grown.values())
                      and bed.verdicts()["route_short"]
                      >= verdicts["route_short"] + FRAMES, str(grown))
    load.stop()
    load.finish()


def beside(results, bed):
    """Untagged connections while tagged frames come in between."""
    load = bed.h3load("--connections", "50", "--rounds", "20", "--interval",
                      "50", "--get", "/bytes/20000")
    for _ in range(50):
        for tags, _ in KINDS.values():
            bed.send(quic_initial(), tags, 4)
    lines = load.finish()
    results.check(f"{bed.mode}: 50 untagged connections beside tagged frames",
                  len(lines) == 50 and all(one["ok"] for one in lines),
                  str(reasons(lines)))


def priorities(results, bed, label, offload):
    """Connections of which each frame to the server has a priority tag: in the
    frame, or beside it as by a NIC that reads tags."""
    middle = bed.network.middle
    middle.run("ethtool", "-K", "m1", "txvlan", offload)
    link = middle.call(lambda: attach("m1", SCHED_CLS, PUSH_PRIORITY,
                                      TCX_EGRESS, 0))
    before = bed.seen()
    size = bed.send(quic_initial(), (), 4)
    settle(lambda: bed.grown(before)["hash_initial"] == 1)
    inside = bed.grown(before)["bytes"] - size
    results.equal(f"{label}: octets of the tag that the program sees",
                  inside, 4 if offload == "off" and bed.mode != "tc" else 0)
    lines = [one for family in (4, 6) for one in
             bed.h3load("--connections", "25", "--rounds", "4", "--interval",
                        "50", "--get", "/bytes/20000",
                        family=family).finish()]
    results.check(f"{label}: 50 connections are served",
                  len(lines) == 50 and all(one["ok"] for one in lines),
                  str(reasons(lines)))
    os.close(link)
    middle.run("ethtool", "-K", "m1", "txvlan", "on")


def in_mode(results, mode):
    with VlanBed(mode) as bed:
        for label, (tags, delivered) in KINDS.items():
            initials(results, bed, f"{mode}: {label}", tags, delivered)
        three_tags(results, bed)
        by_cid(results, bed)
        beside(results, bed)
        priorities(results, bed, f"{mode}: priority tags in frames", "off")
        priorities(results, bed, f"{mode}: priority tags beside frames", "on")
        results.equal(f"{mode}: wrong deliveries",
                      bed.total("wrong_delivery"), 0)


def vlan(results):
    for mode in ("native", "generic", "tc"):
        in_mode(results, mode)


tap.run(vlan)
