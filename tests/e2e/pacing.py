#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Pacing (RFC 9002, 7.7): what acknowledgements that come together allow to be
sent leaves spread over the time until the next ones come, and not at once."""

import os
import socket
import statistics
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

SIZE = 1_500_000
RELAY_PORT = 8500
# Acknowledgements come so late, and together so often.
BASE_S, STEP_S = 0.2, 0.1
AT_ONCE_S = 0.02
WORTH = 150_000  # octets in a step; less of them prove nothing
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33
PACKET_OUTGOING = 4
UDP = 17


class Capture:
    """What leaves the server's interface by UDP: [(time in seconds, octets)].
    The kernel takes the time when the terminator sends, in its own call, so
    that others' load does not bring packets together."""

    def __init__(self, bed):
        self.sent = []
        self.socket = bed.network.server.call(self._open)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    @staticmethod
    def _open():
        made = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                             socket.htons(0x0003))
        made.bind(("s0", 0x0003))
        made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        made.settimeout(0.2)
        return made

    def _read(self):
        while self.thread:
            try:
                data, more, _, address = self.socket.recvmsg(128, 64)
            except TimeoutError:
                continue
            if address[2] == PACKET_OUTGOING and data[9] == UDP:
                seconds, ns = struct.unpack("qq", more[0][2])
                self.sent.append((seconds + ns / 1e9,
                                  struct.unpack_from(">H", data, 2)[0] - 28))

    def finish(self):
        thread, self.thread = self.thread, None
        thread.join()
        self.socket.close()
        return self.sent


def most_within(sent, seconds):
    """Octets in the busiest time of this length."""
    most = octets = first = 0
    for when, size in sent:
        octets += size
        while sent[first][0] < when - seconds:
            octets -= sent[first][1]
            first += 1
        most = max(most, octets)
    return most


def shares(sent):
    """Of the octets of each step of time, from whichever packet on, how large a
    part left at once. One that the machine holds up does not count for much
    among the others."""
    found = []
    for first, (begin, _) in enumerate(sent):
        step = [one for one in sent[first:] if one[0] < begin + STEP_S]
        octets = sum(size for _, size in step)
        if octets >= WORTH:
            found.append(most_within(step, AT_ONCE_S) / octets)
    return found


def pacing(results):
    with ConfiguredBed(backends=("b1",), terminators=1) as bed:
        relay = bed.spawn("late", bed.network.client, [
            sys.executable, os.path.join(os.path.dirname(__file__), "lib",
                                         "late.py"),
            "127.0.0.1", str(RELAY_PORT), VIP[4], str(PORT),
            str(BASE_S), str(STEP_S)])
        wait_until(lambda: "relaying" in relay.log(), 5, "the relay")
        capture = Capture(bed)
        with Asker(bed, address=f"127.0.0.1:{RELAY_PORT}") as ask:
            answer = ask(f"/bytes/{SIZE}")
        sent = capture.finish()
        results.check("a download over a long way",
                      answer.status == 200 and answer.size == SIZE, answer)
        found = shares(sent)
        share = statistics.median(found or [1])
        results.check("what may be sent is spread over the time until more "
                      "may", share < 0.55, f"{share} {len(found)}")
        results.figure(f"of the octets of {STEP_S * 1000:g} ms "
                       f"{share * 100:.0f} % leave within "
                       f"{AT_ONCE_S * 1000:g} ms")


tap.run(pacing)
