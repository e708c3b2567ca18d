# SPDX-License-Identifier: GPL-2.0-only
"""What the Python tests of the loader share: two namespaces joined by a veth
pair, a loader, processes that register, and their removal whatever happens."""
import contextlib
import ctypes
import json
import mmap
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import registrar

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import bpffs  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
PYTHON = "/usr/bin/python3"
CLONE_NEWNET = 0x40000000
SYS_BPF, BPF_OBJ_GET = 321, 7
libc = ctypes.CDLL(None, use_errno=True)
BATCH = 100  # datagrams that have to be steered before more are sent

failures = 0


def check(name, condition, reason="it is not so"):
    """Prints one result. Returns the condition."""
    global failures
    if condition:
        print("ok " + name)
    else:
        failures += 1
        print("not ok %s: %s" % (name, str(reason).replace("\n", " ")))
    sys.stdout.flush()
    return condition


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          timeout=120).stdout


def wait_for(condition, seconds=5.0):
    """Waits until condition() is true; returns its last value. A busy machine
    may take six times as long."""
    end = time.monotonic() + 6 * seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.01)


def open_pin(path):
    """A descriptor of a pinned map."""
    class Attributes(ctypes.Structure):
        _fields_ = [("path", ctypes.c_uint64), ("fd", ctypes.c_uint32),
                    ("flags", ctypes.c_uint32)]

    name = ctypes.create_string_buffer(path.encode())
    attributes = Attributes(ctypes.addressof(name), 0, 0)
    return libc.syscall(SYS_BPF, BPF_OBJ_GET,
                                   ctypes.byref(attributes),
                                   ctypes.sizeof(attributes))


class Process:
    """A child whose standard output and error go to a file."""

    def __init__(self, command, log, stdin=None):
        self.log = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(command, stdin=stdin, stdout=out,
                                          stderr=out)

    def text(self):
        with open(self.log) as log:
            return log.read()

    def stop(self, sig, seconds=60):
        self.child.send_signal(sig)
        return self.child.wait(seconds)


