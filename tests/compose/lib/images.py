# SPDX-License-Identifier: GPL-2.0-only
"""The images that would come from a registry, made of Debian's packages under
the same names."""

import os
import re
import subprocess

from engine import HERE, KEEP, ROOT, run

BASE = "debian:trixie-slim"
MIRROR = "http://deb.debian.org/debian"
# What the official slim image leaves out, too.
LEFT_OUT = ["./var/cache/apt/archives/*.deb", "./var/lib/apt/lists/*",
            "./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*",
            "./usr/share/info/*", "./dev/*"]
TARGETS = ("prometheus", "node-exporter", "client")
CLIENT = "quicsteer-client"


def _has(engine, image):
    return engine.docker("image", "inspect", image,
                         check=False).returncode == 0


def make_base(engine):
    """Returns whether it was not there yet."""
    if _has(engine, BASE):
        return False
    tree = os.path.join(KEEP, "trixie")
    if not os.path.exists(os.path.join(tree, ".ready")):
        subprocess.run(["rm", "-rf", "--one-file-system", tree], check=True)
        run("debootstrap", "--variant=minbase", "trixie", tree, MIRROR,
            env=engine.programs.environment)
        with open(os.path.join(tree, ".ready"), "w", encoding="ascii"):
            pass
    tar = ["tar", "-C", tree, *(f"--exclude={one}" for one in LEFT_OUT),
           "--exclude=./.ready", "-c", "."]
    with subprocess.Popen(tar, stdout=subprocess.PIPE) as packing:
        subprocess.run(["docker", "import", "-", BASE], env=engine.environment,
                       stdin=packing.stdout, stdout=subprocess.DEVNULL,
                       check=True)
    return True


def named(service):
    """The image that deploy/compose.yaml names for a service."""
    with open(os.path.join(ROOT, "deploy/compose.yaml"),
              encoding="utf-8") as file:
        found = re.search(rf"^    image: (prom/{service}:.*)$", file.read(),
                          re.MULTILINE)
    return found.group(1)


def make_others(engine):
    for target in TARGETS:
        tag = CLIENT if target == "client" else named(target)
        engine.docker("build", "-q", "--network", "host", "--build-arg",
                      f"http_proxy=http://127.0.0.1:{engine.proxy.port}",
                      "--target", target, "-t", tag,
                      os.path.join(HERE, "images"))
