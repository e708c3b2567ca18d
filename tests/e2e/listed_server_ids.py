#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Terminators of another make, played by registrar.py, whose server IDs are
listed in loader.cid_configs: in every encoding their datagrams reach the process
that has the name, through its replacement, restarts and kills of the loader, and
reloads that add and take away; wrong server IDs are counted; the loader's own
terminators keep every connection meanwhile."""

import os
import random
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "lib")]
import tap  # noqa: E402
from bed import PORT, program, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from loader_bed import Terminator  # noqa: E402
from network import VIP, run  # noqa: E402
from process import wait_until  # noqa: E402

EACH = 12  # datagrams to each server ID
ONE, TWO, NEVER = "other-1", "other-2", "other-3"
# Of each configuration: octets of server ID and nonce, whether it has a key,
# and whose the server IDs are.
CONFIGS = {
    4: (3, 4, False, {"0a0b0c": ONE, "0a0b0d": TWO}),
    5: (2, 14, True, {"0001": ONE, "0002": TWO, "0003": NEVER}),
    6: (5, 6, True, {"aabbccddee": ONE, "aabbccddef": TWO}),
}
ENCODINGS = {4: "plaintext", 5: "single-pass", 6: "four-pass"}


class ListedBed(ConfiguredBed):
    """With terminators of the other make by name."""

    def __init__(self):
        super().__init__()
        self.children = []
        self.others = {}
        self.made = {}

    def _take_down(self, failed):
        for child in self.children:
            child.kill()
            child.wait()
        super()._take_down(failed)

    def key_file(self, number):
        return self.path(f"cid-{number}.key")

    def _default_settings(self):
        settings = super()._default_settings()
        for number, (_, _, has_key, _) in CONFIGS.items():
            if has_key:
                write_key(self.key_file(number), random.randbytes(16).hex())
        settings["loader"]["cid_configs"] = [self.entry(number)
                                             for number in CONFIGS]
        return settings

    def entry(self, number):
        server_id, nonce, has_key, servers = CONFIGS[number]
        entry = {"id": number, "encoding": "plaintext",
                 "server_id_length": server_id, "nonce_length": nonce,
                 "server_ids": [{"server_id": one, "terminator": name}
                                for one, name in servers.items()]}
        if has_key:
            entry.update(encoding="encrypted", key_file=self.key_file(number))
        return entry

    def register(self, name):
        other = Terminator(self, name)
        answer = other.ask("hello")
        if answer["event"] != "welcome":
            raise RuntimeError(f"{name}: {answer}")
        self.others[name] = other
        return other

    def cid(self, number, server_id):
        """A new CID of a listed configuration."""
        _, nonce, has_key, _ = CONFIGS[number]
        key = ["--key-file", self.key_file(number)] if has_key else []
        return run(program("lbctl"), "cid", "encode", *key, "--config-id",
                   str(number), "--server-id", server_id, "--nonce",
                   random.randbytes(nonce).hex(), "--length-bits",
                   "random").strip().split()[-1]

    def stock(self, number, server_id):
        """CIDs that are made once: making them takes time, which a loader
        that waits for its terminators has not."""
        key = (number, server_id)
        if key not in self.made:
            self.made[key] = [self.cid(*key) for _ in range(EACH)]
        return self.made[key]

    def send(self, cids):
        """Short headers from the client, each from a port of its own."""
        def inside():
            for cid in cids:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                    udp.sendto(b"\x43" + bytes.fromhex(cid) +
                               random.randbytes(40), (VIP[4], PORT))

        self.network.client.call(inside)

    def reload_all(self):
        """A reload that the others take part in; status and what was said."""
        for other in self.others.values():
            other.tell("follow OK")
        done = self.reload()
        phases = [other.hear()["phases"] for other in self.others.values()]
        return (*done, phases)

    def listed(self):
        return {one["config_id"]: one for one in
                self.lbctl("cid", "configs")["configs"]
                if one["state"] == "listed"}


def write_key(path, text, mode=0o600):
    with open(path, "w", encoding="ascii") as file:
        file.write(text + "\n")
    os.chmod(path, mode)


def wrong(bed):
    """Packets of no server ID, and of no configuration."""
    verdicts = bed.verdicts()
    return (verdicts["hash_short_server"], verdicts["hash_short_config"])


def all_get_theirs(results, bed, label, servers=None):
    """Datagrams to each server ID reach its holder and nobody else."""
    servers = servers or [(number, one, name)
                          for number, (*_, ids) in CONFIGS.items()
                          for one, name in ids.items() if name != NEVER]
    before = wrong(bed)
    for other in bed.others.values():
        other.received()
    sent = {name: [] for name in bed.others}
    for number, server_id, name in servers:
        sent[name] += bed.stock(number, server_id)
    for cids in sent.values():
        bed.send(cids)
    got = {name: [] for name in sent}

    def arrived():
        for name, other in bed.others.items():
            got[name] += [one[2:] for one in other.received()]
        return all(len(got[name]) >= len(sent[name]) for name in sent)

    try:
        wait_until(arrived, 3, "datagrams")
    except TimeoutError:
        pass
    for name, cids in sent.items():
        wanted = sorted(cid[:38] for cid in cids)
        seen = sorted(one[:len(cid)] for one, cid in
                      zip(sorted(got[name]), sorted(cids)))
        results.check(f"{label}: {name} gets its {len(cids)} datagrams, and "
                      "no others", seen == wanted
                      and len(got[name]) == len(cids),
                      f"{len(got[name])} of {len(cids)}")
    results.equal(f"{label}: none counts as unknown", wrong(bed), before)


def are_counted(results, bed, label, number, server_id, column=0):
    before = wrong(bed)
    bed.send([bed.cid(number, server_id) for _ in range(EACH)])
    wanted = tuple(count + EACH * (i == column)
                   for i, count in enumerate(before))
    try:
        wait_until(lambda: wrong(bed) == wanted, 3, "verdicts")
    except TimeoutError:
        pass
    results.equal(f"{label}: counted as of no "
                  f"{('server ID', 'configuration')[column]}",
                  wrong(bed), wanted)


def what_lbctl_says(results, bed, held):
    seen = {number: (one["encoding"], one["server_ids"],
                     one["server_ids_held"], one["connections"])
            for number, one in bed.listed().items()}
    results.equal(f"lbctl cid configs, {'with' if held else 'without'} the "
                  "processes", seen,
                  {number: (ENCODINGS[number], len(ids), 2 * held, None)
                   for number, (*_, ids) in CONFIGS.items()})
    metrics = bed.metrics()
    series = 'quicsteer_cid_config_server_ids{config="5",held="%s"}'
    results.equal("and the metrics", [metrics[series % one]
                                      for one in ("true", "false")],
                  [2.0 * held, 3.0 - 2 * held])
    listed = 'quicsteer_cid_config_info{config="6",encoding="four-pass",' \
             'state="listed"}'
    results.equal("which say that it is listed", metrics[listed], 1.0)
    if not held:
        return
    for number, server_id, state, name in (
            (5, "0002", "live", TWO), (5, "0003", "absent", None),
            (6, "aabbccdd00", "unknown", None), (4, "0a0b0c", "live", ONE)):
        said = bed.lbctl("cid", "decode", bed.cid(number, server_id))
        results.equal(f"lbctl cid decode: {server_id} of {number}",
                      (said["server_id"], said["state"],
                       said.get("terminator")), (server_id, state, name))


def replacement(results, bed):
    old = bed.others[ONE]
    bed.register(ONE)
    all_get_theirs(results, bed, "a second process of the name")
    results.equal("the first process gets none", old.received(), [])
    old.kill()
    old.child.wait()
    wait_until(lambda: sum(row["name"] == ONE and row["state"] == "dead"
                           for row in bed.slots()) == 1, 5, "its death")
    all_get_theirs(results, bed, "after the first has ended")


def restarts(results, bed):
    for number in (signal.SIGTERM, signal.SIGKILL):
        bed.loader.end(number)
        all_get_theirs(results, bed, f"no loader, after {number.name}")
        bed.start_loader()
        all_get_theirs(results, bed, "a new loader, before they are back")
        for other in bed.others.values():
            if other.ask("resume")["event"] != "welcome":
                raise RuntimeError(f"{other.name} cannot resume")
        bed.wait_for_live(4)
        all_get_theirs(results, bed, "a new loader, when they are back")


def death(results, bed):
    bed.loader.end(signal.SIGKILL)
    dead = bed.others.pop(TWO)
    dead.kill()
    dead.child.wait()
    bed.start_loader()
    bed.others[ONE].ask("resume")
    bed.wait_for_live(3)
    for number, server_id in ((4, "0a0b0d"), (5, "0002"), (6, "aabbccddef")):
        are_counted(results, bed, f"{ENCODINGS[number]}: its process died "
                    "while no loader ran", number, server_id)
    bed.register(TWO)
    all_get_theirs(results, bed, "a new process of its name")
    dead = bed.others.pop(TWO)
    dead.kill()
    dead.child.wait()
    wait_until(lambda: len(bed.live()) == 3, 5, "its death")
    are_counted(results, bed, "its process died", 5, "0002")
    bed.register(TWO)
    all_get_theirs(results, bed, "and another one")


def changes_without_loader(results, bed):
    """The file as it is when a loader starts is what is in force."""
    entries = bed.settings["loader"]["cid_configs"]
    bed.loader.end(signal.SIGKILL)
    entries[0]["id"] = 0
    bed.write_config()
    done = subprocess.run(bed.network.server.enter(*bed.loader_command()),
                          capture_output=True, text=True, timeout=120,
                          check=False)
    said = done.stderr + done.stdout
    results.check("a loader does not start where the file lists the ID of its "
                  "own configuration", done.returncode == 1
                  and said.count("error") == 1 and "own current" in said,
                  f"{done.returncode}: {said}")
    all_get_theirs(results, bed, "after that")
    entries[0]["id"] = 4
    entries[0]["server_ids"].append({"server_id": "0a0b0f",
                                     "terminator": ONE})
    entries[1]["server_ids"].pop()  # of the process that never came
    bed.write_config()
    bed.start_loader()
    for other in bed.others.values():
        other.ask("resume")
    bed.wait_for_live(4)
    results.equal("server IDs of a file that changed while no loader ran",
                  {number: one["server_ids"] for number, one in
                   bed.listed().items()}, {4: 3, 5: 2, 6: 2})
    all_get_theirs(results, bed, "a server ID that came so",
                   [(4, "0a0b0f", ONE), (4, "0a0b0d", TWO)])
    entries[0]["server_ids"].pop()


def refused(results, bed, label, change, word):
    """A reload with a change that is refused; then the file is as before."""
    before = bed.settings["loader"]["cid_configs"]
    entries = [dict(one) for one in before]
    change(entries)
    bed.settings["loader"]["cid_configs"] = entries
    status, said = bed.reload()  # refused before anybody is asked
    results.check(f"{label}: refused with one message",
                  status == 1 and word in said and said.count("\n") == 1,
                  f"{status}: {said}")
    bed.settings["loader"]["cid_configs"] = before
    bed.write_config()


def refusals(results, bed):
    open_key, no_key = bed.path("open.key"), bed.path("no.key")
    write_key(open_key, "00" * 16, 0o644)
    write_key(no_key, "00" * 15)
    refused(results, bed, "the loader's own ID",
            lambda entries: entries[0].update(id=0), "own current")
    refused(results, bed, "a key that others may read",
            lambda entries: entries[1].update(key_file=open_key), "chmod 600")
    refused(results, bed, "what is no key",
            lambda entries: entries[1].update(key_file=no_key),
            "32 hex digits")
    refused(results, bed, "an ID that is given twice",
            lambda entries: entries[0].update(id=5), "given twice")
    all_get_theirs(results, bed, "after reloads that were refused")


def reloads(results, bed):
    refusals(results, bed)
    entries = bed.settings["loader"]["cid_configs"]
    entries[0]["server_ids"][1]["server_id"] = "0a0b0e"
    removed = entries.pop(1)
    status, said, phases = bed.reload_all()
    results.check("a reload changes one server ID and takes one configuration "
                  "away", status == 0 and phases == [["check", "apply"]] * 2,
                  f"{status} {phases}: {said}")
    left = [(4, "0a0b0c", ONE), (4, "0a0b0e", TWO), (6, "aabbccddee", ONE),
            (6, "aabbccddef", TWO)]
    all_get_theirs(results, bed, "after the reload", left)
    are_counted(results, bed, "a server ID that is gone", 4, "0a0b0d")
    are_counted(results, bed, "a configuration that is gone", 5, "0001", 1)
    entries.append(removed)
    status, said, _ = bed.reload_all()
    results.check("another reload adds the configuration again", status == 0,
                  said)
    all_get_theirs(results, bed, "after that", left + [
        (5, "0001", ONE), (5, "0002", TWO)])
    changes(results, bed)


def changes(results, bed):
    """Encoding, lengths and key of configurations that stay."""
    old = bed.cid(5, "0002")
    write_key(bed.key_file(5), random.randbytes(16).hex())
    bed.made.clear()
    CONFIGS[6] = (4, 9, False, {"01020304": ONE, "01020305": TWO})
    entries = bed.settings["loader"]["cid_configs"]
    place = [one["id"] for one in entries].index(6)
    entries[place] = bed.entry(6)
    status, said, _ = bed.reload_all()
    seen = bed.listed()[6]
    results.equal("a reload changes encoding, lengths and a key",
                  (status, seen["encoding"], seen["server_id_length"],
                   seen["nonce_length"], seen["server_ids"]),
                  (0, "plaintext", 4, 9, 2))
    all_get_theirs(results, bed, "after the change", [
        (6, "01020304", ONE), (6, "01020305", TWO), (5, "0001", ONE),
        (5, "0002", TWO)])
    said = bed.lbctl("cid", "decode", old)["server_id"]
    results.check("a CID by the key before says nothing any more",
                  said != "0002", said)


def rotations(results, bed):
    """Listed IDs are never the loader's, and rotation goes on beside them."""
    for other in bed.others.values():
        other.tell("follow OK")
    said = [rotate(bed) for _ in range(4)]
    results.check("three rotations, and a fourth finds no ID",
                  [status for status, _ in said] == [0, 0, 0, 1]
                  and "some by loader.cid_configs" in said[3][1], str(said))
    bed.reload()
    for other in bed.others.values():
        other.hear()
    seen = {one["config_id"]: one["state"] for one in
            bed.lbctl("cid", "configs")["configs"]}
    results.equal("the loader's own and the listed ones", seen, {
        0: "retiring", 1: "retiring", 2: "retiring", 3: "current",
        4: "listed", 5: "listed", 6: "listed"})
    entries = bed.settings["loader"]["cid_configs"]
    refused(results, bed, "an ID that retires",
            lambda changed: changed[0].update(id=1), "own retiring")
    all_get_theirs(results, bed, "after rotations", [
        (one["id"], server["server_id"], server["terminator"])
        for one in entries for server in one["server_ids"]
        if server["terminator"] != NEVER])


