#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The systemd units: valid, tight, and not too tight. The programs run with the
capabilities that the units leave them, and every system call that they make
then is one that the units allow. They tell a service manager (played by this
test) that they are ready and alive, over a reload and a hot restart, too."""

import glob
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import BUILD, TREE, program, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

UNITS = os.path.join(TREE, "deploy/systemd")
PROGRAMS = ("loader", "healthd", "terminator")
WORST = 3.0  # exposure, of 10
WATCHDOG_US = 1000000
POOL = {"name": "web", "health": {"type": "http", "path": "/health"},
        "backends": ["b1", {"name": "named", "url": "http://web.test:8001"}]}


def analyze(*words):
    return subprocess.run(["systemd-analyze", "--no-pager", *words],
                          capture_output=True, text=True, timeout=300,
                          check=False)


class Unit:
    """What a unit file says: values by key, in their order."""

    def __init__(self, name):
        self.settings = {}
        with open(os.path.join(UNITS, name), encoding="ascii") as file:
            for line in file:
                key, equals, value = line.strip().partition("=")
                if equals and not line.startswith("#"):
                    self.settings.setdefault(key, []).append(value)

    def words(self, key):
        return " ".join(self.settings.get(key, [])).split()

    def allowed_calls(self):
        allowed = set()
        for value in self.settings["SystemCallFilter"]:
            names = expand(value.lstrip("~").split())
            if value.startswith("~"):
                allowed -= names
            else:
                allowed |= names
        return allowed

    def bounding_set(self):
        names = [word.removeprefix("CAP_").lower()
                 for word in self.words("CapabilityBoundingSet")]
        return ",".join(["-all"] + ["+" + name for name in names])


def expand(words, known={}):
    """System calls of names and @groups."""
    names = set()
    for word in words:
        if not word.startswith("@"):
            names.add(word)
            continue
        if word not in known:
            lines = analyze("syscall-filter", word).stdout.split("\n")[1:]
            known[word] = expand([line.strip() for line in lines
                                  if line.strip()
                                  and not line.strip().startswith("#")])
        names |= known[word]
    return names


def unit_of(name):
    return f"quicsteer-{name}@.service" if name == "terminator" else \
        f"quicsteer-{name}.service"


def copy_units(directory):
    """Copies whose programs are this build's."""
    programs = os.path.join(BUILD, "bin")
    for path in glob.glob(f"{UNITS}/*"):
        with open(path, encoding="ascii") as file:
            text = re.sub(r"/usr/s?bin/(quicsteer-|lbctl)",
                          lambda found: f"{programs}/{found[1]}", file.read())
        text = text.replace("/usr/libexec/quicsteer/", f"{UNITS}/")
        with open(os.path.join(directory, os.path.basename(path)), "w",
                  encoding="ascii") as file:
            file.write(text)


def verify(results, directory):
    copy_units(directory)
    paths = sorted(glob.glob(f"{directory}/*.service")
                   + glob.glob(f"{directory}/*.target"))
    done = analyze("verify", "--man=no", *paths)
    results.check(f"systemd-analyze verify: {len(paths)} units",
                  done.returncode == 0 and not done.stderr + done.stdout,
                  f"{done.returncode}: {done.stderr}{done.stdout}")
    for path in paths:
        if not path.endswith(".service"):
            continue
        last = analyze("security", "--offline=yes", path).stdout.splitlines()
        score = float(re.search(r": ([0-9.]+) ", last[-1])[1])
        results.figure(f"exposure of {os.path.basename(path)}: {score} of 10")
        results.check(f"{os.path.basename(path)} is at most {WORST}",
                      score <= WORST, f"{score}")


def users_and_directories(results, directory):
    """sysusers.d and tmpfiles.d, in a root of their own."""
    root = os.path.join(directory, "root")
    os.makedirs(f"{root}/etc")
    for program_name, words, snippet in (
            ("systemd-sysusers", [], "quicsteer.sysusers"),
            ("systemd-tmpfiles", ["--create"], "quicsteer.tmpfiles")):
        done = subprocess.run(
            [program_name, f"--root={root}", *words,
             os.path.join(UNITS, snippet)],
            capture_output=True, text=True, timeout=120, check=False)
        results.check(f"{program_name} takes {snippet}",
                      done.returncode == 0 and not done.stderr.count("rror"),
                      done.stderr)
    with open(f"{root}/etc/passwd", encoding="ascii") as file:
        results.check("... there is a user quicsteer",
                      "\nquicsteer:" in "\n" + file.read(), "no such line")
    mode = os.stat(f"{root}/etc/quicsteer").st_mode & 0o777
    results.equal("... and its directory", oct(mode), "0o750")


class Manager:
    """The socket of a service manager: what processes say to it, by pid."""

    def __init__(self, path):
        self.said = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        space = socket.CMSG_SPACE(struct.calcsize("3i"))
        while True:
            try:
                data, extra, _, _ = self.socket.recvmsg(4096, space)
            except OSError:
                return
            pid = struct.unpack("3i", extra[0][2])[0]
            self.said += [(pid, line) for line in data.decode().split("\n")]

    def count(self, pid, line):
        return self.said.count((pid, line))

    def close(self):
        self.socket.close()


