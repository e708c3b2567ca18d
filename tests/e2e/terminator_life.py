#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A terminator takes a new configuration, and a new process takes its place, by
signals and by lbctl, while clients are connected: they notice nothing. What is
wrong is refused with its reason, and changes nothing."""

import os
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import client, program, reasons  # noqa: E402
from configured import ConfiguredBed, PATIENT_HEALTHD  # noqa: E402
from network import VIP, run  # noqa: E402
from process import wait_until  # noqa: E402

NAME = "t1"
RESTARTS = 5


def make_certificate(bed, name):
    """A second certificate for the same names: NAME.pem and NAME.key."""
    names = ",".join(["DNS:localhost"] + [f"IP:{ip}" for ip in VIP.values()])
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=localhost", "-addext", f"subjectAltName={names}", "-keyout",
        bed.path(f"{name}.key"), "-out", bed.path(f"{name}.pem"))
    os.chmod(bed.path(f"{name}.key"), 0o444)


def sees(bed, certificate, count=40):
    """By which terminators new clients that trust this certificate alone are
    served, and how many are not."""
    lines = bed.h3load("--connections", str(count), "--ca",
                       bed.path(certificate), "--get",
                       "/bytes/100").finish()
    served = {one["terminator"] for one in lines if one["ok"]}
    return served, sum(not one["ok"] for one in lines)


def held(bed, certificate="cert.pem"):
    load = bed.h3load("--connections", "30", "--hold", "300", "--interval",
                      "50", "--get", "/bytes/2000", "--ca",
                      bed.path(certificate))
    load.wait_for(lambda seen: seen["handshakes"] == 30, 10, "handshakes")
    return load


def counter(bed, name, terminator=NAME):
    return bed.live()[terminator]["counters"][name]


def use_certificate(bed, name, key=None):
    bed.settings["terminator"].update(
        certificate=bed.path(f"{name}.pem"),
        private_key=bed.path(f"{key or name}.key"))


def refused(results, bed, label, wanted):
    """The file as it is now is refused by SIGHUP and by lbctl."""
    before = counter(bed, "config_failures")
    bed.write_config()
    bed.terminators[NAME].send(signal.SIGHUP)
    wait_until(lambda: counter(bed, "config_failures") > before, 5,
               "the refusal")
    line = [line for line in bed.terminators[NAME].log().splitlines()
            if "reload refused" in line][-1]
    results.check(f"{label}: SIGHUP is refused and says why", wanted in line,
                  line)
    status, said = bed.reload()
    results.check(f"{label}: lbctl reload is refused and says why",
                  status == 1 and wanted in said, f"{status}: {said}")


def reload_all(results, bed):
    old = held(bed)
    use_certificate(bed, "second")
    status, said = bed.reload()
    results.check("lbctl reload takes a new certificate", status == 0,
                  f"{status}: {said}")
    results.equal("all new connections see it", sees(bed, "second.pem"),
                  ({"t1", "t2"}, 0))
    results.equal("nobody sees the old one", sees(bed, "cert.pem"),
                  (set(), 40))
    use_certificate(bed, "second", key="third")
    refused(results, bed, "a key of another certificate",
            "is not the key of the certificate")
    use_certificate(bed, "second")
    bed.settings["terminator"]["retry"] = "sometimes"
    refused(results, bed, "a word that is not allowed", "terminator.retry")
    del bed.settings["terminator"]["retry"]
    results.equal("nothing has changed", sees(bed, "second.pem"),
                  ({"t1", "t2"}, 0))
    old.hurry()
    lines = old.finish()
    results.check("connections with the old certificate went on",
                  len(lines) == 30 and all(one["ok"] for one in lines)
                  and old.summary()["reconnects"] == 0,
                  f"{reasons(lines)}, {old.summary()}")


def reload_one(results, bed):
    use_certificate(bed, "third")
    bed.write_config()
    before = counter(bed, "config_reloads")
    bed.terminators[NAME].send(signal.SIGHUP)
    wait_until(lambda: counter(bed, "config_reloads") > before, 5,
               "the reload")
    results.equal("SIGHUP changes one terminator",
                  (sees(bed, "third.pem", 30)[0],
                   sees(bed, "second.pem", 30)[0]), ({"t1"}, {"t2"}))
    results.check("the log says that it was for this one alone",
                  "reloaded, this process alone"
                  in bed.terminators[NAME].log(), "it does not")
    results.equal("lbctl reload brings them together", bed.reload()[0], 0)
    results.equal("both have it", sees(bed, "third.pem"), ({"t1", "t2"}, 0))


def cannot_start(results, bed):
    process = bed.terminators[NAME]
    bed.write_config("terminator: [")
    process.send(signal.SIGUSR2)
    wait_until(lambda: "ended before it served" in process.log(), 5,
               "the end of the next process")
    line = [line for line in process.log().splitlines()
            if "ended before it served" in line][-1]
    results.check("a next process that cannot start is told with its status",
                  "exit status 1" in line, line)
    results.equal("this one goes on", bed.live()[NAME]["pid"], process.pid)
    bed.write_config()


def hot_restart(bed):
    """One restart; waits until the old process is gone."""
    pid = bed.live()[NAME]["pid"]
    os.kill(pid, signal.SIGUSR2)
    wait_until(lambda: bed.live().get(NAME, {"pid": pid})["pid"] != pid, 10,
               "the next process")
    wait_until(lambda: all(row["state"] == "dead" for row in bed.slots()
                           if row["pid"] == pid), 20, "the old one's end")
    return bed.live()[NAME]["pid"]


def hot_restarts(results, bed):
    first = bed.terminators[NAME]
    old = held(bed, "third.pem")
    rush = bed.h3load("--connections", str(RESTARTS * 3 * 60), "--rate", "60",
                      "--get", "/bytes/3000", "--ca", bed.path("third.pem"))
    pids = [hot_restart(bed) for _ in range(RESTARTS)]
    old.hurry()
    lines, new = old.finish(), rush.finish()
    results.figure(f"{RESTARTS} hot restarts: {old.summary()['requests']} "
                   f"requests of 30 held clients over "
                   f"{old.summary()['goaways']} GOAWAYs, {len(new)} new "
                   "connections")
    results.equal("each has a process of its own", len(set(pids)), RESTARTS)
    results.equal("the first process has ended well",
                  first.popen.wait(60), 0)
    results.equal("requests of held clients that failed",
                  (reasons(lines), old.summary()["requests_failed"]), ({}, 0))
    results.equal("new connections that failed", reasons(new), {})
    for name in ("wrong_delivery", "stateless_resets_sent",
                 "streams_reset_by_us"):
        results.equal(f"{name} in all", bed.total(name), 0)


def loader_again(results, bed):
    """The loader's address outlives the configuration that it came from."""
    pids = {name: row["pid"] for name, row in bed.live().items()}
    bed.loader.end(signal.SIGKILL)
    bed.start_loader()
    wait_until(lambda: all(bed.loader.log().count(f"terminator {name}:")
                           for name in pids), 10, "the terminators")
    results.equal("after reloads, terminators find a new loader",
                  {name: row["pid"] for name, row in bed.live().items()}, pids)
    results.equal("which reloads them", bed.reload()[0], 0)


