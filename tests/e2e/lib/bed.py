# SPDX-License-Identifier: GPL-2.0-only
"""A whole quicsteer in namespaces: network, certificate, backends (nginx and
quicsteer-backend), loader with native XDP, terminators as nobody."""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

import bpffs
from network import Network, VIP, run
from process import Process, unprivileged, wait_until

TREE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.path.join(TREE, os.environ.get("BUILD", "build"))
TOOLS = os.path.join(TREE, os.environ.get("TOOLS", "build/tools"))
PORT = 443
PINS = "/sys/fs/bpf/quicsteer-e2e-"
VIPS = [f"{VIP[4]}:{PORT}", f"[{VIP[6]}]:{PORT}"]
METRICS = "127.0.0.1:9464"
BACKENDS = ("127.0.0.1:8001", "127.0.0.1:8002")

NGINX = """\
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/nginx.error warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type application/octet-stream;
    client_body_temp_path {home}/nginx.body;
    proxy_temp_path {home}/nginx.proxy;
    fastcgi_temp_path {home}/nginx.fastcgi;
    uwsgi_temp_path {home}/nginx.uwsgi;
    scgi_temp_path {home}/nginx.scgi;
    client_max_body_size 0;
    keepalive_requests 100000;
    server {{
        listen {listen};
        root {home}/www;
        location = /upload {{
            alias {home}/uploads/$args;
            dav_methods PUT;
        }}
    }}
}}
"""


def program(name):
    return os.path.join(BUILD, "bin", name)


def client(name):
    return os.path.join(BUILD, "tests", name)


def tool(name):
    """A Debian program that deploy/tools unpacked, or the system's own."""
    unpacked = os.path.join(TOOLS, "usr", "sbin", name)
    if not os.path.exists(unpacked):
        unpacked = os.path.join(TOOLS, "usr", "bin", name)
    return unpacked if os.path.exists(unpacked) else name


def tool_environment():
    """Lets the unpacked clients find the unpacked libraries."""
    libraries = os.path.join(TOOLS, "usr/lib/x86_64-linux-gnu")
    return dict(os.environ, LD_LIBRARY_PATH=libraries)


def is_running(pid):
    return os.path.exists(f"/proc/{pid}")


def sweep():
    """Removes what beds left whose process was killed outright."""
    for pins in glob.glob(PINS + "*"):
        if not is_running(pins[len(PINS):]):
            remove_pins(pins)
    for home in glob.glob(f"{tempfile.gettempdir()}/quicsteer-e2e-*-*"):
        pid = os.path.basename(home).split("-")[2]
        if pid.isdigit() and not is_running(pid):
            kill_users(home)
            shutil.rmtree(home, ignore_errors=True)
    for path in glob.glob("/run/netns/qse*"):
        name = os.path.basename(path)
        pid = name[3:-1]
        if pid.isdigit() and not is_running(pid):
            subprocess.run(["ip", "netns", "del", name], check=False)


