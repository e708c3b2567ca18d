#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""loader.cid_rotation and loader.cid_max_age change while the loader runs: a
reload begins and ends rotation by age, which keeps encoding and lengths as lbctl
cid rotate made them last, and has old connections leave or stay; what is wrong
is refused by its name and changes nothing; no request is lost. Lengths and
encoding are no keys of the file: those of loader.cid_configs are, and
listed_server_ids.py changes them."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import program, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import run  # noqa: E402
from process import wait_until  # noqa: E402

CONNECTIONS = 20
SHAPE = ("encoding", "server_id_length", "nonce_length")


def configs(bed):
    return {one["config_id"]: one for one in bed.lbctl("cid",
                                                       "configs")["configs"]}


def current(bed):
    return next(one for one in configs(bed).values()
                if one["state"] == "current")


def shape(bed):
    return tuple(current(bed)[key] for key in SHAPE)


def generation(bed):
    return bed.lbctl("status")["config_generation"]


def rotations(bed):
    return bed.loader.log().count(" is current: ")


def apply(results, bed, label, **keys):
    bed.settings["loader"].update(keys)
    status, said = bed.reload()
    results.check(f"{label}: {keys} is taken by a reload without a restart",
                  status == 0 and "restart" not in said, f"{status}: {said}")


def refused(results, bed, keys, *words):
    before = dict(bed.settings["loader"])
    applied = generation(bed)
    bed.settings["loader"].update(keys)
    status, said = bed.reload()
    bed.settings["loader"] = before
    bed.write_config()
    results.check(f"{keys} is refused with one message",
                  status == 1 and said.count("\n") == 1
                  and all(word in said for word in words), f"{status}: {said}")
    results.equal("and nothing is applied", generation(bed), applied)


def stays(bed, seconds):
    """Whether no rotation happens for a while."""
    before = rotations(bed)
    time.sleep(seconds)
    return rotations(bed) == before


def by_reload(results, bed):
    results.check("without cid_rotation nothing rotates", stays(bed, 2))
    run(program("lbctl"), "cid", "rotate", "--control", bed.control,
        "--pin-dir", bed.pin_dir, "--encoding", "plaintext",
        "--server-id-length", "5", "--nonce-length", "7")
    results.equal("lengths and encoding by lbctl", shape(bed),
                  ("plaintext", 5, 7))
    apply(results, bed, "rotation begins", cid_rotation="1s")
    before = rotations(bed)
    wait_until(lambda: rotations(bed) >= before + 2, 10, "two rotations")
    results.equal("rotation by age keeps them", shape(bed),
                  ("plaintext", 5, 7))
    for keys, *words in (
            ({"cid_rotation": "fast"}, "loader.cid_rotation", '"fast"',
             "500ms"),
            ({"cid_rotation": "481h"}, "loader.cid_rotation", "0s to 480h"),
            ({"cid_max_age": "10"}, "loader.cid_max_age", "needs a unit"),
            ({"cid_max_age": "30s", "cid_rotate": "1h"}, "loader.cid_rotate",
             "unknown key", '"cid_rotation"'),
            ({"server_id_length": 4}, "loader.server_id_length",
             "unknown key")):
        refused(results, bed, keys, *words)
    before = rotations(bed)
    wait_until(lambda: rotations(bed) > before, 10, "another rotation")
    results.check("what was in force goes on after refusals", True)
    apply(results, bed, "rotation ends", cid_rotation="0s")
    results.check("and nothing rotates any more", stays(bed, 3))


def ages(results, bed, held):
    results.check("by the default of cid_max_age the first connections stay",
                  configs(bed).get(0, {}).get("connections") == CONNECTIONS,
                  str(configs(bed)))
    apply(results, bed, "connections leave", cid_max_age="500ms")
    wait_until(lambda: configs(bed).get(0, {}).get("connections", 0) == 0,
               15, "the first connections to leave")
    results.check("connections of old configurations were told to leave",
                  "over their maximum age" in bed.loader.log())
    apply(results, bed, "they need not", cid_max_age="0s")
    held.stop()
    lines = held.finish()
    summary = held.summary()
    results.check("no request is lost", set(reasons(lines)) <= {"stopped"}
                  and set(summary["failures"]) <= {"stopped"}
                  and summary["goaways"] >= CONNECTIONS,
                  f"{reasons(lines)} {summary}")
    results.check("and nobody was cut off", bed.total("wrong_delivery") == 0)


def cid_reload(results):
    with ConfiguredBed() as bed:
        held = bed.h3load("--connections", str(CONNECTIONS), "--hold", "500",
                          "--interval", "100", "--get", "/bytes/3000",
                          "--timeout", "550")
        held.wait_for(lambda seen: seen["handshakes"] == CONNECTIONS, 10,
                      "handshakes")
        by_reload(results, bed)
        ages(results, bed, held)


tap.run(cid_reload)