def rotate(bed):
    """Exit status, and what was said."""
    try:
        return 0, run(program("lbctl"), "cid", "rotate", "--control",
                      bed.control, "--pin-dir", bed.pin_dir)
    except RuntimeError as error:
        return 1, str(error)


def listed_server_ids(results):
    with ListedBed() as bed:
        what_lbctl_says(results, bed, False)
        are_counted(results, bed, "nobody has registered", 4, "0a0b0c")
        for name in (ONE, TWO):
            bed.register(name)
            bed.lbctl("weight", "set", name, "0")
        what_lbctl_says(results, bed, True)
        held = bed.h3load("--connections", "20", "--hold", "600", "--interval",
                          "100", "--get", "/bytes/3000", "--timeout", "600")
        held.wait_for(lambda seen: seen["handshakes"] == 20, 10, "handshakes")
        all_get_theirs(results, bed, "registered")
        are_counted(results, bed, "a process that never came", 5, "0003")
        are_counted(results, bed, "a server ID that is not listed", 6,
                    "aabbccdd00")
        replacement(results, bed)
        restarts(results, bed)
        death(results, bed)
        changes_without_loader(results, bed)
        reloads(results, bed)
        rotations(results, bed)
        held.stop()
        lines = held.finish()
        results.check("connections of the loader's own terminators: none is "
                      "lost before the end",
                      reasons(lines) == {"stopped": 20}
                      and set(held.summary()["failures"]) <= {"stopped"},
                      f"{reasons(lines)} {held.summary()}")
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)


tap.run(listed_server_ids)
