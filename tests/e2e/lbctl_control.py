#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What an operator changes with lbctl: weights, drains and breakers of
terminators and backends, what is refused and why, and that it outlives a
restart of every daemon. Loader, healthd and terminators are real."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT, TREE, by_terminator, program, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

REQUEST = b"GET /bytes/5 HTTP/1.1\r\nHost: localhost\r\n\r\n"
GOOD, FAILED, USAGE, LEFT, NO_DAEMON = range(5)


class Ctl:
    """Runs lbctl on the maps of a bed."""

    def __init__(self, bed):
        self.bed = bed

    def command(self, *words):
        return [program("lbctl"), *words, "--pin-dir", self.bed.pin_dir]

    def __call__(self, *words):
        """Exit status and all that it said."""
        done = subprocess.run(self.command(*words), capture_output=True,
                              text=True, timeout=300, check=False)
        return done.returncode, done.stdout + done.stderr

    def json(self, *words):
        return json.loads(self(*words, "--json")[1])

    def start(self, *words):
        return subprocess.Popen(self.command(*words), text=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)


def terminators(bed):
    """Rows of live ones by name."""
    return bed.live()


def load(bed, count=60):
    lines = bed.h3load("--connections", str(count), "--get",
                       "/bytes/100").finish()
    failed = reasons(lines)
    if failed:
        raise RuntimeError(f"connections failed: {failed}")
    return by_terminator(lines)


def names(results, bed, ctl):
    for name, status, text, *words in (
            ("an unknown name gets the nearest", FAILED,
             "unknown name 't11'; did you mean 't1'? Known: t1, t2, b1, b2",
             "weight", "set", "t11", "5"),
            ("a terminator's name is no backend's", FAILED,
             "unknown backend 't1'; did you mean 'b1'?", "drain", "t1",
             "--backend"),
            ("a weight over the range", USAGE, "0 to 65535, or default",
             "weight", "set", "t1", "65536"),
            ("a weight that is no number", USAGE, "'x' is not a weight",
             "weight", "set", "t1", "x"),
            ("no weight", USAGE, "NAME and N are needed", "weight", "set",
             "t1"),
            ("a deadline without a unit", USAGE, "'30' is not a deadline",
             "drain", "t1", "--deadline", "30"),
            ("no name", USAGE, "one NAME is needed", "drain"),
            ("a breaker is not torn", USAGE,
             "breaker is followed by open, close or auto, not 'opne'; did "
             "you mean 'breaker open'?", "breaker", "opne", "t1"),
            ("an unknown command gets the nearest", USAGE,
             "did you mean 'undrain'?", "undrian", "t1"),
            ("an unknown pool gets the nearest", FAILED,
             "did you mean 'web'?", "backends", "wbe")):
        seen, said = ctl(*words)
        results.check(name, seen == status and text in said
                      and said.count("\n") == 1, f"{seen}: {said}")
    results.check("and nothing has changed",
                  all(row["wish"]["weight"] is None and not row["wish"]["drain"]
                      for row in terminators(bed).values()))


def ambiguous(results, bed, ctl):
    """A name that is a terminator's and a backend's."""
    bed.start_terminator("b1")
    bed.wait_for_live(3)
    status, said = ctl("weight", "set", "b1", "7")
    results.check("a name of both kinds has to be made clear",
                  status == USAGE and "--terminator or --backend" in said, said)
    ctl("weight", "set", "b1", "7", "--backend")
    results.equal("--backend changes the backend alone",
                  (bed.rows()["b1"]["wish"]["weight"],
                   terminators(bed)["b1"]["wish"]["weight"]), (7, None))
    ctl("weight", "set", "b1", "default", "--backend")
    bed.terminators.pop("b1").end(signal.SIGINT)
    bed.wait_for_live(2)


def weights(results, bed, ctl):
    status, said = ctl("weight", "set", "t1", "0")
    seen = load(bed)
    results.check("weight 0 gets no new connection",
                  status == GOOD and seen == {"t2": 60}, f"{said} {seen}")
    change = ctl.json("weight", "set", "t1", "300")
    results.check("the share is told", change["wish"]["weight"] == 300
                  and change["rows"][0]["share_percent"] == 75.0, change)
    results.equal("the effective weight is in force",
                  terminators(bed)["t1"]["effective"], 300)
    status, said = ctl("weight", "set", "t1", "default")
    results.check("default takes the wish back",
                  status == GOOD and "was 300" in said
                  and terminators(bed)["t1"]["effective"] == 100, said)
    ctl("weight", "set", "b1", "0")
    before = bed.rows()["b1"]["counters"]["requests"]
    load(bed)
    results.equal("a backend of weight 0 gets no request",
                  bed.rows()["b1"]["counters"]["requests"] - before, 0)
    ctl("weight", "set", "b1", "default")


