#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Messages of loader, healthd and terminators in JSON: from the first line by
--log-format, by the file, and changed by reload while they run."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import program  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

PROGRAMS = {"loader": "quicsteer-loader", "healthd": "quicsteer-healthd",
            "t1": "quicsteer-terminator"}


def log_lines(bed, name):
    with open(bed.path(f"{name}.log"), encoding="utf-8") as file:
        return file.read().splitlines()


def pid_of(bed, name):
    return {"loader": bed.loader, "healthd": bed.healthd,
            "t1": bed.terminators["t1"]}[name].pid


def in_json(results, bed):
    for name, wanted in PROGRAMS.items():
        wait_until(lambda name=name: log_lines(bed, name), 5, "a line")
        lines = [json.loads(line) for line in log_lines(bed, name)]
        keys = ["time", "level", "program", "name", "pid", "message"]
        if name != "t1":
            keys.remove("name")
        results.check(
            f"{name}: every line is JSON",
            all(list(line) == keys and line["program"] == wanted and
                line["pid"] == pid_of(bed, name) and
                line.get("name", "t1") == "t1" and line["message"]
                for line in lines), lines)


def by_reload(results, bed):
    before = {name: len(log_lines(bed, name)) for name in PROGRAMS}
    bed.settings["log_format"] = "text"
    bed.settings["log_level"] = "debug"
    status, said = bed.reload()
    results.check("reload is taken", status == 0 and not
                  said.count("restart"), said)
    for name in ("loader", "t1"):
        wait_until(lambda name=name: len(log_lines(bed, name)) > before[name],
                   5, f"a line of {name}")
        new = log_lines(bed, name)[before[name]:]
        results.check(f"{name}: text again", not new[-1].startswith("{"), new)


def by_option(results):
    for name, words in (("loader", ["--interface", "nosuch0", "--vip",
                                    "127.0.0.1:443"]),
                        ("healthd", ["--config", "/nonexistent"]),
                        ("terminator", ["--name", "t9", "--config",
                                        "/nonexistent"])):
        done = subprocess.run(
            [program(f"quicsteer-{name}"), "--log-format", "json", *words],
            capture_output=True, text=True, timeout=120, check=False)
        lines = done.stderr.splitlines()
        results.check(f"{name} --log-format json: its failure is JSON",
                      done.returncode != 0 and lines and
                      all(json.loads(line)["level"] for line in lines),
                      done.stderr)
        done = subprocess.run(
            [program(f"quicsteer-{name}"), "--log-format", "xml", *words],
            capture_output=True, text=True, timeout=120, check=False)
        results.check(f"{name} --log-format xml is refused",
                      done.returncode == 2 and
                      "text or json" in done.stderr, done.stderr)


def scenario(results):
    by_option(results)
    with ConfiguredBed(backends=("b1",), terminators=1,
                       settings={"log_format": "json"}) as bed:
        in_json(results, bed)
        by_reload(results, bed)


tap.run(scenario)