def alone(results, bed):
    """A process without a loader, by the same file."""
    process = bed.spawn("alone", bed.network.server, [
        program("quicsteer-terminator"), "--config", bed.config, "--name",
        "alone", "--listen", "127.0.0.1:4433"])
    wait_until(lambda: "serving HTTP/3" in process.log(), 5, "it to serve")
    process.send(signal.SIGUSR2)
    wait_until(lambda: "hot restart refused" in process.log(), 5,
               "the refusal")
    process.send(signal.SIGHUP)
    wait_until(lambda: "reloaded, this process alone" in process.log(), 5,
               "the reload")
    got = bed.network.server.run(
        client("h3load"), "127.0.0.1:4433", "--ca", bed.path("third.pem"),
        "--get", "/bytes/1000", "--connections", "3", "--json")
    results.check("a process without a loader serves by the file",
                  got.count('"ok":true') == 3, got)
    results.equal("refuses a hot restart, and ends well",
                  process.end(signal.SIGTERM), 0)


class Manager:
    """Stands in for systemd: a datagram socket that takes notifications."""

    def __init__(self, bed):
        self.path = bed.path("notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.said = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            self.said.append(self.socket.recv(200).decode())

    def start(self, bed, name):
        environment = {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "200000"}
        os.environ.update(environment)
        try:
            return bed.start_terminator(name)
        finally:
            for key in environment:
                del os.environ[key]

    def wait_for(self, text, seconds=5):
        wait_until(lambda: text in self.said, seconds, text)


def managed(results, bed):
    manager = Manager(bed)
    process = manager.start(bed, "t3")
    manager.wait_for("READY=1")
    manager.wait_for("WATCHDOG=1")
    before = bed.live()["t3"]
    manager.said.clear()
    process.send(signal.SIGUSR2)
    wait_until(lambda: bed.live().get("t3", before)["pid"] != process.pid, 10,
               "the next")
    pid = bed.live()["t3"]["pid"]
    manager.wait_for(f"MAINPID={pid}")
    results.equal("the service manager is told who takes over, and the process "
                  "ends", process.popen.wait(60), 0)
    results.check("not that the service stops",
                  "STOPPING=1" not in manager.said, str(manager.said))
    manager.said.clear()
    manager.wait_for("WATCHDOG=1")
    results.check("the next one keeps the watchdog quiet", True)
    os.kill(pid, signal.SIGTERM)
    manager.wait_for("STOPPING=1")
    results.check("and tells when the service stops", True)
    wait_until(lambda: here(bed, pid)["state"] == "dead", 10, "its end")


def here(bed, pid):
    return [row for row in bed.slots() if row["pid"] == pid][0]


def terminator_life(results):
    with ConfiguredBed(terminators=2,
                       settings={"healthd": PATIENT_HEALTHD}) as bed:
        for name in ("second", "third"):
            make_certificate(bed, name)
        reload_all(results, bed)
        reload_one(results, bed)
        cannot_start(results, bed)
        hot_restarts(results, bed)
        managed(results, bed)
        loader_again(results, bed)
        alone(results, bed)


tap.run(terminator_life)
