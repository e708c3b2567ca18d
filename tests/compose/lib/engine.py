# SPDX-License-Identifier: GPL-2.0-only
"""A Docker engine of the test's own. It lives in namespaces for network, mounts
and processes, so its bridges, packet filters and ports are not the machine's,
and the kernel takes all of it away when the test ends, however that happens.
Programs come from Debian's packages, unpacked under build/compose; images stay
there from run to run."""

import os
import shutil
import signal
import subprocess
import tempfile

from network import Namespace
from process import Process, wait_until
from proxy import Proxy

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
HERE = os.path.join(ROOT, "tests/compose")
KEEP = os.path.join(ROOT, "build/compose")
DOWNLOADS = os.path.join(ROOT, "build/download")
PACKAGES = ["docker.io", "containerd", "runc", "tini", "iptables",
            "libip6tc2"]
LIBRARIES = "usr/lib/x86_64-linux-gnu"
PLUGIN = "usr/libexec/docker/cli-plugins/docker-compose"


def run(*command, **options):
    """Runs it to its end; raises with what it said if that is not good."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-3000:]}")
    return done.stdout


def available(package):
    return subprocess.run(["apt-cache", "show", package], check=False,
                          capture_output=True).returncode == 0


class Programs:
    """Docker's, unpacked."""

    def __init__(self):
        self.root = os.path.join(KEEP, "programs")
        os.makedirs(KEEP, exist_ok=True)
        if not os.path.exists(self.path("usr/bin/.ready")):
            self._unpack()
        alternatives = self.path("alternatives")
        os.makedirs(alternatives, exist_ok=True)
        for name in ("iptables", "ip6tables"):
            link = os.path.join(alternatives, name)
            if not os.path.islink(link):
                os.symlink(self.path(f"usr/sbin/{name}-nft"), link)
        self.environment = dict(
            os.environ,
            PATH=":".join([self.path("usr/bin"), self.path("usr/sbin"),
                           alternatives, os.environ["PATH"],
                           "/usr/sbin:/sbin"]),
            LD_LIBRARY_PATH=self.path(LIBRARIES),
            XTABLES_LIBDIR=self.path(f"{LIBRARIES}/xtables"))

    def path(self, name):
        return os.path.join(self.root, name)

    def _unpack(self):
        shutil.rmtree(self.root, ignore_errors=True)
        directory = os.path.join(KEEP, "packages")
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        if not available("docker.io"):
            run("apt-get", "-qq", "update")
        extra = ["docker-cli"] if available("docker-cli") else []
        run("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
            *PACKAGES, *extra, cwd=directory)
        lists = os.path.join(HERE, "compose.sha256")
        run(os.path.join(ROOT, "deploy/fetch"), lists, DOWNLOADS)
        with open(lists, encoding="ascii") as file:
            compose = [os.path.join(DOWNLOADS, os.path.basename(line.split()[1]))
                       for line in file]
        debs = [os.path.join(directory, name)
                for name in sorted(os.listdir(directory))] + compose
        for deb in debs:
            run("dpkg-deb", "-x", deb, self.root)
        with open(self.path("usr/bin/.ready"), "w", encoding="ascii"):
            pass


class Engine:
    """Use as a context manager."""

    def __init__(self):
        self.programs = Programs()
        self.directory = tempfile.mkdtemp(prefix="quicsteer-compose-")
        self.cgroup = os.path.basename(self.directory)
        self.process = self.proxy = None
        self.namespace = Namespace(f"qsd{os.getpid()}")
        try:
            self.proxy = Proxy(self.namespace)
            self._configure_client()
            self._start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def path(self, name):
        return os.path.join(self.directory, name)

    def _configure_client(self):
        plugins = self.path("client/cli-plugins")
        os.makedirs(plugins)
        shutil.copy(self.programs.path(PLUGIN), plugins)
        self.environment = dict(
            self.programs.environment, DOCKER_CONFIG=self.path("client"),
            DOCKER_HOST=f"unix://{self.path('socket')}", DOCKER_BUILDKIT="1")
        for name in ("http_proxy", "HTTP_PROXY", "COMPOSE_PROJECT_NAME"):
            self.environment.pop(name, None)

    def _start(self):
        daemon = ["dockerd", "--data-root", os.path.join(KEEP, "engine"),
                  "--exec-root", self.path("exec"),
                  "--pidfile", self.path("pid"),
                  "--host", f"unix://{self.path('socket')}",
                  "--cgroup-parent", f"/{self.cgroup}",
                  "--bip", "172.30.94.1/24"]
        inside = "mount --make-rshared / && exec docker-init -- " + \
            " ".join(daemon)
        self.process = Process(
            "dockerd", self.namespace.enter(
                "unshare", "--mount", "--pid", "--fork", "--kill-child",
                "--mount-proc", "sh", "-c", inside),
            self.path("log"), env=self.programs.environment)
        try:
            wait_until(self._answers, 60, "dockerd")
        except TimeoutError:
            self.process.show_log()
            raise

    def _answers(self):
        if not self.process.running():
            raise TimeoutError("dockerd ended")
        return self.docker("version", check=False).returncode == 0

    def docker(self, *arguments, check=True, **options):
        """Runs docker; a CompletedProcess with both outputs in stdout."""
        done = subprocess.run(
            ["docker", *arguments], env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, errors="replace", check=False, **options)
        if check and done.returncode:
            raise RuntimeError(f"docker {' '.join(arguments)}: "
                               f"{done.stdout[-3000:]}")
        return done

    def inside(self, command):
        """The init process of the engine's namespaces runs `command`."""
        return ["nsenter", f"--target={self._init()}", "--mount", "--pid",
                "--net", "--", *command]

    def _init(self):
        """Of unshare's only child: our process became it by exec."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as file:
            return int(file.read().split()[0])

    def kill(self, container):
        """Has the kernel end a container's first process, as a crash would."""
        pid = self.docker("inspect", "--format", "{{.State.Pid}}",
                          container).stdout.strip()
        run(*self.inside(["kill", "-KILL", pid]))

    def close(self):
        if self.process:
            try:
                os.kill(self._init(), signal.SIGTERM)
                self.process.popen.wait(30)
            except (OSError, IndexError, subprocess.TimeoutExpired):
                pass
            self.process.end(signal.SIGKILL)
        if self.proxy:
            self.proxy.close()
        self.namespace.delete()
        self._remove_cgroups()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _remove_cgroups(self):
        for top, names, _ in os.walk("/sys/fs/cgroup"):
            if self.cgroup in names:
                for place, _, _ in os.walk(os.path.join(top, self.cgroup),
                                           topdown=False):
                    try:
                        os.rmdir(place)
                    except OSError:
                        pass
            if top.count("/") >= 4:
                names.clear()
