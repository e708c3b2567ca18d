#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""make install and make deb: everything is where it belongs, with owner and
mode, as the texts in it say, and nothing of the machine that built it; what is
installed is what the package holds; uninstall leaves nothing but what is
somebody's own. What becomes of the package in a Debian: make deb-test."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import BUILD, TREE  # noqa: E402

DAEMONS = ("loader", "healthd", "terminator")
PROGRAMS = ["usr/bin/lbctl"] + [f"usr/sbin/quicsteer-{name}"
                                for name in DAEMONS]
FOREIGN = ("libbpf1", "libxdp1", "libuv1", "libc6", "systemd")


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300,
                          cwd=TREE, check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done.stdout


def make(*words):
    """make, as from a shell of its own."""
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return run("make", "-s", f"BUILD={os.path.relpath(BUILD, TREE)}", *words,
               env=environment)


def build(directory):
    """As make deb does, but in less time."""
    run("deploy/deb/build", directory, env=dict(
        os.environ, BUILD=os.path.relpath(BUILD, TREE),
        DPKG_DEB_COMPRESSOR_LEVEL="0"))
    return directory


def files(root):
    """Of every file below: (kind and mode, owner, sum), by path."""
    found = {}
    for directory, names, leaves in os.walk(root):
        for name in names + leaves:
            path = os.path.join(directory, name)
            about = os.lstat(path)
            total = ""
            if stat.S_ISREG(about.st_mode):
                with open(path, "rb") as file:
                    total = hashlib.sha256(file.read()).hexdigest()
            found[os.path.relpath(path, root)] = (
                stat.filemode(about.st_mode), about.st_uid, about.st_gid,
                total)
    return found


def leaves(root):
    return sorted(path for path, about in files(root).items()
                  if about[0][0] != "d")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def modes(results, found):
    wrong = []
    for path, (mode, uid, gid, _) in found.items():
        runs = path in PROGRAMS or path.endswith("/configured") \
            or mode[0] == "d"
        if mode[1:] != ("rwxr-xr-x" if runs else "rw-r--r--") or uid or gid:
            wrong.append((path, mode, uid, gid))
    results.equal("all is root's, with the mode of its kind", wrong, [])


def no_traces(results, root):
    """Of the places where it was built."""
    places = (f"{TREE}/", "deps.work/", "build/deps/")
    wrong = [(path, place) for path in leaves(root) for place in places
             if re.search(rb"(?<![\w.-])" + re.escape(place.encode()),
                          read(os.path.join(root, path)))]
    results.equal("no file names a directory of the build", wrong, [])


def manuals(results, root):
    for path in [path for path in leaves(root) if "/share/man/" in path]:
        warnings = subprocess.run(
            ["groff", "-mdoc", "-ww", "-z", os.path.join(root, path)],
            capture_output=True, text=True, timeout=60, check=False).stderr
        results.equal(f"{os.path.basename(path)} is without warnings",
                      warnings[:300], "")
    for name in DAEMONS:
        program = os.path.join(root, f"usr/sbin/quicsteer-{name}")
        page = read(os.path.join(
            root, f"usr/share/man/man8/quicsteer-{name}.8")).decode()
        options = set(re.findall(r"(?m)^ .*?--([a-z-]+)",
                                 run(program, "--help")))
        results.equal(f"quicsteer-{name}(8) has every option", sorted(
            option for option in options
            if not re.search(rf"(Fl|,) -{option}\b", page)), [])


def texts(results, root):
    """What they name is there, and the configuration is for the units."""
    named = set()
    for path in leaves(root):
        if path not in PROGRAMS and not path.startswith("usr/share/"):
            named |= set(re.findall(
                rb"(?m)^[^#\n]*?(/(?:usr|etc)/[\w/.-]*quicsteer[\w/.-]*|"
                rb"/usr/bin/lbctl)", read(os.path.join(root, path))))
    gone = [name for name in named
            if not os.path.exists(root + name.decode())
            and not re.search(rb"\.(pem|key)$", name)]
    results.check("what units and scripts name is there",
                  named and not gone, f"{sorted(gone)} of {sorted(named)}")
    config = read(f"{root}/etc/quicsteer/quicsteer.yaml").decode()
    schema = re.search(r"\$schema=(\S+)", config)[1]
    results.check("the configuration names its schema",
                  os.path.exists(root + schema), schema)
    results.check("... and lets the units' terminators register", re.search(
        r"(?m)^  terminator_user: quicsteer$", config))