def kill_users(home):
    """Ends programs that were given files below `home`, a bed's own: what a
    hot restart begins is no child of the bed's."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                if f"{home}/".encode() in file.read():
                    os.kill(int(path.split("/")[2]), signal.SIGKILL)
        except OSError:
            continue


def remove_pins(directory):
    subprocess.run([program("quicsteer-loader"), "--detach", "--pin-dir",
                    directory], capture_output=True, timeout=120, check=False)
    shutil.rmtree(directory, ignore_errors=True)


def stop_on_signals():
    """Turns the runner's SIGTERM into an exception, so that beds are always
    taken down."""
    def stop(number, _frame):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)


class Bed:
    """Use as a context manager: everything is gone at its end."""

    def __init__(self, octets=(), terminators=3, loader=True, options=(),
                 nginx=True, network=Network):
        """`octets`: sizes of /bytes/N that nginx must have. `options` go to
        each terminator. `network` makes what is to have namespaces `client`
        and `server` and a delete()."""
        self.sizes = octets
        self.wanted = terminators
        self.with_loader = loader
        self.with_nginx = nginx
        self.make_network = network
        self.options = list(options)
        self.home = None
        self.network = None
        self.loader = None
        self.processes = []
        self.loads = []
        self.terminators = {}
        self.patterns = {}
        self.pin_dir = PINS + str(os.getpid())

    def __enter__(self):
        stop_on_signals()
        sweep()
        try:
            self._set_up()
        except BaseException:
            self._take_down(failed=True)
            raise
        return self

    def __exit__(self, kind, value, trace):
        self._take_down(failed=kind is not None)

    def _set_up(self):
        self.home = tempfile.mkdtemp(prefix=f"quicsteer-e2e-{os.getpid()}-")
        os.chmod(self.home, 0o755)
        self.control = os.path.join(self.home, "control.sock")
        self.make_certificate()
        self.network = self.make_network()
        self._backends()
        if not self.with_loader:
            return
        self.start_loader()
        for number in range(1, self.wanted + 1):
            self.start_terminator(f"t{number}")
        self.wait_for_live(self.wanted)

    def _take_down(self, failed):
        if failed:
            for process in self.processes:
                process.show_log()
        try:
            for load in self.loads:
                load.popen.kill()
                load.popen.wait()
            unclean = [process for process in self.terminators.values()
                       if process.end(signal.SIGINT) != 0]
            for process in unclean:
                process.show_log()
            if self.loader:
                self.loader.end(signal.SIGINT)
            for process in reversed(self.processes):
                process.end(signal.SIGKILL)
            if self.with_loader and os.path.isdir(self.pin_dir):
                remove_pins(self.pin_dir)
        finally:
            if self.network:
                self.network.delete()
            if self.home:
                shutil.rmtree(self.home, ignore_errors=True)
        if unclean and not failed:
            raise RuntimeError("terminators that did not end well: " +
                               ", ".join(one.name for one in unclean))

    # Parts

    def path(self, name):
        return os.path.join(self.home, name)

    def make_certificate(self):
        names = ",".join(["DNS:localhost", "DNS:other.test"]
                         + [f"IP:{ip}" for ip in VIP.values()])
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", f"subjectAltName={names}", "-keyout",
            self.path("key.pem"), "-out", self.path("cert.pem"))
        shutil.chown(self.path("key.pem"), "nobody", "nogroup")
        os.chmod(self.path("key.pem"), 0o400)

    def spawn(self, name, namespace, command, **options):
        process = Process(name, namespace.enter(*command),
                          self.path(f"{name}.log"), **options)
        self.processes.append(process)
        return process

    def _backends(self):
        server = self.network.server
        self.backend = self.spawn(
            "backend", server,
            [program("quicsteer-backend"), "--listen", BACKENDS[0], "--name",
             "b1"])
        wait_until(lambda: "listening" in self.backend.log(), 5,
                   "quicsteer-backend")
        if self.with_nginx:
            self._nginx()

    def _nginx(self):
        for name in ("www/bytes", "www/chunked", "uploads"):
            os.makedirs(self.path(name))
        for size in self.sizes:
            self.network.server.call(lambda size=size: self._fetch(size))
        with open(self.path("nginx.conf"), "w", encoding="ascii") as file:
            file.write(NGINX.format(home=self.home, listen=BACKENDS[1]))
        self.nginx = self.spawn(
            "nginx", self.network.server,
            [tool("nginx"), "-e", self.path("nginx.error"), "-c",
             self.path("nginx.conf")])
        wait_until(lambda: self.network.server.call(self._nginx_answers), 5,
                   "nginx")

    def _nginx_answers(self):
        try:
            urllib.request.urlopen(f"http://{BACKENDS[1]}/", timeout=60)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def _fetch(self, size):
        """Puts a file of the pattern before nginx, taken from the backend."""
        url = f"http://{BACKENDS[0]}/bytes/{size}"
        path = self.path(f"www/bytes/{size}")
        with urllib.request.urlopen(url, timeout=60) as answer:
            with open(path, "wb") as file:
                shutil.copyfileobj(answer, file)

    def backend_options(self):
        urls = [f"http://{BACKENDS[0]}"]
        if self.with_nginx:
            urls.append(f"http://{BACKENDS[1]}")
        return [word for url in urls for word in ("--backend", url)]

    def start_loader(self):
        bpffs.mount()
        self.loader = self.spawn("loader", self.network.server,
                                 self.loader_command())
        wait_until(lambda: self._loader_is_up(), 15, "the loader")

    def loader_command(self):
        return [program("quicsteer-loader"), "--interface", "s0", "--vip",
                VIPS[0], "--vip", VIPS[1], "--pin-dir", self.pin_dir,
                "--control", self.control, "--state-dir", self.path("state"),
                "--metrics", METRICS, "--terminator-user", "nobody", "--mode",
                "native"]

    def _loader_is_up(self):
        if not self.loader.running():
            raise RuntimeError("the loader ended: " + self.loader.log())
        try:
            return self.metrics() is not None
        except OSError:
            return False

    def start_terminator(self, name, listen=None):
        process = self.spawn(
            name, self.network.server,
            unprivileged(*self.terminator_command(name, listen)))
        self.terminators[name] = process
        return process

    def terminator_command(self, name, listen=None):
        where = ["--listen", listen] if listen else ["--control",
                                                     self.control]
        return [program("quicsteer-terminator"), *where, "--name", name,
                "--certificate", self.path("cert.pem"), "--private-key",
                self.path("key.pem"), *self.backend_options(), *self.options]

    # What can be seen

    def lbctl(self, *words):
        text = run(program("lbctl"), *words, "--json", "--pin-dir",
                   self.pin_dir)
        return json.loads(text)

    def slots(self):
        """Rows of all processes that hold or held a slot."""
        return self.lbctl("terminators")["terminators"]

    def live(self):
        """Rows of live terminators by name."""
        return {row["name"]: row for row in self.slots()
                if row["state"] == "live"}

    def wait_for_live(self, count, seconds=10):
        def check():
            for process in self.terminators.values():
                if not process.running():
                    raise RuntimeError(f"{process.name} ended")
            return len(self.live()) == count
        wait_until(check, seconds, f"{count} live terminators")

    def verdicts(self):
        return self.lbctl("status")["verdicts"]

    def steered(self):
        """Datagrams that XDP steered. ICMP errors, about datagrams to clients
        that have gone, are told apart, too, but are the kernel's."""
        return sum(count for name, count in self.verdicts().items()
                   if name.startswith(("route_", "hash_"))
                   and not name.endswith("_icmp"))

    def deliveries(self):
        return self.lbctl("status")["deliveries"]

    def total(self, counter):
        """A terminator counter, summed over all processes so far."""
        return sum(row["counters"][counter] for row in self.slots())

    def metrics(self):
        """The Prometheus endpoint: {series with labels: value}."""
        def fetch():
            with urllib.request.urlopen(f"http://{METRICS}/metrics",
                                        timeout=60) as answer:
                return answer.read().decode()

        series = {}
        for line in self.network.server.call(fetch).splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                series[name] = float(value)
        return series

    # Clients

    def target(self, family=4):
        return f"{VIP[4]}:{PORT}" if family == 4 else f"[{VIP[6]}]:{PORT}"

    def h3load(self, *options, family=4, target=None):
        """Starts h3load in the client's namespace; see Load."""
        return Load(self, [target or self.target(family), "--ca",
                           self.path("cert.pem"), "--json", *options])

    def wrong_uploads(self, size):
        """Names of files that nginx stored and that are not the pattern."""
        reference = self.pattern(size)
        wrong = []
        for name in os.listdir(self.path("uploads")):
            with open(self.path(f"uploads/{name}"), "rb") as file:
                if file.read() != reference:
                    wrong.append(name)
        return wrong

    def stored_uploads(self):
        return len(os.listdir(self.path("uploads")))

    def pattern(self, size):
        """The octets of /bytes/N."""
        def fetch():
            url = f"http://{BACKENDS[0]}/bytes/{size}"
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.read()

        if size not in self.patterns:
            self.patterns[size] = self.network.server.call(fetch)
        return self.patterns[size]


