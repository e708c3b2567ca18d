# SPDX-License-Identifier: GPL-2.0-only
"""A bed that is run by one quicsteer.yaml: loader, healthd and terminators with
--config, and any number of quicsteer-backends whose behaviour can be switched
while they run."""

import json
import os
import signal
import subprocess
import sys
import urllib.request

from bed import Bed, METRICS, VIPS, program
from dns import NameServer
from network import run
from process import wait_until

BACKEND_PORT, CONTROL_PORT = 8001, 9001
# Settings of healthd by which a busy machine makes no terminator look ill.
PATIENT_HEALTHD = {"terminator_timeout": "60s", "lag_target": "10s"}


class ConfiguredBed(Bed):
    """`backends` are names, on ports from 8001 on; each answers after
    `delay` ms. `pools` as in the file;
    default: one pool of them all. `settings` are sections of the file that
    replace values of the default ones. With `names` ({name: [address]})
    healthd has a name server that knows them; see self.names."""

    def __init__(self, backends=("b1", "b2"), pools=None, settings=None,
                 terminators=2, healthd=True, names=None, delay=0):
        super().__init__(terminators=terminators, nginx=False)
        self.backends = {}
        self.addresses = {}
        self.backend_names = list(backends)
        self.with_healthd = healthd
        self.known_names = names
        self.delay = delay
        self.healthd = None
        self.names = None
        self.pools = pools
        self.sections = settings or {}
        self.settings = {}

    def _set_up(self):
        super()._set_up()
        if self.with_healthd:
            wait_until(self._rows_are_there, 10, "healthd's rows")

    def _take_down(self, failed):
        try:
            self._end_strays()
            super()._take_down(failed)
        finally:
            if self.names:
                self.names.close()

    def _end_strays(self):
        """Ends the processes that hot restarts began."""
        if not self.loader or not os.path.isdir(self.pin_dir):
            return
        known = {process.pid for process in self.terminators.values()}
        for row in self.slots():
            if row["state"] in ("live", "draining") and \
                    row["pid"] not in known:
                end_stray(row["pid"])

    # Backends

    def _backends(self):
        for name in self.backend_names:
            self.start_backend(name, delay=self.delay)
        if self.known_names is not None:
            self.names = NameServer(self.network.server)
            for name, addresses in self.known_names.items():
                self.names.set(name, *addresses)
        self.settings = self._default_settings()
        self.write_config()

    def start_backend(self, name, address=None, delay=0):
        """Starts a quicsteer-backend; `address` as in 127.0.0.1:8001, by
        default on the next free port. Returns its address."""
        number = len(self.backends)
        address = address or f"127.0.0.1:{BACKEND_PORT + number}"
        control = f"127.0.0.1:{CONTROL_PORT + number}"
        process = self.spawn(
            f"backend-{name}", self.network.server,
            [program("quicsteer-backend"), "--listen", address, "--name",
             name, "--delay", str(delay), "--control", control])
        wait_until(lambda: "listening" in process.log(), 5, name)
        self.backends[name] = (process, control)
        self.addresses[name] = address
        return address

    def _start_script(self, name, script, where):
        """Starts a backend that is a script beside this one."""
        path = os.path.join(os.path.dirname(__file__), script)
        process = self.spawn(name, self.network.server,
                             [sys.executable, path, where])
        wait_until(lambda: "listening" in process.log(), 5, f"the {name}")

    def start_upgrader(self, port):
        """Starts a backend of WebSockets; see upgrading.py."""
        self._start_script("upgrader", "upgrading.py", str(port))

    def start_echo(self, address):
        """Starts a backend that echoes WebSocket messages; see
        websocket.py."""
        self._start_script("echo", "websocket.py", address)

    def stop_backend(self, name):
        self.backends[name][0].end(signal.SIGKILL)

    def backend_mode(self, name, mode=None):
        """Switches a backend (see tests/backend/mode.h), or asks it how many
        requests and connections it had."""
        url = f"http://{self.backends[name][1]}/control"
        if mode:
            url += f"?mode={mode}"
        request = urllib.request.Request(url, method="PUT" if mode else "GET")

        def ask():
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)

        return self.network.server.call(ask)

    def backend_entry(self, name, **more):
        """The backend as pools[].backends[] of the file lists it."""
        return dict({"name": name, "url": f"http://{self.addresses[name]}"},
                    **more)

    # The file

    def _default_settings(self):
        pools = self.pools or [{"name": "web"}]
        for pool in pools:
            pool.setdefault("backends", [self.backend_entry(name)
                                         for name in self.backends])
            pool["backends"] = [self.backend_entry(one)
                                if isinstance(one, str) else one
                                for one in pool["backends"]]
        settings = {
            "pin_dir": self.pin_dir,
            "control": self.control,
            "state_dir": self.path("state"),
            "loader": {"interface": "s0", "vips": VIPS, "mode": "native",
                       "metrics": METRICS, "terminator_user": "nobody"},
            "terminator": {"certificate": self.path("cert.pem"),
                           "private_key": self.path("key.pem")},
            "pools": pools,
        }
        for name, section in self.sections.items():
            if isinstance(section, dict):
                settings[name] = dict(settings.get(name, {}), **section)
            else:
                settings[name] = section
        return settings

    @property
    def config(self):
        return self.path("quicsteer.yaml")

    def write_config(self, text=None):
        """Writes self.settings (JSON is YAML, too), or else a text."""
        with open(self.config + ".new", "w", encoding="utf-8") as file:
            file.write(text or json.dumps(self.settings, indent=2))
        os.rename(self.config + ".new", self.config)

    def reload(self, text=None):
        """Writes the file and has all take it. Returns lbctl's status and what
        it said."""
        self.write_config(text)
        done = subprocess.run(
            [program("lbctl"), "reload", "--control", self.control],
            capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr

    # Programs

    def start_loader(self):
        super().start_loader()
        if self.with_healthd and not self.healthd:
            self.start_healthd()

    def loader_command(self):
        return [program("quicsteer-loader"), "--config", self.config]

    def terminator_command(self, name, listen=None):
        return [program("quicsteer-terminator"), "--config", self.config,
                "--name", name, *self.options]

    def healthd_command(self):
        return [program("quicsteer-healthd"), "--config", self.config]

    def start_healthd(self):
        command = self.healthd_command()
        if self.names:
            with open(self.path("resolv.conf"), "w", encoding="ascii") as file:
                file.write("nameserver 127.0.0.1\n"
                           "options timeout:10 attempts:2\n")
            mount = f"mount --bind {self.path('resolv.conf')} /etc/resolv.conf"
            command = ["unshare", "--mount", "--", "sh", "-c",
                       f"{mount} && exec \"$@\"", "healthd", *command]
        self.healthd = self.spawn("healthd", self.network.server, command)

    # What can be seen

    def rows(self):
        """Rows of all backends, by name."""
        return {row["name"]: row for row in self.lbctl("backends")["backends"]}

    def _rows_are_there(self):
        if not self.healthd.running():
            raise RuntimeError("healthd ended: " + self.healthd.log())
        wanted = {backend["name"] for pool in self.settings["pools"]
                  for backend in pool["backends"]}
        return wanted <= {name.split("@")[0] for name in self.rows()}

    def ctl(self, *words):
        """Runs lbctl on this bed's maps. Returns what it printed."""
        return run(program("lbctl"), *words, "--pin-dir", self.pin_dir)


def end_stray(pid):
    """Ends a process that is not our child, and waits until it is gone."""
    def gone():
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                return file.read().rsplit(")", 1)[1].split()[0] == "Z"
        except (ProcessLookupError, FileNotFoundError):
            return True

    try:
        os.kill(pid, signal.SIGINT)
        wait_until(gone, 10, f"process {pid} to end")
    except ProcessLookupError:
        return
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        raise