def elsewhere(results, home):
    """Another prefix; then all away again."""
    root = f"{home}/elsewhere"
    where = (f"DESTDIR={root}", "prefix=/opt/qs", "sysconfdir=/opt/qs/etc")
    make("install", *where)
    found = leaves(root)
    results.equal("with another prefix all is below it",
                  [path for path in found
                   if not path.startswith("opt/qs/")], [])
    texts_of = [path for path in found if "/bin/" not in path
                and "/sbin/" not in path]
    wrong = [path for path in texts_of
             if re.search(rb"/(usr/s?bin/(lb|quic)|usr/(libexec|share)/quic"
                          rb"|etc/quicsteer(?<!/opt/qs/etc/quicsteer))",
                          read(os.path.join(root, path)))]
    results.equal("... and no text names the usual one", wrong, [])
    config = f"{root}/opt/qs/etc/quicsteer/quicsteer.yaml"
    with open(config, "a", encoding="utf-8") as file:
        file.write("# mine\n")
    make("install", *where)
    results.check("a second install keeps a configuration that was edited",
                  read(config).endswith(b"# mine\n"))
    make("uninstall", *where)
    results.equal("so does uninstall, which leaves nothing else",
                  leaves(root), [os.path.relpath(config, root)])
    shutil.rmtree(root)
    make("install", *where)
    make("uninstall", *where)
    results.equal("one that was not goes with the rest",
                  leaves(root) + [path for path in files(root)
                                  if path.endswith(("/quicsteer", "/www"))],
                  [])


def package(results, home, root):
    made = build(f"{home}/deb")
    name, = os.listdir(made)
    path = os.path.join(made, name)
    fields = dict(re.findall(r"(?m)^([A-Z][\w-]*): (.*)$",
                             run("dpkg-deb", "--field", path)))
    results.check("its name says version and architecture", name ==
                  f"{fields['Package']}_{fields['Version']}_"
                  f"{fields['Architecture']}.deb", name)
    depends = re.findall(r"([\w.+-]+)(?: \([^)]*\))?(?:, |$)",
                         fields["Depends"])
    results.equal("it depends on the libraries that it is linked with",
                  [one for one in FOREIGN if not any(
                      depend.startswith(one) for depend in depends)], [])
    run("dpkg-deb", "--raw-extract", path, f"{home}/raw")
    control = f"{home}/raw/DEBIAN"
    results.equal("its conffiles are all that it has in /etc",
                  sorted(read(f"{control}/conffiles").decode().split()),
                  sorted("/" + one for one in leaves(f"{home}/raw")
                         if one.startswith("etc/")))
    results.check("its sums are right", subprocess.run(
        ["md5sum", "--quiet", "--strict", "-c", "DEBIAN/md5sums"],
        cwd=f"{home}/raw", capture_output=True, check=False).returncode == 0)
    for script in ("postinst", "prerm", "postrm"):
        run("dash", "-n", f"{control}/{script}")
    shutil.rmtree(control)
    for page in leaves(f"{home}/raw"):
        if "/share/man/" in page:
            run("gunzip", f"{home}/raw/{page}")
    held = files(f"{home}/raw")
    modes(results, held)
    extra = {"usr/share/doc", "usr/share/doc/quicsteer",
             "usr/share/doc/quicsteer/copyright"}
    ours = files(root)
    results.equal("it holds what make install installs, and its copyright",
                  (sorted(set(held) ^ set(ours)),
                   sorted(one for one in ours if held.get(one) != ours[one])),
                  (sorted(extra), []))
    return path


def same_again(results, home, first):
    before = hashlib.sha256(read(first)).hexdigest()
    again, = os.listdir(build(f"{home}/again"))
    results.equal("made again it is the same, octet by octet",
                  hashlib.sha256(read(f"{home}/again/{again}")).hexdigest(),
                  before)


def installed(results):
    home = tempfile.mkdtemp(prefix=f"quicsteer-e2e-{os.getpid()}-")
    root = f"{home}/root"
    try:
        make("install", f"DESTDIR={root}", "prefix=/usr")
        missing = [one for one in PROGRAMS
                   if not os.path.exists(os.path.join(root, one))]
        results.equal("make install installs the programs", missing, [])
        modes(results, files(root))
        no_traces(results, root)
        texts(results, root)
        manuals(results, root)
        elsewhere(results, home)
        same_again(results, home, package(results, home, root))
    finally:
        shutil.rmtree(home, ignore_errors=True)


tap.run(installed)