def breakers(results, bed, ctl):
    status, said = ctl("breaker", "open", "t2")
    seen = load(bed)
    results.check("a terminator whose breaker is opened gets nothing new",
                  status == GOOD and "healthd sees t2 closed" in said
                  and seen == {"t1": 60}, f"{said} {seen}")
    results.check("status tells of it",
                  {"kind": "terminator", "name": "t2", "breaker": "closed",
                   "wish": "open"} in ctl.json("status")["open_breakers"])
    status, said = ctl("breaker", "open", "t1")
    results.check("the last one's is not opened without --force",
                  status == FAILED and "no terminator is left" in said
                  and set(load(bed)) == {"t1"}, said)
    ctl("breaker", "auto", "t2")
    results.equal("auto closes it again", set(load(bed)), {"t1", "t2"})
    ctl("breaker", "open", "b2")
    before = bed.rows()["b2"]["counters"]["requests"]
    load(bed)
    row = bed.rows()["b2"]
    results.check("a backend whose breaker is opened gets no request",
                  row["counters"]["requests"] == before
                  and row["effective"] == 0 and not row["up"], row)
    ctl("breaker", "auto", "b2")


def drain_terminator(results, bed, ctl):
    held = bed.h3load("--connections", "40", "--hold", "250", "--interval",
                      "100", "--get", "/bytes/1000")
    held.wait_for(lambda seen: seen["handshakes"] == 40, 10, "handshakes")
    wait_until(lambda: terminators(bed)["t1"]["connections"] > 0, 5, "t1's")
    waiting = ctl.start("drain", "t1")
    said = waiting.stdout.readline()
    held.hurry()  # those who are connected end
    said += waiting.communicate(timeout=300)[0]
    lines = said.splitlines()
    results.check("drain tells how many are left until all are gone",
                  waiting.returncode == GOOD and "connections left" in lines[0]
                  and " 0 connections" not in lines[0]
                  and "0 connections left" in lines[-2]
                  and "is drained" in lines[-1] and "\033" not in said
                  and len(set(line.split("s  ")[-1] for line in lines[:-1]))
                  == len(lines) - 1, said)
    results.equal("no connection is left",
                  terminators(bed)["t1"]["connections"], 0)
    results.equal("new ones go elsewhere", load(bed), {"t2": 60})
    status, said = ctl("drain", "t2")
    results.check("the last one is not drained without --force",
                  status == FAILED and "no terminator is left" in said
                  and not terminators(bed)["t2"]["wish"]["drain"], said)
    status, said = ctl("drain", "t2", "--force", "--no-wait", "--json")
    results.check("with --force it is, and warned of",
                  status == GOOD and "warning" in said
                  and terminators(bed)["t2"]["wish"]["drain"], said)
    ctl("undrain", "t2")
    status, said = ctl("undrain", "t1")
    results.check("undrain ends it", status == GOOD
                  and "is drained no longer" in said
                  and set(load(bed)) == {"t1", "t2"}, said)
    failed = reasons(held.finish())
    results.check("those who were connected lose nothing", not failed, failed)


def drain_backend(results, bed, ctl):
    """One that hangs keeps its requests: the deadline passes."""
    bed.backend_mode("b1", "hang")
    stuck = bed.h3load("--connections", "4", "--get", "/bytes/10", "--get",
                       "/bytes/10")
    wait_until(lambda: bed.rows()["b1"]["counters"]["in_flight"] > 0, 5,
               "requests that hang")
    status, said = ctl("drain", "b1", "--deadline", "700ms", "--json")
    lines = [json.loads(line) for line in said.splitlines()]
    results.check("the deadline passes with requests left",
                  status == LEFT and lines[-1]["left"] > 0
                  and not lines[-1]["done"], said)
    status, said = ctl("drain", "b2")
    results.check("the last backend of a pool is not drained without --force",
                  status == FAILED
                  and "no usable backend is left in pool web" in said, said)
    bed.backend_mode("b1", "reset")
    bed.backend_mode("b1", "ok")
    stuck.stop()
    stuck.finish()
    waiting = ctl.start("drain", "b1")
    said, _ = waiting.communicate(timeout=300)
    before = bed.rows()["b1"]["counters"]["requests"]
    load(bed)
    results.check("then it is drained, and gets no more",
                  waiting.returncode == GOOD and "b1 is drained" in said
                  and bed.rows()["b1"]["counters"]["requests"] == before
                  and bed.rows()["b1"]["standing"] == "drained", said)
    ctl("undrain", "b1")
    load(bed)
    results.check("undrain gives it requests again",
                  bed.rows()["b1"]["counters"]["requests"] > before)