class Load:
    """A running h3load. A thread takes in its lines of JSON."""

    def __init__(self, bed, arguments):
        command = bed.network.client.enter(client("h3load"), *arguments)
        self.popen = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", "--", *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.lines = []
        self.ended = False
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        bed.loads.append(self)
        with self.news:  # not before it can take a signal
            self.news.wait_for(lambda: self.lines, 60)

    def _read(self):
        for line in self.popen.stdout:
            with self.news:
                self.lines.append(json.loads(line))
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def progress(self):
        """How many connections, downloads and uploads are open now."""
        def reports():
            return [line for line in self.lines if "progress" in line]

        with self.news:
            before = len(reports())
            self.popen.send_signal(signal.SIGUSR1)
            self.news.wait_for(lambda: self.ended or len(reports()) > before,
                               60)
            if len(reports()) == before:
                raise RuntimeError("h3load does not answer; it has ended, or "
                                   "never began")
            return reports()[-1]["progress"]

    def wait_for(self, condition, seconds, what):
        """Waits until condition(progress) holds and returns that progress."""
        def check():
            progress = self.progress()
            return progress if condition(progress) else None
        return wait_until(check, seconds, what)

    def stop(self):
        self.popen.send_signal(signal.SIGTERM)

    def hurry(self):
        """From now on pace and hold are over: transfers end as fast as they
        can, and held connections with one round more."""
        self.popen.send_signal(signal.SIGUSR2)

    def summary(self):
        """The totals of a load that has ended."""
        return next(line["summary"] for line in self.lines
                    if "summary" in line)

    def finish(self, seconds=400):
        """Waits for the end. Returns the connections' lines."""
        status = self.popen.wait(seconds)
        self.reader.join(60)
        if status not in (0, 1):
            raise RuntimeError(f"h3load ended with status {status}")
        return [line for line in self.lines if "number" in line]


def reasons(connections):
    """Why connections failed: {reason: how often}."""
    counts = {}
    for one in connections:
        if not one["ok"]:
            counts[one["failed"]] = counts.get(one["failed"], 0) + 1
    return counts


def by_terminator(connections):
    counts = {}
    for one in connections:
        counts[one["terminator"]] = counts.get(one["terminator"], 0) + 1
    return dict(sorted(counts.items()))


if sys.version_info < (3, 9):
    sys.exit("the end-to-end tests need Python 3.9 or newer")