class UnitBed(ConfiguredBed):
    """Every program runs as its unit says, under strace, and has a service
    manager."""

    def __init__(self):
        super().__init__(backends=["b1"], pools=[POOL], terminators=1,
                         names={"web.test": ["127.0.0.1"]})
        self.units = {name: Unit(unit_of(name)) for name in PROGRAMS}
        self.manager = None

    def _backends(self):
        self.manager = Manager(self.path("notify"))
        super()._backends()

    def _take_down(self, failed):
        super()._take_down(failed)
        if self.manager:
            self.manager.close()

    def bounding(self, name):
        """A terminator has no capability left, not even to drop others."""
        if name == "terminator":
            return []
        return ["--bounding-set=" + self.units[name].bounding_set()]

    def traced(self, name, command):
        directory = self.path("traces")
        os.makedirs(directory, exist_ok=True)
        os.chmod(directory, 0o777)
        return ["sh", "-c", "export WATCHDOG_PID=$$; exec \"$@\"", "sh", "env",
                f"NOTIFY_SOCKET={self.path('notify')}",
                f"WATCHDOG_USEC={WATCHDOG_US}",
                "setpriv", "--inh-caps=-all", "--no-new-privs",
                *self.bounding(name),
                "--pdeathsig=KILL", "--", "strace", "-D", "-f", "-qq", "-a",
                "0", "-o", f"{directory}/{name}", "-A", *command]

    def loader_command(self):
        return self.traced("loader", super().loader_command())

    def healthd_command(self):
        return self.traced("healthd", super().healthd_command())

    def terminator_command(self, name, listen=None):
        return self.traced("terminator",
                           super().terminator_command(name, listen))

    def trace(self, name):
        with open(self.path(f"traces/{name}"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()


def judge(results, bed, name):
    unit, text = bed.units[name], bed.trace(name)
    calls = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", text, re.MULTILINE))
    families = set(re.findall(r"\bsocket(?:pair)?\((AF_[A-Z0-9]+)", text))
    # What the wrapper around the program does before it is there.
    results.figure(f"{name}: {len(calls)} different system calls, sockets "
                   f"{', '.join(sorted(families))}")
    results.equal(f"{name}: system calls that its unit forbids",
                  sorted(calls - unit.allowed_calls()), [])
    results.equal(f"{name}: address families that its unit forbids",
                  sorted(families - set(unit.words("RestrictAddressFamilies"))),
                  [])
    results.equal(f"{name}: memory both writable and executable",
                  re.findall(r"^.*PROT_WRITE\|PROT_EXEC.*$", text,
                             re.MULTILINE)[:3], [])


def notifies(results, bed):
    processes = {"loader": bed.loader, "healthd": bed.healthd,
                 "terminator": bed.terminators["t1"]}
    for name, process in processes.items():
        count = bed.manager.count
        wait_until(lambda pid=process.pid: count(pid, "READY=1")
                   and count(pid, "WATCHDOG=1") >= 2, 5,
                   f"{name} to say that it is ready and alive")
        results.check(f"{name} says that it is ready and alive", True)

    def reloaded():
        said = [line for pid, line in bed.manager.said
                if pid == bed.loader.pid]
        return "RELOADING=1" in said and \
            "READY=1" in said[said.index("RELOADING=1"):]

    wait_until(reloaded, 5, "the loader to say that it has reloaded")
    results.check("the loader says that it reloads", True)


def reload_as_unit(bed):
    """With the loader's capabilities, as ExecReload= has."""
    done = subprocess.run(
        ["setpriv", "--inh-caps=-all", "--bounding-set="
         + bed.units["loader"].bounding_set(), "--", program("lbctl"),
         "reload", "--control", bed.control],
        capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def hot_restart(results, bed):
    """The next process becomes the main one before the first has ended."""
    old, count = bed.terminators["t1"], bed.manager.count
    os.kill(old.pid, signal.SIGUSR2)
    wait_until(lambda: bed.live().get("t1", {}).get("pid", old.pid)
               != old.pid, 10, "the next process")
    new = bed.live()["t1"]["pid"]
    wait_until(lambda: count(new, "READY=1") and count(new, "WATCHDOG=1"), 5,
               "it to say that it is ready and alive")
    results.check("hot restart: the next process is ready and alive", True)
    results.equal("... and the first ends well", old.popen.wait(60), 0)
    wait_until(lambda: count(old.pid, f"MAINPID={new}"), 5,
               "it to be named the main one")
    results.equal("... after it has named it the main one, once",
                  count(old.pid, f"MAINPID={new}"), 1)


def run_as_units(results):
    with UnitBed() as bed:
        lines = bed.h3load("--connections", "20", "--get",
                           "/bytes/2000").finish()
        results.check("requests succeed with the units' capabilities",
                      len(lines) == 20 and all(one["ok"] for one in lines),
                      str(reasons(lines)))
        status, said = reload_as_unit(bed)
        results.check("so does a reload", status == 0, said)
        notifies(results, bed)
        hot_restart(results, bed)
        for number in (signal.SIGTERM, signal.SIGKILL):
            bed.loader.end(number)
            bed.start_loader()
            wait_until(lambda: "terminator t1:" in bed.loader.log(), 10,
                       "the terminator to register again")
            results.check(f"a loader comes after {number.name}", True)
        bed.healthd.end(signal.SIGTERM)
        bed.start_healthd()
        wait_until(bed.rows, 10, "healthd's rows")
        for name in PROGRAMS:
            judge(results, bed, name)


def systemd_units(results):
    directory = os.path.join(BUILD, "systemd-units")
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    try:
        verify(results, directory)
        users_and_directories(results, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    run_as_units(results)


if not shutil.which("systemd-analyze") or not shutil.which("strace"):
    sys.exit("systemd_units needs systemd-analyze and strace: make deps")
tap.run(systemd_units)
