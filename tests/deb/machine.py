# SPDX-License-Identifier: GPL-2.0-only
"""A Debian with systemd as its process 1, in namespaces; its network is one
that there is already."""

import os
import shutil
import signal
import subprocess

from process import Process, wait_until

HERE = os.path.dirname(os.path.realpath(__file__))
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
               "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def hierarchies():
    """Our own group in each cgroup hierarchy that is mounted."""
    points = {}
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, after = line.split(" - ")
            kind, _, options = after.split(maxsplit=2)
            if kind == "cgroup2":
                points[""] = before.split()[4]
            elif kind == "cgroup":
                for option in options.strip().split(","):
                    points[option] = before.split()[4]
    found = []
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        for line in file:
            _, names, path = line.strip().split(":", 2)
            point = points.get(names.split(",")[0])
            if point:
                found.append(os.path.join(point, path.lstrip("/")))
    return found


class Groups:
    """A cgroup in each hierarchy for what is in it to make its own below."""

    def __init__(self):
        self.paths = []
        for parent in hierarchies():
            path = f"{parent}/quicsteer-deb-{os.getpid()}"
            os.mkdir(path)
            self.paths.append(path)
            for name in ("cpuset.cpus", "cpuset.mems"):
                if os.path.exists(f"{path}/{name}"):
                    shutil.copyfile(f"{parent}/{name}", f"{path}/{name}")

    def enter(self, *command):
        """The command line that runs `command` in them."""
        script = 'while [ "$1" != -- ]; do echo $$ >"$1"; shift; done; ' \
            'shift; exec "$@"'
        return ["sh", "-ec", script, "sh",
                *(f"{path}/cgroup.procs" for path in self.paths), "--",
                *command]

    def _remove(self):
        for path in self.paths:
            for directory, _, _ in os.walk(path, topdown=False):
                try:
                    os.rmdir(directory)
                except OSError:
                    return False
        return True

    def remove(self):
        wait_until(self._remove, 20, "the cgroups to be empty")


class Machine:
    def __init__(self, root, log_path):
        self.root = root
        self.log_path = log_path
        self.process = self.groups = None
        self.pid = 0

    def chroot(self, *command, timeout=600):
        """A command in the root while it is not booted; the network is ours."""
        script = 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; ' \
            'exec chroot "$0" "$@"'
        return subprocess.run(
            ["unshare", "--mount", "sh", "-ec", script, self.root, *command],
            capture_output=True, text=True, timeout=timeout, check=False,
            env=ENVIRONMENT)

    def boot(self, namespace):
        self.groups = Groups()
        self.process = Process(
            "machine", self.groups.enter(
                *namespace.enter("unshare", "--pid", "--fork", "--kill-child",
                                 "--mount", "--uts", "--ipc", "--cgroup",
                                 f"{HERE}/boot", self.root)), self.log_path)
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"

        def first():
            with open(children, encoding="ascii") as file:
                pids = file.read().split()
            return int(pids[0]) if pids else 0

        self.pid = wait_until(first, 10, "the machine's first process")
        wait_until(lambda: self.run("systemctl", "is-system-running").stdout
                   .strip() in ("running", "degraded"), 60, "it to be up")

    def run(self, *command, timeout=120):
        """A command in the machine as it runs."""
        return subprocess.run(
            ["nsenter", "--target", str(self.pid), "--all", *command],
            capture_output=True, text=True, timeout=timeout, check=False,
            env=ENVIRONMENT, stdin=subprocess.DEVNULL)

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", "-p", name,
                        unit).stdout.strip()

    def host_path(self, path):
        """Where a file of its root is, for us."""
        return self.root + path

    def halt(self):
        if self.process:
            self.process.end(signal.SIGKILL)
            self.process = None
        if self.groups:
            self.groups.remove()
            self.groups = None
