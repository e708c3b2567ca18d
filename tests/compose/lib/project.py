# SPDX-License-Identifier: GPL-2.0-only
"""A copy of the tree, and its deploy/compose.yaml run by the engine. Commands
are those of the documentation, word for word, by a shell in deploy/."""

import json
import os
import shutil
import subprocess

from engine import KEEP, ROOT, run
from process import wait_until

# Where the copy differs: see there.
HERE_YAML = "../tests/compose/here.yaml"


class Project:
    def __init__(self, engine, results):
        self.engine = engine
        self.results = results
        self.tree = os.path.join(KEEP, "tree")
        self.deploy = os.path.join(self.tree, "deploy")
        self.environment = dict(
            engine.environment, COMPOSE_FILE=f"compose.yaml:{HERE_YAML}",
            COMPOSE_ANSI="never", COMPOSE_PROGRESS="plain",
            PACKAGES_PROXY=f"http://127.0.0.1:{engine.proxy.port}")
        self._copy()

    def _copy(self):
        shutil.rmtree(self.tree, ignore_errors=True)
        files = run("git", "-C", ROOT, "ls-files", "-z", "--cached",
                    "--others", "--exclude-standard").split("\0")
        for name in files:
            source = os.path.join(ROOT, name)
            if not name or not os.path.isfile(source):
                continue
            target = os.path.join(self.tree, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)

    def path(self, name):
        return os.path.join(self.tree, name)

    def write(self, name, text, mode="w"):
        with open(self.path(name), mode, encoding="utf-8") as file:
            file.write(text)

    def shell(self, command, seconds=120, **environment):
        """Runs it; its status, standard output and both outputs together."""
        done = subprocess.run(
            self.engine.namespace.enter("bash", "-c", command),
            cwd=self.deploy, env=dict(self.environment, **environment),
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=seconds, check=False)
        return done.returncode, done.stdout, done.stdout + done.stderr

    def works(self, command, wanted="", seconds=120, **environment):
        """Checks that a command of the documentation succeeds and that its
        output has `wanted` in it. Returns the output."""
        status, output, both = self.shell(command, seconds, **environment)
        self.results.check(
            command, status == 0 and wanted in output,
            f"status {status}, without {wanted!r}: {both[-1500:]}")
        return output

    def begins(self, command, wanted, seconds=30):
        """The same of a command that goes on until Ctrl-C."""
        status, output, both = self.shell(
            f"timeout --signal=INT {seconds} {command} | "
            f"grep --max-count=1 -F '{wanted}'", seconds + 30)
        self.results.check(command, status in (0, 130) and wanted in output,
                           f"status {status}: {both[-1500:]}")

    def containers(self, service=""):
        """{name: state} of the service's, or of all, that exist."""
        _, output, _ = self.shell(
            f"docker compose ps --all --format json {service}")
        rows = [json.loads(line) for line in output.splitlines()]
        return {row["Name"]: (row["State"], row["Health"]) for row in rows}

    def all_well(self, service=""):
        rows = self.containers(service)
        return rows and all(
            state == "running" and health in ("", "healthy")
            for state, health in rows.values())

    def await_well(self, service="", seconds=60):
        try:
            wait_until(lambda: self.all_well(service), seconds, "health")
        except TimeoutError:
            return False
        return True

    def lbctl(self, *words):
        """What lbctl prints as JSON."""
        status, output, both = self.shell(
            "docker compose exec -T quic-server lbctl " + " ".join(words)
            + " --json")
        if status:
            raise RuntimeError(f"lbctl {words}: {both}")
        return json.loads(output)

    def asked(self, url, *options):
        """The body that curl gets, or None."""
        status, output, _ = self.shell(
            f"curl --silent --fail --max-time 5 {' '.join(options)} {url}")
        return None if status else output

    def forget_images(self):
        """Those that are built of the tree; the build's cache stays."""
        self.engine.docker("image", "rm", "--force", "quicsteer",
                           "quicsteer-backend", check=False)

    def down(self):
        self.shell("docker compose --profile '*' down --volumes --timeout 1 "
                   "--remove-orphans", 120)
