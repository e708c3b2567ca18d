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

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import plain  # noqa: E402
import tap  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

ROTATION_S = 2
TRIES = 12
MOST = 1000  # tries until both terminators have had a client


class TicketBed(ConfiguredBed):
    def __init__(self):
        super().__init__(backends=("b1",), settings={"terminator": {
            "quic": {"ticket_rotation": "1h"}}})
        self.context = None

    def connect(self, session=None):
        """(the connection's session, whether it is a resumed one)."""
        return self.network.client.call(lambda: self._connect(session))

    def _connect(self, session):
        if not self.context:
            self.context = ssl.create_default_context(
                cafile=self.path("cert.pem"))
        with socket.create_connection((VIP[4], PORT), timeout=60) as raw:
            with self.context.wrap_socket(raw, server_hostname="localhost",
                                          session=session) as stream:
                stream.sendall(b"GET /status/200 HTTP/1.1\r\n"
                               b"Host: localhost\r\n\r\n")
                plain.read_response(stream)
                return stream.session, stream.session_reused

    def rotate_every(self, period):
        self.settings["terminator"]["quic"]["ticket_rotation"] = period
        status, said = self.reload()
        if status:
            raise RuntimeError(said)

    def kept(self):
        """{word: what follows it} of the state file."""
        with open(self.path("state/secrets"), encoding="ascii") as file:
            return dict(line.split(" ", 1) for line in file
                        if line.startswith(("ticket", "reset")))

    def let_pass(self, seconds):
        """The secret is older by that, for the next loader."""
        with open(self.path("state/secrets"), encoding="ascii") as file:
            lines = file.read().splitlines()
        for number, line in enumerate(lines):
            if line.startswith("ticket-since "):
                since = int(line.split()[1]) - seconds
                lines[number] = f"ticket-since {since}"
        with open(self.path("state/secrets"), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")

    def resumed(self):
        return {name: row["counters"]["sessions_resumed"]
                for name, row in self.live().items()}


def next_secret(bed):
    """Has the loader change the secret, and then no more. Returns whether it
    was changed once: a busy machine may be late."""
    before = bed.kept()
    bed.rotate_every(f"{ROTATION_S}s")
    wait_until(lambda: bed.kept() != before, 20, "the next secret")
    bed.rotate_every("1h")
    return bed.kept()["ticket"] == before["ticket-next"]


def over_a_change(bed):
    """A session of before a change, and what was kept then."""
    while True:
        (session, _), before = bed.connect(), bed.kept()
        if next_secret(bed):
            return session, before


def took(bed, before):
    """How many sessions each terminator has resumed since."""
    return [count - before[name] for name, count in bed.resumed().items()]


def changes(results, bed):
    session, before = over_a_change(bed)
    after = bed.kept()
    results.equal("the next secret is the current one, that the previous",
                  (after["ticket"], after["ticket-previous"]),
                  (before["ticket-next"], before["ticket"]))
    results.check("... and there is a new next one",
                  after["ticket-next"] not in before.values())
    results.equal("... others stay", after["reset"], before["reset"])
    counted = bed.resumed()
    good = [bed.connect(session)[1] for _ in range(TRIES)]
    while all(good) and len(good) < MOST and 0 in took(bed, counted):
        good.append(bed.connect(session)[1])
    results.check("a session of before the change is resumed", all(good), good)
    results.check("... at both terminators", 0 not in took(bed, counted),
                  len(good))


def long_life(results, bed):
    """A client that has a new ticket of each connection, over changes."""
    session, _ = bed.connect()
    changes_seen, good = 0, []
    while changes_seen < 3:
        if not next_secret(bed):
            session, _ = bed.connect()
            continue
        changes_seen += 1
        for _ in range(TRIES):
            session, reused = bed.connect(session)
            good.append(reused)
    results.check("over three changes no session is lost", all(good), good)
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
    bed.let_pass(3600)
    fresh, _ = bed.connect()
    results.check("without a loader sessions are resumed",
                  bed.connect(fresh)[1])
    fresh, _ = bed.connect()
    bed.start_loader()
    wait_until(lambda: bed.kept()["ticket"] == before["ticket-next"], 10,
               "the next secret")
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