def wishes(bed):
    rows, live = bed.rows(), terminators(bed)
    return {"t1": live.get("t1", {}).get("wish"),
            "t2": live.get("t2", {}).get("wish"),
            "b1": rows["b1"]["wish"], "b2": rows["b2"]["wish"]}


def restarts(results, bed, ctl):
    ctl("weight", "set", "t1", "300")
    ctl("drain", "t2", "--no-wait")
    ctl("weight", "set", "b1", "7")
    ctl("breaker", "open", "b2")
    wanted = wishes(bed)
    results.check("the wishes are there", wanted["t1"]["weight"] == 300
                  and wanted["t2"]["drain"] and wanted["b1"]["weight"] == 7
                  and wanted["b2"]["breaker"] == "open", wanted)

    bed.healthd.end(signal.SIGTERM)
    status = ctl.json("status")
    results.check("status tells that healthd is not there",
                  not status["healthd"]["running"], status["healthd"])
    bed.start_healthd()
    wait_until(lambda: ctl.json("status")["healthd"]["running"], 5, "healthd")
    results.equal("they outlive healthd", wishes(bed), wanted)
    bed.healthd.end(signal.SIGKILL)
    bed.start_healthd()
    wait_until(lambda: ctl.json("status")["healthd"]["pid"]
               == bed.healthd.pid, 5, "healthd")
    results.equal("also when it is killed", wishes(bed), wanted)

    bed.loader.end(signal.SIGTERM)
    status, said = ctl("weight", "set", "t1", "301")
    results.check("a change needs no loader", status == GOOD, said)
    wanted["t1"]["weight"] = 301
    results.check("status tells that the loader is not there",
                  not ctl.json("status")["loader"]["running"])
    for command in ("reload", "connections"):
        status, said = ctl(command, "--control", bed.control)
        results.check(f"{command} names the daemon that is not up",
                      status == NO_DAEMON
                      and "quicsteer-loader is not running" in said
                      and said.count("\n") == 1, f"{status}: {said}")
    bed.start_loader()
    results.equal("they outlive the loader", wishes(bed), wanted)

    bed.terminators["t1"].end(signal.SIGTERM)
    wait_until(lambda: "t1" not in terminators(bed), 10, "the end of t1")
    status, said = ctl("weight", "set", "t1", "302")
    results.check("a name without a process can have a wish",
                  status == GOOD and "as soon as one is" in said, said)
    wanted["t1"]["weight"] = 302
    bed.start_terminator("t1")
    wait_until(lambda: "t1" in terminators(bed), 10, "t1")
    results.equal("they outlive the terminator", wishes(bed), wanted)
    results.equal("and are in force", load(bed), {"t1": 60})
    for words in (("weight", "set", "t1", "default"), ("undrain", "t2"),
                  ("weight", "set", "b1", "default"), ("breaker", "auto",
                                                       "b2")):
        ctl(*words)
    none = {"weight": None, "breaker": "auto", "drain": False,
            "drain_end": None}
    results.equal("all can be taken back", wishes(bed),
                  dict.fromkeys(wanted, none))


def reloads(results, bed, ctl):
    status, said = bed.reload()
    results.check("reload tells who took the file", status == GOOD
                  and "applied by the loader and 2 terminators" in said, said)
    generation = ctl.json("status")["config_generation"]
    status, said = bed.reload("pools: none\n")
    results.check("a bad file is refused with its place", status == FAILED
                  and "quicsteer.yaml:1:" in said
                  and ctl.json("status")["config_generation"] == generation,
                  said)
    bed.write_config()


def connections(results, bed, ctl):
    wait_until(lambda: not any(row["connections"]
                               for row in terminators(bed).values()), 10,
               "the end of earlier connections")
    began = time.monotonic()
    held = bed.h3load("--connections", "30", "--hold", "250", "--interval",
                      "100", "--get", "/bytes/1000")
    held.wait_for(lambda seen: seen["handshakes"] == 30, 10, "handshakes")
    seen = ctl.json("connections", "--control", bed.control)
    rows = seen["connections"]
    counts = {name: sum(row["terminator"] == name for row in rows)
              for name in ("t1", "t2")}
    results.check("connections lists every one", seen["complete"]
                  and seen["terminators"] == 2 and len(rows) == 30
                  and len({row["peer"] for row in rows}) == 30, counts)
    one, passed = rows[0], time.monotonic() - began
    results.check("with age, streams, octets, RTT and CIDs",
                  0 <= one["age_s"] < passed and one["bytes_sent"] > 1000
                  and one["bytes_received"] > 1000 and one["rtt_ms"] > 0
                  and "streams" in one and one["cids"], one)
    owner = ctl.json("cid", "decode", one["cids"][-1])["terminator"]
    results.equal("a CID of it decodes to its terminator", owner,
                  one["terminator"])
    _, said = ctl("connections", "--control", bed.control)
    lines = said.splitlines()
    results.check("and as a table", lines[0].split() ==
                  ["PEER", "TERMINATOR", "PROTO", "TLS", "AGE", "STREAMS",
                   "REQUESTS", "RECEIVED", "SENT", "RTT", "CIDS"] and len(lines) == 31, lines[:2])
    held.hurry()
    failed = reasons(held.finish())
    results.check("the connections go on", not failed, failed)


