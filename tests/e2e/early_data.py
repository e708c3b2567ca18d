#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""0-RTT by ngtcp2's client on GnuTLS: taken by other terminators than those
that gave the ticket, with Early-Data for backends; what is not safe waits for
the handshake, and a recorded flight, sent again, moves nothing but safe
requests."""

import os
import re
import select
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import PORT, tool, tool_environment  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

TRIES = 14  # connections; all at the ticket's own terminator: 3 ** -14
RELAY = 4444
REPLAYS = 16  # all at one terminator: 3 ** -15
BODY = "".join(f"{number:016}" for number in range(40))
OFF = {"early_data": False}


class Seen:
    def __init__(self, log):
        self.log = log
        # The body, of the hexadecimal dump.
        self.body = "".join(re.findall(r"^[0-9a-f]{8}  .*\|(.*)\|$", log,
                                       re.MULTILINE))
        via = re.search(r"\[via: [^ ]+ ([a-z0-9-]+)\]", log)
        status = re.search(r"\[:status: (\d+)\]", log)
        self.terminator = via[1] if via else ""
        self.status = int(status[1]) if status else 0

    def __repr__(self):
        return f"{self.status} {self.terminator} {self.log[-600:]}"


class EarlyBed(ConfiguredBed):
    def __init__(self, **options):
        quic = dict({"early_data": True}, **options)
        super().__init__(backends=("b1",), terminators=3,
                         settings={"terminator": {"quic": quic}})

    def gtls(self, path, *options, session="session", address=VIP[4],
             port=PORT):
        files = ["--session-file", self.path(session), "--tp-file",
                 self.path(session + ".tp")]
        done = subprocess.run(
            self.network.client.enter(
                tool("gtlsclient"), "--no-quic-dump", "--timeout=30s",
                "--exit-on-all-streams-close", "--sni=localhost", *files,
                *options, address, str(port), f"https://localhost{path}"),
            env=tool_environment(), capture_output=True, text=True,
            timeout=120, check=False)
        return Seen(done.stdout + done.stderr)

    def take_ticket(self, session="session"):
        seen = self.gtls("/status/200", "--wait-for-ticket", session=session)
        assert os.path.exists(self.path(session)), seen
        return seen

    def counters(self, *names):
        return [self.total(name) for name in names]


class Recorder:
    """Relays one client to the VIP and keeps what it sent before the first
    answer came."""

    def __init__(self, bed):
        def open_sockets():
            front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            front.bind(("127.0.0.1", RELAY))
            return front, self.fresh()

        self.bed = bed
        self.first_flight = []
        self.front, self.out = bed.network.client.call(open_sockets)
        self.answered = self.stopped = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @staticmethod
    def fresh():
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        out.connect((VIP[4], PORT))
        return out

    def run(self):
        peer = None
        while not self.stopped:
            ready, _, _ = select.select([self.front, self.out], [], [], 0.1)
            if self.front in ready:
                datagram, peer = self.front.recvfrom(65536)
                if not self.answered:
                    self.first_flight.append(datagram)
                self.out.send(datagram)
            if self.out in ready:
                if not self.answered:
                    # All of the first flight is in when no more comes; a
                    # client repeats itself after a second only.
                    while select.select([self.front], [], [], 0.4)[0]:
                        datagram, peer = self.front.recvfrom(65536)
                        self.first_flight.append(datagram)
                        self.out.send(datagram)
                self.answered = True
                self.front.sendto(self.out.recv(65536), peer)

    def replay(self):
        """Sends the first flight again, from another port."""
        again = self.bed.network.client.call(self.fresh)
        for datagram in self.first_flight:
            again.send(datagram)
        return again

    def close(self):
        self.stopped = True
        self.thread.join(5)
        self.front.close()
        self.out.close()


def elsewhere(results, bed):
    first = bed.take_ticket()
    before = bed.counters("early_data_accepted", "early_requests_sent",
                          "early_data_rejected")
    seen = [bed.gtls("/status/200") for _ in range(TRIES)]
    after = bed.counters("early_data_accepted", "early_requests_sent",
                         "early_data_rejected")
    others = {one.terminator for one in seen} - {first.terminator}
    results.check("0-RTT is taken by other terminators than the one that gave "
                  "the ticket", others and
                  all(one.status == 200 for one in seen),
                  f"{first.terminator}; {seen}")
    results.equal(f"{TRIES} of {TRIES}, none rejected",
                  [now - was for now, was in zip(after, before)],
                  [TRIES, TRIES, 0])


def marked(results, bed):
    before = bed.backend_mode("b1")
    seen = bed.gtls("/")
    results.check("the backend gets Early-Data: 1",
                  "early-data: 1" in seen.body, str(seen))
    seen = bed.gtls("/", "--disable-early-data")
    results.check("and not behind the handshake",
                  seen.status == 200 and "GET /." in seen.body
                  and "early-data" not in seen.body,
                  f"{before} {seen}")


def too_early(results, bed):
    """RFC 8470, 5.2: the Early-Data was ours, so the 425 is for us."""
    before = bed.backend_mode("b1")["requests"]
    sent = bed.counters("early_requests_sent")[0]
    seen = [bed.gtls("/early") for _ in range(3)]
    results.check("a backend's 425: the request is sent again behind the "
                  "handshake, without Early-Data",
                  all(one.status == 200 and "GET /early." in one.body
                      and "early-data" not in one.body for one in seen),
                  str(seen))
    results.equal("twice each, no more",
                  (bed.counters("early_requests_sent")[0] - sent,
                   bed.backend_mode("b1")["requests"] - before), (3, 6))
    before = bed.backend_mode("b1")["requests"]
    seen = bed.gtls("/status/425")
    results.equal("a second 425 is passed on", (seen.status,
                  bed.backend_mode("b1")["requests"] - before), (425, 2))
    before = bed.backend_mode("b1")["requests"]
    with Asker(bed) as ask:
        answer = ask("/early", early_data="1")
    results.equal("so is one for who says Early-Data himself",
                  (answer.status, bed.backend_mode("b1")["requests"] - before),
                  (425, 1))
    before = bed.backend_mode("b1")["requests"]
    seen = bed.gtls("/status/425", "--disable-early-data")
    results.equal("and one behind the handshake", (seen.status,
                  bed.backend_mode("b1")["requests"] - before), (425, 1))


def post(bed):
    return ["-m", "POST", "-d", bed.path("body")]


def unsafe(results, bed):
    with open(bed.path("body"), "wb") as file:
        file.write(BODY.encode())
    names = ("early_requests_held", "early_requests_sent",
             "early_data_accepted")
    before = bed.counters(*names)
    seen = [bed.gtls("/echo", *post(bed)) for _ in range(3)]
    results.check("POST in 0-RTT waits for the handshake and is answered, its "
                  "body whole",
                  all(one.status == 200
                      and one.body == BODY
                      for one in seen),
                  str(seen))
    held = [now - was for now, was in zip(bed.counters(*names), before)]
    results.equal("they were held", held, [3, 0, 3])


def replayed(results, bed, path, more, label, times=1):
    """Returns how many of the replays were taken as new connections, and how
    often they reached the backend. As a terminator takes an Initial of a DCID
    that it knows for the same connection's, that is one at each."""
    names = ("early_requests_held", "early_requests_sent")
    recorder = Recorder(bed)
    before = bed.backend_mode("b1")["requests"]
    seen = bed.gtls(path, *more, address="127.0.0.1", port=RELAY)
    once = bed.backend_mode("b1")["requests"] - before
    results.check(f"{label}: recorded through a relay",
                  seen.status == 200 and once == times, f"{once} {seen}")
    # For the connection to be gone altogether, three PTOs, and for the ticket's
    # age to be no reason yet: see too_late().
    time.sleep(4)
    counted = sum(bed.counters(*names))
    sockets = [recorder.replay() for _ in range(REPLAYS)]
    wait_until(lambda: sum(bed.counters(*names)) >= counted + 2, 10,
               "terminators to get the replays")
    wait_until(lambda: bed.steered() == bed.total("datagrams_received"), 10,
               "all replays to be taken in")
    time.sleep(1)  # for requests to be on their way
    for one in sockets:
        one.close()
    recorder.close()
    return (sum(bed.counters(*names)) - counted,
            bed.backend_mode("b1")["requests"] - before - once)


