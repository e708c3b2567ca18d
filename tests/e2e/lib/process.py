# SPDX-License-Identifier: GPL-2.0-only
"""Programs under test: started with a log file each, ended by their own
process ID, gone with us in any case."""

import ctypes
import os
import signal
import subprocess
import sys
import time


PATIENCE = 6  # times as long as an idle machine needs, for a busy one


def wait_until(condition, seconds, what):
    """Returns the first true value of condition(), asked every 20 ms.
    `seconds` are ample on an idle machine."""
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """From now on processes whose parent ends become our children, so that
    their exit status can be had by os.waitpid()."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def unprivileged(*command):
    """The command line that runs `command` as nobody, with no capability."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
            "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs",
            "--pdeathsig=KILL",
            "--", *command]


class Process:
    def __init__(self, name, command, log_path, **options):
        self.name = name
        self.log_path = log_path
        # The kernel ends it if this process dies without a chance to.
        command = ["setpriv", "--pdeathsig=KILL", "--", *command]
        with open(log_path, "ab") as log:
            self.log_start = log.tell()
            self.popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True, **options)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def send(self, number):
        if self.running():
            os.kill(self.pid, number)

    def end(self, number=signal.SIGTERM, seconds=60):
        """Signals and waits; kills what does not go. Returns its status."""
        self.send(number)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()

    def log(self):
        """What this process wrote; an earlier one may have used the file."""
        with open(self.log_path, "rb") as file:
            file.seek(self.log_start)
            return file.read().decode(errors="replace")

    def show_log(self, lines=30):
        tail = self.log().splitlines()[-lines:]
        print(f"--- {self.name}, last lines of its log", file=sys.stderr)
        for line in tail:
            print(f"    {line}", file=sys.stderr)

    def resident_kib(self):
        """What it has in memory now, and the most it ever had."""
        now = peak = 0
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    now = int(line.split()[1])
                if line.startswith("VmHWM:"):
                    peak = int(line.split()[1])
        return now, peak

    def cpu_seconds(self):
        """Processor time that it has used, user and system."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
