# SPDX-License-Identifier: GPL-2.0-only
"""Load on the service from several sides at once: HTTP/3 from the machine and
from a container, HTTP/1.1 and HTTP/2 by one curl after the other."""

import json
import subprocess
import threading
import time

from bed import Load, reasons
from engine import ROOT
from images import CLIENT

URLS = {"HTTP/1.1": ["--http1.1", "http://localhost:8080/"],
        "HTTP/2": ["--http2", "--insecure", "https://localhost:9443/"]}


class Curls(threading.Thread):
    """Requests in a row, each by a new connection, until stop()."""

    def __init__(self, project, options):
        super().__init__(daemon=True)
        self.command = project.engine.namespace.enter(
            "curl", "--silent", "--show-error", "--fail", "--max-time", "10",
            "--output", "/dev/null", *options)
        self.environment = project.environment
        self.over = threading.Event()
        self.began = time.monotonic()
        self.asked, self.failures = 0, []
        self.start()

    def run(self):
        while not self.over.wait(0.05):
            done = subprocess.run(self.command, capture_output=True,
                                  env=self.environment, text=True, check=False)
            self.asked += 1
            if done.returncode:
                when = time.monotonic() - self.began
                self.failures.append(f"after {when:.1f} s: "
                                     f"{done.stderr.strip()}")

    def stop(self):
        self.over.set()
        self.join()


class Side:
    """Where an h3load runs, in the shape that Load wants of a bed."""

    def __init__(self, prefix):
        self.loads = []
        self.network = self.client = self
        self.prefix = prefix

    def enter(self, *command):
        return [*self.prefix, *command]


class Client:
    """A container at the network that clients come by."""

    def __init__(self, project):
        self.engine = project.engine
        self.name = "quicsteer-client-1"
        self.engine.docker("rm", "-f", self.name, check=False)
        self.engine.docker("run", "-d", "--init", "--name", self.name,
                           "--network", "quicsteer_edge", "-v",
                           f"{ROOT}/build/tests:{ROOT}/build/tests:ro", CLIENT)

    def run(self, *command):
        return self.engine.docker("exec", self.name, *command, check=False)

    def address(self, name):
        return self.run("getent", "ahostsv4", name).stdout.split()[0]

    def remove(self):
        self.engine.docker("rm", "-f", self.name, check=False)


class Loads:
    """All of them, for some seconds. `events` happen meanwhile."""

    def __init__(self, project, client, seconds, connections=12):
        options = ["--json", "--connections", str(connections), "--hold",
                   str(seconds), "--interval", "100", "--get", "/",
                   "--unchecked", "--tolerant", "--timeout",
                   str(seconds + 30)]
        docker = ["env", *(f"{name}={project.environment[name]}" for name in
                           ("DOCKER_HOST", "DOCKER_CONFIG", "PATH",
                            "LD_LIBRARY_PATH")),
                  "docker", "exec", client.name]
        sides = {
            "HTTP/3 from the machine":
                (project.engine.namespace.enter(), "127.0.0.1"),
            "HTTP/3 from a container":
                (docker, client.address("quic-server"))}
        self.began = time.monotonic()
        self.seconds = seconds
        self.loads = {name: Load(Side(prefix), [f"{address}:9443", *options])
                      for name, (prefix, address) in sides.items()}
        self.curls = {name: Curls(project, url) for name, url in URLS.items()}

    def left(self):
        return self.seconds - (time.monotonic() - self.began)

    def finish(self):
        """{source: (requests, failed requests, why, connections)}"""
        found = {}
        for name, load in self.loads.items():
            lines = load.finish(self.seconds + 60)
            summary = load.summary()
            found[name] = {
                "requests": summary["requests"], "lines": lines,
                "failed": summary["requests_failed"],
                "broken": sum(not line["ok"] for line in lines),
                "why": f"{summary['failures']} {reasons(lines)}"}
        for name, curls in self.curls.items():
            curls.stop()
            found[name] = {"requests": curls.asked, "lines": [], "broken": 0,
                           "failed": len(curls.failures),
                           "why": json.dumps(curls.failures[:3])}
        return found


def none_failed(results, what, found):
    """Checks it of each source."""
    for source, one in found.items():
        results.check(f"{what}: no failure of {one['requests']} requests, "
                      f"{source}", one["requests"] > 0 and not one["failed"]
                      and not one["broken"],
                      f"{one['failed']} requests, {one['broken']} connections "
                      f"of {len(one['lines'])}: {one['why']}")