def tcp_connections(results, bed, ctl):
    """Two that say hello by TLS, and one that says nothing."""
    wait_until(lambda: not any(row["connections"]
                               for row in terminators(bed).values()), 10,
               "the end of earlier connections")

    def connect():
        return socket.create_connection((VIP[4], PORT), 60)

    def tls(protocol, version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols([protocol])
        return context.wrap_socket(bed.network.client.call(connect),
                                   server_hostname="localhost")

    began = time.monotonic()
    with tls("h2", ssl.TLSVersion.TLSv1_3) as h2, \
            tls("http/1.1", ssl.TLSVersion.TLSv1_2) as h1, \
            bed.network.client.call(connect):
        h2.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                   b"\0\0\0\4\0\0\0\0\0")
        h2.recv(100)
        for _ in range(2):
            h1.sendall(REQUEST)
            while b"\r\n\r\n" not in h1.recv(4096):
                pass
        rows = ctl.json("connections", "--control",
                        bed.control)["connections"]
        passed = time.monotonic() - began
    rows.sort(key=lambda row: row["protocol"] or "")
    results.equal("connections of TCP: protocol, TLS, requests, state",
                  [(row["protocol"], row["tls"], row["requests"],
                    row["streams"], row["state"]) for row in rows],
                  [(None, None, 0, 0, "handshake"), ("h1", "1.2", 2, 0, "open"),
                   ("h2", "1.3", 0, 0, "open")])
    results.check("... and peer, age, octets, RTT",
                  all(row["peer"].startswith("10.77.1.")
                      and 0 <= row["age_s"] < passed and row["rtt_ms"] > 0
                      for row in rows)
                  and rows[1]["bytes_sent"] > 100
                  and rows[1]["bytes_received"] == 2 * len(REQUEST), str(rows))


def table(results, bed, ctl):
    bed.backend_mode("b2", "refuse")
    wait_until(lambda: bed.rows()["b2"]["health"] == "down", 10, "the check")
    _, said = ctl("backends")
    row = bed.rows()["b2"]
    results.check("backends tells why one is down", row["reason"]
                  and not row["up"] and "ejected" in said
                  and row["reason"][:4] in said, said)
    results.check("in lines of at most 100 characters",
                  max(map(len, said.splitlines())) <= 100, said)
    pool = ctl.json("status")["pools"][0]
    results.equal("status counts those that are up", pool,
                  {"name": "web", "up": 1, "backends": 2})
    bed.backend_mode("b2", "ok")
    wait_until(lambda: bed.rows()["b2"]["up"], 10, "the recovery")


COMPLETE = """
source "$1"
COMP_LINE="$2" COMP_POINT=${#2}
read -ra COMP_WORDS <<<"$2"
[[ $2 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_lbctl
echo "${COMPREPLY[*]}"
"""


def completion(results, bed, ctl):
    """The shell offers the names that there are now."""
    script = os.path.join(TREE, "deploy/lbctl.bash-completion")
    for words, wanted in ((["drain", ""], "t1 t2 b1 b2"),
                          (["weight", "set", "t"], "t1 t2"),
                          (["breaker", "open", "b2"], "b2"),
                          (["backends", ""], "web")):
        line = " ".join([program("lbctl"), "--pin-dir", bed.pin_dir, *words])
        seen = subprocess.run(["bash", "-c", COMPLETE, "bash", script, line],
                              capture_output=True, text=True, timeout=120,
                              check=True).stdout.strip()
        results.equal(f"completion of '{' '.join(words)}'", seen, wanted)


def lbctl_control(results):
    pools = [{"name": "web", "breaker": {"enabled": False},
              "health_weight": {"enabled": False}}]
    with ConfiguredBed(pools=pools) as bed:
        ctl = Ctl(bed)
        for part in (names, completion, weights, breakers, drain_terminator,
                     drain_backend, restarts, reloads, connections,
                     tcp_connections):
            part(results, bed, ctl)
        pools[0]["health"] = {"type": "http", "interval": "1s",
                              "interval_down": "1s", "timeout": "1s"}
        status, said = bed.reload()
        results.check("reload brings checks", status == GOOD, said)
        table(results, bed, ctl)
        ambiguous(results, bed, ctl)


tap.run(lbctl_control)