def replays(results, bed):
    taken, count = replayed(results, bed, "/echo", post(bed), "POST")
    results.check("a flight with POST, sent again: terminators took "
                  f"{taken} connections, the backend got no request",
                  taken >= 2 and count == 0, f"{taken} {count}")
    taken, count = replayed(results, bed, "/status/200", [], "GET")
    results.check("a flight with GET, sent again: it got each, once a "
                  "terminator", taken == count and 2 <= taken <= 3,
                  f"{taken} {count}")


def replays_too_early(results, bed):
    taken, count = replayed(results, bed, "/early", [], "GET that gets 425",
                            times=2)
    results.check("a flight with it, sent again: no request comes a second "
                  "time, as no handshake is completed",
                  taken == count and 2 <= taken <= 3, f"{taken} {count}")


def too_late(results, bed):
    """wolfSSL takes no ticket whose age is off by over 11 s."""
    recorder = Recorder(bed)
    bed.gtls("/status/200", address="127.0.0.1", port=RELAY)
    before = bed.counters("early_requests_sent")
    requests = bed.backend_mode("b1")["requests"]
    time.sleep(12.5)
    out = recorder.replay()
    time.sleep(1)
    results.equal("a flight that is sent again 12 s later moves nothing",
                  (bed.counters("early_requests_sent"),
                   bed.backend_mode("b1")["requests"]), (before, requests))
    out.close()
    recorder.close()