class Terminator:
    """A registrar.py process."""

    def __init__(self, bed, name, program=(PYTHON,), user=None):
        wrapper = ["setpriv", "--reuid", user, "--clear-groups"] if user else []
        self.name = name
        self.child = subprocess.Popen(
            [*wrapper, *program, os.path.join(HERE, "registrar.py"),
             bed.control, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        bed.children.append(self.child)
        self.pid = self.child.pid

    def tell(self, command):
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()

    def hear(self):
        return json.loads(self.child.stdout.readline())

    def ask(self, command):
        self.tell(command)
        return self.hear()

    def received(self):
        return self.ask("receive")["datagrams"]

    def kill(self):
        self.child.kill()


class Bed:
    """Namespaces PREFIXc (10.77.1.2) and PREFIXs (10.77.1.1, the VIP)."""

    vip, port, metrics = "10.77.1.1", 9443, "127.0.0.1:9464"

    def __init__(self, prefix):
        self.client, self.server = prefix + "c", prefix + "s"
        self.interface = prefix + "s0"
        self.scratch = tempfile.mkdtemp()
        os.chmod(self.scratch, 0o755)  # a terminator may be another user
        self.pins = "/sys/fs/bpf/" + prefix
        self.control = os.path.join(self.scratch, "control.sock")
        self.state = os.path.join(self.scratch, "state")
        self.children = []
        self.loader = None
        self.loaders = 0
        self.client_port = 10000  # the last that was used

    def __enter__(self):
        bpffs.mount()
        try:
            self.make_namespaces()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make_namespaces(self):
        peer = self.client + "0"
        run("ip", "netns", "add", self.client)
        run("ip", "netns", "add", self.server)
        run("ip", "link", "add", peer, "netns", self.client, "type", "veth",
            "peer", "name", self.interface, "netns", self.server)
        run("ip", "-n", self.server, "address", "add", self.vip + "/24",
            "dev", self.interface)
        run("ip", "-n", self.client, "address", "add", "10.77.1.2/24", "dev",
            peer)
        for namespace, link in ((self.server, "lo"), (self.client, peer),
                                (self.server, self.interface)):
            run("ip", "-n", namespace, "link", "set", link, "up")
        run(*self.inside(self.server), "ethtool", "-K", self.interface, "gro",
            "on")

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()
        if self.loader and self.loader.child.poll() is None:
            self.loader.stop(signal.SIGKILL)
        if os.path.exists(self.pins):
            subprocess.run([*self.inside(self.server), self.program("loader"),
                            "--detach", "--pin-dir", self.pins],
                           capture_output=True, timeout=120)
        for namespace in (self.client, self.server):
            subprocess.run(["ip", "netns", "del", namespace],
                           capture_output=True, timeout=120)
        shutil.rmtree(self.scratch)

    @staticmethod
    def inside(namespace):
        # Not "ip netns exec", which hides the BPF file system.
        return ["nsenter", "--net=/run/netns/" + namespace]

    @staticmethod
    def program(name):
        name = {"loader": "quicsteer-loader"}.get(name, name)
        return os.path.join(BUILD, "bin", name)

    def start_loader(self, *options, prefix=()):
        """Starts a loader and waits until it is ready; returns whether it is."""
        self.loaders += 1
        self.loader = Process(
            [*self.inside(self.server), *prefix, self.program("loader"),
             "--interface", self.interface,
             "--vip", "%s:%d" % (self.vip, self.port),
             "--pin-dir", self.pins, "--control", self.control, "--state-dir",
             self.state, "--metrics", self.metrics, *options],
            os.path.join(self.scratch, "loader%d.log" % self.loaders))
        return wait_for(lambda: " ready: " in self.loader.text() or
                        self.loader.child.poll() is not None, 15) and \
            self.loader.child.poll() is None

    def lbctl(self, *arguments):
        return json.loads(run(self.program("lbctl"), *arguments, "--pin-dir",
                              self.pins, "--json"))

    def terminators(self):
        """By slot."""
        return {one["slot"]: one for one in
                self.lbctl("terminators")["terminators"]}

    def write_state(self, slot, state):
        """Into the row itself, as no program does."""
        fd = open_pin(self.pins + "/terminators")
        with mmap.mmap(fd, 256 * registrar.ROW) as rows:
            rows[slot * registrar.ROW + registrar.STATE] = state
        os.close(fd)

    def state_of(self, slot):
        return self.terminators()[slot]["state"]

    def scrape(self):
        return run(*self.inside(self.server), "curl", "-s", "-m", "30",
                   "http://%s/metrics" % self.metrics)

    def steered(self):
        """How many datagrams to the VIP XDP has dealt with."""
        return sum(count for verdict, count in
                   self.lbctl("status")["verdicts"].items()
                   if not verdict.startswith("pass_"))

    @contextlib.contextmanager
    def steering(self, count):
        """At the end so many datagrams that were sent inside have got to where
        they are steered to."""
        wanted = self.steered() + count
        yield
        if not wait_for(lambda: self.steered() >= wanted, 10):
            raise TimeoutError("XDP saw %d datagrams less than were sent" %
                               (wanted - self.steered()))

    def client_socket(self, port=0):
        """A UDP socket in the client's namespace, connected to the VIP; of a
        port that is free, or of this one."""
        own = os.open("/proc/self/ns/net", os.O_RDONLY)
        other = os.open("/run/netns/" + self.client, os.O_RDONLY)
        try:
            libc.setns(other, CLONE_NEWNET)
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        finally:
            libc.setns(own, CLONE_NEWNET)
            os.close(own)
            os.close(other)
        # Less than the veth pair's ring holds: a busy machine loses nothing.
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
        udp.bind(("", port))
        udp.connect((self.vip, self.port))
        return udp

    def send_initials(self, count):
        """Long headers with a DCID of the client's, each from a port that no
        handshake had before, so that none is pinned."""
        for first in range(0, count, BATCH):
            batch = range(min(BATCH, count - first))
            with self.steering(len(batch)):
                for _ in batch:
                    self.client_port += 1
                    with self.client_socket(self.client_port) as udp:
                        udp.send(bytes([0xc3, 0, 0, 0, 1, 8]) +
                                 random.randbytes(8) + bytes(1201))

    def send_short(self, cid, count=1):
        """Short headers with this CID (hex), from one port."""
        with self.client_socket() as udp, self.steering(count):
            for _ in range(count):
                udp.send(b"\x43" + bytes.fromhex(cid) + random.randbytes(40))
