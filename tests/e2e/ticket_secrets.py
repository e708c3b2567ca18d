#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The secret behind session tickets changes while all runs: sessions go on over
a change at any terminator, over a loader that was away at it, and no log has a
secret."""

import os
import signal
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import plain  # noqa: E402
import tap  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

ROTATION_S = 4
TRIES = 12  # all at one of two terminators: 2 ** -11


class TicketBed(ConfiguredBed):
    def __init__(self):
        super().__init__(backends=("b1",), settings={"terminator": {
            "quic": {"ticket_rotation": f"{ROTATION_S}s"}}})
        self.context = None

    def connect(self, session=None):
        """(the connection's session, whether it is a resumed one)."""
        return self.network.client.call(lambda: self._connect(session))

    def _connect(self, session):
        if not self.context:
            self.context = ssl.create_default_context(
                cafile=self.path("cert.pem"))
        with socket.create_connection((VIP[4], PORT), timeout=10) as raw:
            with self.context.wrap_socket(raw, server_hostname="localhost",
                                          session=session) as stream:
                stream.sendall(b"GET /status/200 HTTP/1.1\r\n"
                               b"Host: localhost\r\n\r\n")
                plain.read_response(stream)
                return stream.session, stream.session_reused

    def kept(self):
        """{word: what follows it} of the state file."""
        with open(self.path("state/secrets"), encoding="ascii") as file:
            return dict(line.split(" ", 1) for line in file
                        if line.startswith(("ticket", "reset")))

    def resumed(self):
        return {name: row["counters"]["sessions_resumed"]
                for name, row in self.live().items()}


def over_a_change(bed, what):
    """A session of just before the next change, and what was kept before."""
    before = bed.kept()
    end = time.monotonic() + 20
    while True:
        session, _ = bed.connect()
        if bed.kept() != before:
            break
        last = session
        if time.monotonic() > end:
            raise RuntimeError(f"the secret does not change: {what}")
        time.sleep(0.05)
    return last, before


def changes(results, bed):
    session, before = over_a_change(bed, "at first")
    after = bed.kept()
    results.equal("the next secret is the current one, that the previous",
                  (after["ticket"], after["ticket-previous"]),
                  (before["ticket-next"], before["ticket"]))
    results.check("... and there is a new next one",
                  after["ticket-next"] not in before.values())
    results.equal("... others stay", after["reset"], before["reset"])
    counted = bed.resumed()
    good = [bed.connect(session)[1] for _ in range(TRIES)]
    results.check("a session of before the change is resumed", all(good), good)
    took = {name: count - counted[name]
            for name, count in bed.resumed().items()}
    results.check("... at both terminators", min(took.values()) > 0, took)


def long_life(results, bed):
    """A client that has a new ticket of each connection, over five changes."""
    session, _ = bed.connect()
    began, first = time.monotonic(), bed.kept()["ticket"]
    seen, lost = {first}, 0
    while len(seen) < 4 and time.monotonic() - began < 30:
        session, good = bed.connect(session)
        lost += not good
        seen.add(bed.kept()["ticket"])
        time.sleep(0.2)
    results.equal("three changes, no session lost", (len(seen), lost), (4, 0))
    # It knows only what the loader has now; the other has followed to there.
    bed.terminators.pop("t1").end(signal.SIGTERM)
    bed.start_terminator("t1")
    bed.wait_for_live(2)
    good = []
    for _ in range(TRIES):
        session, reused = bed.connect(session)
        good.append(reused)
    results.check("... nor to or from a terminator that has just begun",
                  all(good), good)


def loader_away(results, bed):
    """The next loader changes the secret at once, as it is time."""
    before = bed.kept()
    bed.loader.end(signal.SIGKILL)
    time.sleep(ROTATION_S)
    fresh, _ = bed.connect()
    results.check("without a loader sessions are resumed",
                  bed.connect(fresh)[1])
    fresh, _ = bed.connect()
    bed.start_loader()
    wait_until(lambda: bed.kept() != before, 10, "the next secret")
    wait_until(lambda: all("the loader is back" in one.log()
                           for one in bed.terminators.values()), 10,
               "the terminators to be back")
    good = [bed.connect(fresh)[1] for _ in range(TRIES)]
    results.check("... and by the next loader's secrets, too", all(good), good)


def secrecy(results, bed):
    kept = [value.strip() for word, value in bed.kept().items()
            if word != "ticket-since"]
    logs = "".join(process.log() for process in bed.processes)
    results.check("no log has a secret",
                  len(kept) == 4 and not any(one in logs for one in kept))


def ticket_secrets(results):
    with TicketBed() as bed:
        for step in (changes, long_life, loader_away, secrecy):
            step(results, bed)


tap.run(ticket_secrets)
