#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The Debian package, in a Debian of its own whose process 1 is systemd: it
installs and waits for its configuration, serves, is upgraded and no connection
breaks, is removed and nothing stays attached, is purged and nothing is left."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../e2e/lib")]
import tap  # noqa: E402
from bed import (BACKENDS, BUILD, Load, TREE, client, program,  # noqa: E402
                 reasons, stop_on_signals, sweep)
from machine import Machine  # noqa: E402
from network import Network, VIP, run  # noqa: E402
from process import Process, wait_until  # noqa: E402

CONFIG = "/etc/quicsteer/quicsteer.yaml"
SERVICES = ("quicsteer-loader.service", "quicsteer-healthd.service",
            "quicsteer-terminator@t1.service",
            "quicsteer-terminator@t2.service")
CONNECTIONS = 40
# What installing and running may change below these, beside the package's own.
PLACES = ("etc", "opt", "root", "srv", "usr", "var")
NOT_OURS = re.compile(r"var/(cache|lib/(apt|dpkg|systemd)|log/(journal|apt)"
                      r"|tmp|log/dpkg\.log)|etc/(\.pwd\.lock|ld\.so\.cache"
                      r"|(passwd|group|g?shadow|sub[ug]id)-?)"
                      r"|etc/systemd/system/multi-user\.target\.wants$")


class Bed:
    """The machine, a network to it, a backend in it, clients outside."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix=f"quicsteer-e2e-{os.getpid()}-")
        self.network = None
        self.backend = None
        self.loads = []
        self.machine = Machine(f"{self.home}/root", f"{self.home}/machine.log")

    def __enter__(self):
        stop_on_signals()
        sweep()
        try:
            self.network = Network()
            run_long(f"{HERE}/make-root", self.machine.root,
                     os.path.join(TREE, "build/download"))
            self.backend = Process(
                "backend", self.network.server.enter(
                    program("quicsteer-backend"), "--listen", BACKENDS[0],
                    "--name", "b1"), f"{self.home}/backend.log")
            return self
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise

    def __exit__(self, kind, value, trace):
        if kind:
            print(self.journal(), file=sys.stderr)
            if self.machine.process:
                self.machine.process.show_log()
        for load in self.loads:
            load.popen.kill()
        self.machine.halt()
        if self.backend:
            self.backend.end()
        if self.network:
            self.network.delete()
        shutil.rmtree(self.home, ignore_errors=True)

    def journal(self):
        if not self.machine.pid:
            return ""
        return self.machine.run("journalctl", "--no-pager", "-o", "cat", "-n",
                                "60", "-u", "quicsteer*").stdout

    def bring(self, path, to):
        """Puts a file into the machine."""
        shutil.copyfile(path, self.machine.host_path(to))
        return to

    def h3load(self, *options):
        return Load(self, [f"{VIP[4]}:443", "--ca", f"{self.home}/cert.pem",
                           "--json", *options])

    def pids(self):
        return [int(self.machine.property(unit, "MainPID"))
                for unit in SERVICES]

    def states(self):
        return [self.machine.property(unit, "ActiveState")
                for unit in SERVICES]


def run_long(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=900,
                          check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def newer(package, directory):
    """The same package with a later version."""
    tree = os.path.join(directory, "newer")
    run("dpkg-deb", "-R", package, tree)
    control = os.path.join(tree, "DEBIAN/control")
    with open(control, encoding="utf-8") as file:
        text = file.read()
    with open(control, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^(Version: .*)$", r"\1+later", text))
    made = os.path.join(directory, "newer.deb")
    run("dpkg-deb", "--root-owner-group", "-b", tree, made)
    return made


def listing(root):
    """Every path that may change, but for what is not the package's."""
    found = set()
    for place in PLACES:
        for directory, names, files in os.walk(os.path.join(root, place)):
            inside = os.path.relpath(directory, root)
            found |= {path for path in (os.path.join(inside, name)
                                        for name in names + files)
                      if not NOT_OURS.match(path)}
    return found