def other_promises(results, bed):
    bed.take_ticket("other")
    limits = bed.settings["terminator"].setdefault("limits", {})
    limits["streams"] = 50
    status, said = bed.reload()
    results.equal(f"reload with fewer streams: {said.strip()}", status, 0)
    before = bed.counters("early_data_accepted", "early_data_rejected",
                          "sessions_resumed")
    seen = bed.gtls("/status/200", session="other")
    after = bed.counters("early_data_accepted", "early_data_rejected",
                         "sessions_resumed")
    results.check("a ticket that promises more than holds now is not taken, "
                  "and the request is served", seen.status == 200
                  and [now - was for now, was in zip(after, before)]
                  == [0, 1, 0], f"{before} {after} {seen}")


def off(results, bed):
    bed.take_ticket("off")
    bed.settings["terminator"]["quic"] = OFF
    status, said = bed.reload()
    results.equal(f"reload with early_data: false: {said.strip()}", status, 0)
    before = bed.counters("early_data_accepted")
    seen = bed.gtls("/status/200", session="off")
    results.check("no 0-RTT is taken any more", seen.status == 200 and
                  bed.counters("early_data_accepted") == before, str(seen))
    bed.take_ticket("plain")
    before = bed.counters("sessions_resumed")[0]
    seen = bed.gtls("/status/200", session="plain")
    results.equal("sessions are resumed all the same", (seen.status,
                  bed.counters("sessions_resumed")[0] - before), (200, 1))


def rotated(results):
    """What the key behind the former one does is ticket_keys_test's: by then,
    clients have let go of the ticket by themselves."""
    with EarlyBed(ticket_rotation="6s") as bed:
        names = ("sessions_resumed", "early_data_accepted")
        for _ in range(5):  # a busy machine may not be done within a period
            time.sleep(6 - (time.time() - 1) % 6)  # its first second is over
            period = time.time() // 6
            bed.take_ticket()
            before = bed.counters(*names)
            if time.time() // 6 != period:
                continue
            time.sleep(6 - time.time() % 6 + 0.3)  # another key seals now
            seen = bed.gtls("/status/200")
            if time.time() // 6 == period + 1:
                break
        results.check("the former key still opens tickets",
                      seen.status == 200 and
                      [now - was for now, was in
                       zip(bed.counters(*names), before)] == [1, 1],
                      f"{before} {bed.counters(*names)} {seen}")


def early_data(results):
    with EarlyBed() as bed:
        elsewhere(results, bed)
        marked(results, bed)
        too_early(results, bed)
        unsafe(results, bed)
        replays(results, bed)
        replays_too_early(results, bed)
        too_late(results, bed)
        other_promises(results, bed)
        off(results, bed)
    rotated(results)


tap.run(early_data)
