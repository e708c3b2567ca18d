#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""CID configurations are rotated through encodings and lengths while 300
connections transfer and migrate, and while the loader is killed: nothing is
lost, new connections get CIDs of the newest configuration, and an old one is
gone when its last connection is."""

import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, program, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from moving import FIRST, SECOND, THIRD, change  # noqa: E402
from process import wait_until  # noqa: E402

CONNECTIONS = int(os.environ.get("QUICSTEER_CONNECTIONS", "300"))
DOWN, UP = 700000, 600000  # octets of each connection
# Octets a second until all has moved: three minutes for an upload, as a busy
# machine can need so long for the rotations and moves.
PACE = 3300
# Options of lbctl cid rotate, and the encoding and length of CIDs then.
STEPS = [
    (["--encoding", "plaintext", "--nonce-length", "4"], "plaintext", 9),
    (["--encoding", "encrypted", "--server-id-length", "6",
      "--nonce-length", "5"], "four-pass", 12),
    (["--server-id-length", "12", "--nonce-length", "7"], "four-pass", 20),
]
# Seconds for a configuration without connections to go. The loader waits for
# five, and a terminator keeps a closed connection for three PTOs.
GONE = 20
# PING: the NAT forgets the way to a client that silently waits for an answer.
HELD = ["--hold", "400", "--interval", "100", "--keepalive", "500",
        "--timeout", "400"]
KILLS = 6


def command(bed, *words):
    return [program("lbctl"), "cid", "rotate", "--control", bed.control,
            "--pin-dir", bed.pin_dir, *words]


def rotate(bed, *words):
    """Exit status, and what was said."""
    done = subprocess.run(command(bed, *words, "--json"), timeout=120,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def configs(bed):
    return {one["config_id"]: one for one in bed.lbctl("cid",
                                                       "configs")["configs"]}


def current(bed):
    return next(number for number, one in configs(bed).items()
                if one["state"] == "current")


def only_current_is_left(bed):
    return list(configs(bed)) == [current(bed)]


def first_cids(bed, but):
    """The CID that each connection began with, but for peers in `but`."""
    found = bed.lbctl("connections", "--control", bed.control)
    return {one["peer"]: one["cids"][0] for one in found["connections"]
            if one["peer"] not in but}


def new_connections(results, bed, label, length):
    """Ten more connections: their CIDs are of the current configuration and
    lead to a live terminator."""
    before = set(first_cids(bed, ()))
    load = bed.h3load("--connections", "10", *HELD, "--get", "/bytes/1000")
    load.wait_for(lambda seen: seen["handshakes"] == 10, 8, "handshakes")
    cids = first_cids(bed, before).values()
    ids = {int(cid[:2], 16) >> 5 for cid in cids}
    sizes = {len(cid) // 2 for cid in cids}
    states = {bed.lbctl("cid", "decode", cid)["state"] for cid in cids}
    results.equal(f"{label}: 10 new connections have CIDs of the current "
                  "configuration that lead to live terminators",
                  (len(cids), ids, sizes, states),
                  (10, {current(bed)}, {length}, {"live"}))
    return load


def finished(results, load, label, count):
    load.hurry()
    lines = load.finish()
    results.check(f"{label}: {count} of {count} finish",
                  len(lines) == count and all(one["ok"] for one in lines),
                  f"{len(lines)}: {reasons(lines)}")


def under_transfers(results, bed):
    network = bed.network
    network.rebind(0, *FIRST)
    load = bed.h3load("--connections", str(CONNECTIONS), "--get",
                      f"/bytes/{DOWN}", "--upload", f"/upload?%u={UP}",
                      "--pace", str(PACE))
    load.wait_for(lambda seen: min(seen["downloads"], seen["uploads"])
                  == CONNECTIONS, 20, "all transfers to be in flight")
    news = []
    for number, (words, encoding, length) in enumerate(STEPS, 1):
        status, said = rotate(bed, *words)
        label = f"rotation {number}, to {encoding}"
        results.check(f"{label}: all terminators issue it",
                      status == 0 and json.loads(said)["encoding"] == encoding
                      and json.loads(said)["terminators"] == 3, said)
        news.append(new_connections(results, bed, label, length))
    seen = configs(bed)
    results.check("the first configuration still has its connections",
                  seen[0]["state"] == "retiring"
                  and seen[0]["connections"] == CONNECTIONS, str(seen))
    for number, ports in enumerate((SECOND, THIRD)):
        before = bed.total("paths_validated")
        moved, inside = change(network, load, number, ports)
        results.check(f"move {number + 1} after the rotations: transfers go "
                      "on", moved >= inside == CONNECTIONS,
                      f"{moved} moved, {inside} in flight")
        wait_until(lambda: bed.total("paths_validated")
                   >= before + CONNECTIONS, 5, "new paths to be validated")
    finished(results, load, "transfers over three rotations", CONNECTIONS)
    for number, one in enumerate(news, 1):
        finished(results, one, f"connections after rotation {number}", 10)
    results.equal("uploads that are stored wrong", bed.wrong_uploads(UP), [])


def old_ones_vanish(results, bed):
    wait_until(lambda: only_current_is_left(bed), GONE, "old configurations "
               "to vanish")
    results.check("old configurations vanish with their last connections",
                  True)
    with open(bed.path("state/secrets"), encoding="ascii") as file:
        kept = [line.split()[1] for line in file if line.startswith("config ")]
    results.equal("and from the state file", kept, [str(current(bed))])


def bad_wishes(results, bed):
    before = configs(bed)
    for words, status, word in (
            (["--server-id-length", "3"], 2, "from 4 to 15"),
            (["--encoding", "rot13"], 2, "rot13"),
            (["--server-id-length", "15", "--nonce-length", "5"], 1,
             "at most 19")):
        seen, said = rotate(bed, *words)
        results.check(f"{' '.join(words)}: refused with one message",
                      seen == status and word in said
                      and said.count("\n") == 1, f"{seen}: {said}")
    results.equal("and nothing has changed", set(configs(bed)), set(before))


def connection(bed):
    """One that stays, and with it the configuration of its CIDs."""
    load = bed.h3load("--connections", "1", *HELD, "--get", "/bytes/1000")
    load.wait_for(lambda seen: seen["handshakes"] == 1, 10, "a handshake")
    return load


def all_in_use(results, bed):
    held, statuses = [connection(bed)], []
    for _ in range(6):
        statuses.append(rotate(bed)[0])
        held.append(connection(bed))
    status, said = rotate(bed)
    results.check("seven at once, and an eighth is refused clearly",
                  statuses == [0] * 6 and status == 1 and "all seven" in said
                  and len(configs(bed)) == 7, f"{statuses} {status}: {said}")
    for load in held:
        load.hurry()
        load.finish()


def one_hangs(results, bed):
    """A terminator that does not answer keeps what it issues."""
    wait_until(lambda: len(configs(bed)) < 7, GONE, "an ID to be free")
    hung = bed.terminators["t1"]
    hung.send(signal.SIGSTOP)
    old = current(bed)
    status, said = rotate(bed)
    hung.send(signal.SIGCONT)
    results.check("one that hangs is named",
                  status == 3 and "terminator t1" in said, f"{status}: {said}")
    results.check("and what it issues stays live", old in configs(bed)
                  and current(bed) != old, str(configs(bed)))


def kill_loaders(results, bed):
    held = bed.h3load("--connections", "50", *HELD, "--get", "/bytes/20000")
    held.wait_for(lambda seen: seen["handshakes"] == 50, 10, "handshakes")
    chance = random.Random(4)
    for number in range(KILLS):
        with subprocess.Popen(command(bed), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as asked:
            time.sleep(chance.uniform(0.001, 0.02))
            bed.loader.end(signal.SIGKILL)
            asked.wait(60)
        bed.start_loader()
        bed.wait_for_live(3)
        lines = bed.h3load("--connections", "10", "--get",
                           "/bytes/1000").finish()
        results.check(f"loader killed while it rotates, {number + 1}: 10 new "
                      "connections of 10", len(lines) == 10
                      and all(one["ok"] for one in lines), str(reasons(lines)))
    length = sum(configs(bed)[current(bed)][key] for key in
                 ("server_id_length", "nonce_length")) + 1
    finished(results, new_connections(results, bed, "after the kills", length),
             "they", 10)
    finished(results, held, "connections held over all kills", 50)


def rotation(results):
    with Bed(octets=[DOWN, 1000, 20000]) as bed:
        under_transfers(results, bed)
        old_ones_vanish(results, bed)
        bad_wishes(results, bed)
        kill_loaders(results, bed)
        one_hangs(results, bed)
        old_ones_vanish(results, bed)
        all_in_use(results, bed)
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)
        results.equal("stateless resets",
                      bed.total("stateless_resets_sent"), 0)


def by_age(results):
    """The loader rotates by itself, and old connections are told to leave."""
    with ConfiguredBed(settings={"loader": {"cid_rotation": "3s",
                                            "cid_max_age": "2s"}}) as bed:
        load = bed.h3load("--connections", "40", "--hold", "300", "--interval",
                          "100", "--get", "/bytes/5000")
        load.wait_for(lambda seen: seen["reconnects"] >= 40, GONE, "GOAWAYs")
        wait_until(lambda: "configuration 0 is removed" in bed.loader.log(),
                   GONE, "the first configuration to go")
        left = configs(bed)
        load.hurry()
        lines = load.finish()
        results.check("rotation by age: no request is lost",
                      len(lines) == 40 and all(one["ok"] for one in lines)
                      and load.summary()["requests_failed"] == 0,
                      f"{reasons(lines)} {load.summary()}")
        results.check("connections of configurations over the maximum age "
                      "got GOAWAY and went on elsewhere",
                      load.summary()["goaways"] >= 40
                      and load.summary()["reconnects"] >= 40,
                      str(load.summary()))
        results.check("and the first one is gone", 0 not in left, str(left))


def both(results):
    rotation(results)
    by_age(results)


tap.run(both)