def installs(results, bed, package):
    """Into a root that is not booted, as images are made. Returns the root's
    files without the package, but with what it depends on."""
    machine = bed.machine
    machine.chroot("apt-get", "-qq", "update")
    bed.bring(package, "/root/quicsteer.deb")
    done = machine.chroot("apt-get", "-qy", "--no-install-recommends",
                          "install", "/root/quicsteer.deb")
    results.check("apt installs it and what it depends on",
                  done.returncode == 0, done.stderr[-2000:])
    # Remembers the files without it.
    machine.chroot("dpkg", "--purge", "quicsteer")
    before = listing(machine.root)
    results.equal("a purge before it ever ran leaves nothing",
                  sorted(path for path in before if "quicsteer" in path
                         and path != "root/quicsteer.deb"), [])
    done = machine.chroot("dpkg", "--install", "/root/quicsteer.deb")
    results.equal("it installs again", done.returncode, 0)
    user = machine.chroot("getent", "passwd", "quicsteer").stdout
    results.check("there is its user", user.startswith("quicsteer:"), user)
    done = machine.chroot("stat", "-c", "%a %U %G", "/etc/quicsteer")
    results.equal("... and its directory", done.stdout.strip(),
                  "750 root quicsteer")
    return before


def waits(results, bed):
    """As it is brought the configuration is nobody's."""
    machine = bed.machine
    machine.boot(bed.network.server)
    results.equal("quicsteer.target is enabled", machine.run(
        "systemctl", "is-enabled", "quicsteer.target").stdout.strip(),
        "enabled")
    results.equal("unconfigured, nothing runs and nothing has failed",
                  bed.states(), ["inactive"] * len(SERVICES))
    results.check("... and the journal says why",
                  f"edit {CONFIG}" in bed.journal(), bed.journal())
    results.equal("... nothing is attached, nothing pinned", attached(bed), [])


def configures(bed):
    machine = bed.machine
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=localhost", "-addext",
        f"subjectAltName=DNS:localhost,IP:{VIP[4]}", "-keyout",
        f"{bed.home}/key.pem", "-out", f"{bed.home}/cert.pem")
    bed.bring(f"{bed.home}/cert.pem", "/etc/quicsteer/certificate.pem")
    key = bed.bring(f"{bed.home}/key.pem", "/etc/quicsteer/private_key.pem")
    machine.run("chown", "root:quicsteer", key)
    machine.run("chmod", "640", key)
    path = machine.host_path(CONFIG)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for before, after in (
            ("${QUICSTEER_INTERFACE:-eth0}", "s0"),
            ("${QUICSTEER_VIP:-192.0.2.1:443}", f"{VIP[4]}:443"),
            ("# certificate: /etc/quicsteer/certificate.pem",
             "certificate: /etc/quicsteer/certificate.pem"),
            ("# private_key: /etc/quicsteer/private_key.pem",
             "private_key: /etc/quicsteer/private_key.pem")):
        if text.count(before) != 1:
            raise RuntimeError(f"{CONFIG} has not one {before!r}")
        text = text.replace(before, after)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def starts(results, bed):
    done = bed.machine.run("systemctl", "start", "quicsteer.target")
    results.equal("configured, it starts", done.returncode, 0)
    wait_until(lambda: set(bed.states()) == {"active"}, 30,
               "all services to be active")
    results.check("all of its services are active", True)
    owner = bed.machine.run("ps", "-o", "user=", "-p",
                            bed.machine.property(SERVICES[2], "MainPID"))
    results.equal("terminators run as quicsteer", owner.stdout.strip(),
                  "quicsteer")


def serves(results, bed):
    url = f"https://{VIP[4]}/bytes/1000"
    client_in = bed.network.client
    wait_until(lambda: "up" in bed.machine.run("lbctl", "backends").stdout, 20,
               "the backend to be up")
    done = subprocess.run(
        client_in.enter(program("h3get"), "--cacert", f"{bed.home}/cert.pem",
                        url), capture_output=True, timeout=60, check=False)
    results.check("an HTTP/3 request is served",
                  done.returncode == 0 and len(done.stdout) >= 1000,
                  f"{done.returncode}: {done.stderr[-500:]}")
    for version in ("--http1.1", "--http2"):
        done = subprocess.run(
            client_in.enter("curl", "-sS", version, "--cacert",
                            f"{bed.home}/cert.pem", "-o", "/dev/null", "-w",
                            "%{http_version} %{http_code} %{size_download}",
                            url), capture_output=True, text=True, timeout=60,
            check=False)
        wanted = {"--http1.1": "1.1", "--http2": "2"}[version]
        results.equal(f"so is one of HTTP/{wanted}", done.stdout,
                      f"{wanted} 200 1000")
    status = bed.machine.run("lbctl", "status").stdout
    results.check("XDP steers", re.search(r"native|generic", status), status)


def held(bed, seconds):
    load = bed.h3load("--connections", str(CONNECTIONS), "--hold",
                      str(seconds), "--interval", "100", "--get",
                      "/bytes/2000", "--timeout", "90")
    load.wait_for(lambda seen: seen["handshakes"] == CONNECTIONS, 20,
                  "handshakes")
    return load


def upgrades(results, bed, package):
    """With connections that are open and ask all the time."""
    later = bed.bring(newer(package, bed.home), "/root/newer.deb")
    old = bed.pids()
    load = held(bed, 12)
    done = bed.machine.run("dpkg", "--install", later)
    results.equal("it is upgraded", done.returncode, 0)
    results.equal("... in silence", done.stderr, "")
    wait_until(lambda: not set(bed.pids()) & set(old)
               and set(bed.states()) == {"active"}, 30,
               f"new processes in place of {old}: {bed.pids()}")
    results.check("... all processes are new", True)
    new = bed.h3load("--connections", "20", "--get", "/bytes/2000").finish()
    results.check("... new connections succeed",
                  len(new) == 20 and all(one["ok"] for one in new),
                  str(reasons(new)))
    lines = load.finish()
    requests = sum(one.get("requests", 0) for one in lines)
    results.figure(f"{len(lines)} connections over the upgrade, "
                   f"{requests} requests" if requests else
                   f"{len(lines)} connections over the upgrade")
    results.check("no open connection broke",
                  len(lines) == CONNECTIONS and all(one["ok"]
                                                    for one in lines),
                  str(reasons(lines)))
    wait_until(lambda: not any(alive(bed, pid) for pid in old), 45,
               "the old processes to end")
    results.check("... and the old processes have drained", True)


def reloads(results, bed):
    path = bed.machine.host_path(CONFIG)
    with open(path, encoding="utf-8") as file:
        good = file.read()
    for level, wanted in (("debug", 0), ("loud", 1), ("info", 0)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(good.replace("log_level: info", f"log_level: {level}"))
        done = bed.machine.run("systemctl", "reload", SERVICES[0])
        results.equal(f"systemctl reload with log_level {level}",
                      done.returncode, wanted)
    for service in SERVICES[1:]:
        done = bed.machine.run("systemctl", "reload", service)
        results.equal(f"systemctl reload {service}", done.returncode, 0)


def recovers(results, bed):
    """More often than systemd's usual limit. The terminators live on."""
    load = held(bed, 8)
    for service in SERVICES[:2]:
        for _ in range(7):
            old = bed.machine.property(service, "MainPID")
            bed.machine.run("kill", "-KILL", old)
            wait_until(lambda: bed.machine.property(service, "MainPID")
                       not in (old, "0")
                       and bed.machine.property(service, "ActiveState")
                       == "active", 20, f"{service} to be active again")
        results.check(f"{service} comes back, killed 7 times", True)
    lines = load.finish()
    results.check("... no open connection broke",
                  len(lines) == CONNECTIONS and all(one["ok"]
                                                    for one in lines),
                  str(reasons(lines)))


def boots_again(results, bed):
    bed.machine.halt()
    bed.machine.boot(bed.network.server)
    wait_until(lambda: set(bed.states()) == {"active"}, 30,
               "all services to be active")
    new = bed.h3load("--connections", "20", "--get", "/bytes/2000").finish()
    results.check("it serves after the machine crashed and booted",
                  len(new) == 20 and all(one["ok"] for one in new),
                  str(reasons(new)))


def alive(bed, pid):
    return bed.machine.run("test", "-d", f"/proc/{pid}").returncode == 0


def holds_back(results, bed, package):
    """An upgrade while the configuration is broken restarts nothing."""
    path = bed.machine.host_path(CONFIG)
    with open(path, encoding="utf-8") as file:
        good = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(good.replace("log_level: info", "log_level: loud"))
    old = bed.pids()
    bed.bring(package, "/root/quicsteer.deb")
    done = bed.machine.run("dpkg", "--install", "/root/quicsteer.deb")
    results.equal("with a broken configuration, an upgrade succeeds",
                  done.returncode, 0)
    results.check("... says what is wrong", "log_level" in done.stderr,
                  done.stderr)
    results.equal("... and lets run what runs", bed.pids(), old)
    with open(path, "w", encoding="utf-8") as file:
        file.write(good)


def attached(bed):
    """What there is of quicsteer on the interface and pinned."""
    programs = bed.network.server.run("bpftool", "net", "show", "dev", "s0")
    kinds = re.findall(r"(?m)^s0\(\d+\) (\S+)", programs)
    pins = bed.machine.run("ls", "-A", "/sys/fs/bpf").stdout.split()
    # Two files are the kernel's own.
    return kinds + [pin for pin in pins if not pin.endswith(".debug")]


def removes(results, bed):
    before = attached(bed)
    results.check("programs are attached and pinned before",
                  before[:1] == ["driver"] and before[-1:] == ["quicsteer"],
                  str(before))
    done = bed.machine.run("dpkg", "--remove", "quicsteer")
    results.equal("it is removed", (done.returncode, done.stderr), (0, ""))
    results.equal("... no process of it is there", bed.machine.run(
        "sh", "-c", "cat /proc/[0-9]*/comm | grep -c '^quicsteer'").stdout
        .strip(), "0")
    results.equal("... nothing is attached, nothing pinned", attached(bed), [])
    results.check("... its configuration stays",
                  os.path.exists(bed.machine.host_path(CONFIG)))
    done = bed.machine.run("dpkg", "--install", "/root/quicsteer.deb")
    bed.machine.run("systemctl", "start", "quicsteer.target")
    wait_until(lambda: set(bed.states()) == {"active"}, 30,
               "all services to be active")
    new = bed.h3load("--connections", "4", "--get", "/bytes/200").finish()
    results.check("installed again it serves by that",
                  all(one["ok"] for one in new), str(reasons(new)))


def purges(results, bed, before):
    done = bed.machine.run("dpkg", "--purge", "quicsteer")
    results.equal("it is purged while it runs", done.returncode, 0)
    results.equal("... nothing is attached, nothing pinned", attached(bed), [])
    left = bed.machine.run("ls", "/etc/quicsteer").stdout.split()
    results.equal("... the certificate, which is not its own, stays", left,
                  ["certificate.pem", "private_key.pem"])
    shutil.rmtree(bed.machine.host_path("/etc/quicsteer"))
    after = listing(bed.machine.root) - {"root/newer.deb"}
    results.equal("... nothing else is left", sorted(after - before), [])
    results.equal("... nothing of others' is gone", sorted(before - after), [])
    results.equal("... no unit of it is known", bed.machine.run(
        "systemctl", "list-unit-files", "--no-legend", "quicsteer*").stdout,
        "")
    results.equal("... its runtime directory is gone", bed.machine.run(
        "ls", "-d", "/run/quicsteer").stdout, "")


def life(results):
    package, = glob.glob(f"{BUILD}/deb/quicsteer_*.deb")
    with Bed() as bed:
        before = installs(results, bed, package)
        waits(results, bed)
        configures(bed)
        starts(results, bed)
        serves(results, bed)
        reloads(results, bed)
        recovers(results, bed)
        boots_again(results, bed)
        upgrades(results, bed, package)
        holds_back(results, bed, package)
        removes(results, bed)
        purges(results, bed, before)


for need in (client("h3load"), program("h3get")):
    if not os.path.exists(need):
        sys.exit(f"{need} is missing: make deb-test")
tap.run(life)
