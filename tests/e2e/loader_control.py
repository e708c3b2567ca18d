#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The control protocol beyond registration: who is told to drain, reloads in
two phases, connections through a pipe, and what operators may ask.

The terminators are registrar.py, which answers as it is told to."""
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loader_bed
import registrar
from loader_bed import Bed, Terminator, check, run, wait_for

LIVE = 1

CONFIG = """\
log_level: %(level)s
pin_dir: %(pins)s
control: %(control)s
state_dir: %(state)s
loader:
  interface: %(interface)s
  vips: [%(vips)s]
  metrics: %(metrics)s
  mode: %(mode)s
pools:
  - name: web
    backends:
      - url: http://127.0.0.1:8001
"""


class ConfigBed(Bed):
    """A bed whose loader is started by --config alone."""

    def __init__(self, prefix):
        super().__init__(prefix)
        self.config = os.path.join(self.scratch, "quicsteer.yaml")
        self.notices = os.path.join(self.scratch, "notify")
        self.values = {"level": "info", "mode": "auto", "pins": self.pins,
                       "control": self.control, "state": self.state,
                       "interface": self.interface, "metrics": self.metrics}

    def write(self, vips=("10.77.1.1:9443",), **changes):
        with open(self.config, "w", encoding="ascii") as file:
            file.write(CONFIG % {
                **self.values, **changes,
                "vips": ", ".join('"%s"' % vip for vip in vips)})

    def start(self, *options):
        self.loaders += 1
        self.loader = loader_bed.Process(
            [*self.inside(self.server), self.program("loader"), "--config",
             self.config, *options],
            os.path.join(self.scratch, "loader%d.log" % self.loaders))
        return wait_for(lambda: " ready: " in self.loader.text() or
                        self.loader.child.poll() is not None, 15) and \
            self.loader.child.poll() is None

    def generation(self):
        for line in self.scrape().splitlines():
            if line.startswith("quicsteer_config_generation "):
                return int(line.split()[1])
        return None

    def vips(self):
        return sorted(self.lbctl("status")["vips"])

    def reload(self):
        return registrar.request(self.control, registrar.reload_request())


def hello(bed, name):
    one = Terminator(bed, name)
    answer = one.ask("hello")
    one.slot, one.instance = answer["slot"], answer["instance"]
    return one


def test_drain(bed):
    """The older process of a name is told, and once."""
    older = hello(bed, "twin")
    newer = hello(bed, "twin")
    check("the older process of a name is told to drain",
          older.ask("expect")["event"] == "drain")
    answer = newer.ask("expect 0.3")
    check("the newer one is not", answer["event"] == "error", answer)
    bed.loader.stop(signal.SIGKILL)
    bed.start()
    for one in (newer, older):
        one.ask("resume")
    check("it is told again by the next loader, which cannot know",
          older.ask("expect")["event"] == "drain")
    answer = newer.ask("expect 0.3")
    check("and the newer one is not", answer["event"] == "error", answer)
    for one in (older, newer):
        one.kill()
        wait_for(lambda one=one: bed.state_of(one.slot) == "dead")


def test_drain_between_loaders(bed):
    """Two live rows of one name: a loader was killed between making the newer
    live and having the older drain. The older comes back before or after."""
    for order in ("older first", "newer first"):
        older, newer = hello(bed, "gap"), hello(bed, "gap")
        bed.loader.stop(signal.SIGKILL)
        bed.write_state(older.slot, LIVE)
        bed.start()
        all_ = [older, newer] if order == "older first" else [newer, older]
        for one in all_:
            one.ask("resume")
        states = [bed.state_of(one.slot) for one in (older, newer)]
        check("of two live rows of one name the older drains, " + order,
              states == ["draining", "live"], states)
        check("and is told, " + order,
              older.ask("expect")["event"] == "drain")
        for one in all_:
            one.kill()
            wait_for(lambda one=one: bed.state_of(one.slot) == "dead")


def test_never_welcomed(bed):
    """A row that runs, of a process that lives (this one), without a socket: a
    loader was killed between making it live and welcoming it."""
    with registrar.connect(bed.control) as control:
        registrar.send(control, registrar.hello("unborn"))
        answer = registrar.read_answer(control)
        for fd in answer["fds"]:
            os.close(fd)
    wait_for(lambda: bed.state_of(answer["slot"]) == "dead")
    bed.loader.stop(signal.SIGKILL)
    bed.write_state(answer["slot"], LIVE)
    bed.start()
    check("a row without a socket is dead at once",
          bed.state_of(answer["slot"]) == "dead" and
          "waiting up to" not in bed.loader.text(), bed.loader.text())


def test_wish(bed):
    """What the operator wants holds for the next process of the name."""
    first = hello(bed, "wished")
    run(bed.program("lbctl"), "weight", "set", "wished", "7", "--pin-dir",
        bed.pins)
    first.kill()
    wait_for(lambda: bed.state_of(first.slot) == "dead")
    bed.loader.stop(signal.SIGKILL)
    bed.start()
    second = hello(bed, "wished")
    other = hello(bed, "other")
    bed.send_initials(60)
    received = [len(one.received()) for one in (second, other)]
    check("a weight holds for the next process of its name and the next "
          "loader", sum(received) == 60 and received[0] < 20, received)
    run(bed.program("lbctl"), "drain", "wished", "--no-wait", "--pin-dir",
        bed.pins)
    second.kill()
    third = hello(bed, "wished")
    bed.loader.stop(signal.SIGKILL)
    bed.start()
    for one in (third, other):
        one.ask("resume")
        one.received()
    bed.send_initials(30)
    received = [len(one.received()) for one in (third, other)]
    check("so does a drain, and a resume keeps it", received == [0, 30],
          received)
    answer = third.ask("expect 0.3")
    check("but nobody is told to end", answer["event"] == "error", answer)
    run(bed.program("lbctl"), "undrain", "wished", "--pin-dir", bed.pins)
    run(bed.program("lbctl"), "weight", "set", "wished", "default",
        "--pin-dir", bed.pins)
    bed.send_initials(60)
    received = [len(one.received()) for one in (third, other)]
    check("until it is taken back", sum(received) == 60 and min(received) > 3,
          received)
    for one in (third, other):
        one.kill()
        wait_for(lambda one=one: bed.state_of(one.slot) == "dead")


def test_reload(bed):
    alone = bed.reload()
    check("a reload without a terminator is done at once",
          not alone["failed"] and alone["count"] == 0, alone)
    before = bed.generation()
    t1, t2 = hello(bed, "t1"), hello(bed, "t2")
    for one in (t1, t2):
        one.tell("follow OK noted")
    answer = bed.reload()
    check("a reload that all agree to is done", not answer["failed"] and
          answer["count"] == 2, answer)
    check("with the notes of each, once", sorted(
        answer["text"].splitlines()) == ["terminator t1: noted",
                                         "terminator t2: noted"], answer)
    phases = [one.hear()["phases"] for one in (t1, t2)]
    check("all check, then all apply", phases == [["check", "apply"]] * 2,
          phases)
    check("the generation is one more", bed.generation() == before + 1,
          (before, bed.generation()))
    return t1, t2


def test_disagreement(bed, t1, t2):
    before = bed.generation()
    bed.write(["10.77.1.1:9443", "10.77.1.9:9443"])
    t1.tell("follow OK")
    t2.tell("follow FAIL certificate: no such file")
    answer = bed.reload()
    check("one that disagrees stops the reload, by its name and reason",
          answer["failed"] and answer["text"] ==
          "terminator t2: certificate: no such file", answer)
    phases = [one.hear()["phases"] for one in (t1, t2)]
    check("all are told to discard", phases == [["check", "discard"]] * 2,
          phases)
    check("and nothing has changed", bed.generation() == before and
          bed.vips() == ["10.77.1.1:9443"], bed.vips())


def test_vips(bed, t1, t2):
    for vips in (["10.77.1.1:9443", "10.77.1.9:9443", "[fd77::9]:9443"],
                 ["10.77.1.9:9443"], ["10.77.1.1:9443"]):
        bed.write(vips)
        for one in (t1, t2):
            one.tell("follow OK")
        answer = bed.reload()
        for one in (t1, t2):
            one.hear()
        check("VIPs %s are in force" % vips, not answer["failed"] and
              bed.vips() == sorted(vips), (answer, bed.vips()))
    bed.write(mode="native")
    for one in (t1, t2):
        one.tell("follow OK")
    answer = bed.reload()
    for one in (t1, t2):
        one.hear()
    check("what needs a restart is said and not done",
          not answer["failed"] and "loader.mode" in answer["text"], answer)
    bed.write()


def test_ports(bed, t1, t2):
    for vips, port in ((["10.77.1.1:9443", "10.77.1.1:9444"], 9444),
                       (["10.77.1.1:9443"], 0)):
        bed.write(vips)
        for one in (t1, t2):
            one.tell("follow OK")
        answer = bed.reload()
        for one in (t1, t2):
            one.hear()
        answers = [one.ask("expect") for one in (t1, t2)]
        check("every terminator gets a socket on a new port" if port else
              "every terminator is told that a port is no more",
              not answer["failed"] and bed.vips() == vips and
              all((one["event"], one.get("index"), one.get("port"),
                   len(one["fds"])) == ("socket", 1, port, bool(port))
                  for one in answers), (answer, answers))


def test_bad_file(bed, t1):
    before = bed.generation()
    with open(bed.config, "a", encoding="ascii") as file:
        file.write("nonsense: 1\n")
    answer = bed.reload()
    check("a bad file stops the reload, by its place", answer["failed"] and
          bed.config + ":14:1: nonsense" in answer["text"], answer)
    answer = t1.ask("expect 0.3")
    check("no terminator is asked", answer["event"] == "error", answer)
    check("and nothing has changed", bed.generation() == before)
    os.rename(bed.config, bed.config + ".away")
    answer = bed.reload()
    check("a file that is gone stops it, too", answer["failed"] and
          bed.config in answer["text"], answer)
    bed.write()


def test_death_and_silence(bed, t1, t2):
    t3 = hello(bed, "t3")
    for one in (t1, t2):
        one.tell("follow OK")
    with registrar.connect(bed.control) as control:
        registrar.send(control, registrar.reload_request())
        t3.ask("expect")
        check("only one reload at a time", "in progress" in
              bed.reload()["text"])
        t3.kill()
        answer = registrar.read_answer(control)
    phases = [one.hear()["phases"] for one in (t1, t2)]
    check("one that dies meanwhile is no error", not answer["failed"] and
          phases == [["check", "apply"]] * 2, (answer, phases))
    t1.tell("follow OK")
    begin = time.monotonic()
    answer = bed.reload()
    took = time.monotonic() - begin
    check("one that is silent for 5 s stops it, by its name",
          answer["failed"] and "terminator t2 (pid %d)" % t2.pid in
          answer["text"] and took > 4.5, (answer, took))
    check("the other discards", t1.hear()["phases"] == ["check", "discard"])
    late = [t2.ask("expect")["phase"], t2.ask("expect")["phase"]]
    check("the silent one reads later what was asked", late ==
          ["check", "discard"], late)
    t1.tell("follow OK")
    with registrar.connect(bed.control) as control:
        control.settimeout(60)
        registrar.send(control, registrar.reload_request())
        phases = [t2.ask("expect")["phase"]]
        t2.ask("result FAIL too late")
        t2.ask("result OK")
        phases.append(t2.ask("expect")["phase"])
        t2.ask("result OK")
        answer = registrar.read_answer(control)
    check("its late answer is not taken for that of the next reload",
          not answer["failed"] and phases == ["check", "apply"] and
          t1.hear()["phases"] == phases, (answer, phases))


def test_newcomer(bed, t1, t2):
    """Registers while a reload waits for another one."""
    with registrar.connect(bed.control) as control:
        registrar.send(control, registrar.reload_request())
        for one in (t1, t2):
            one.ask("expect")
        t4 = hello(bed, "t4")
        t4.tell("follow OK")
        for one in (t1, t2):
            one.ask("result OK")
            one.tell("follow OK")
        control.settimeout(60)
        answer = registrar.read_answer(control)
    phases = t4.hear()["phases"]
    for one in (t1, t2):
        one.hear()
    check("one that registers during a reload takes part",
          not answer["failed"] and answer["count"] == 3 and
          phases == ["check", "apply"], (answer, phases))
    t4.kill()


def test_hangup(bed, t1, t2):
    before = bed.generation()
    bed.write(level="debug")
    for one in (t1, t2):
        one.tell("follow OK")
    bed.loader.child.send_signal(signal.SIGHUP)
    phases = [one.hear()["phases"] for one in (t1, t2)]
    check("SIGHUP does the same", phases == [["check", "apply"]] * 2, phases)
    check("and its outcome is logged", wait_for(
        lambda: "generation %d" % (before + 1) in bed.loader.text()),
        bed.loader.text())
    t1.ask("drain")
    check("a new log level is in force", wait_for(
        lambda: " debug " in bed.loader.text()))
    bed.write()


def test_connections(bed, all_):
    for one in all_:
        one.tell("expect")
    reader, writer = os.pipe()
    answer = registrar.request(bed.control, registrar.header(
        registrar.CONNECTIONS), [writer])
    os.close(writer)
    with os.fdopen(reader) as pipe:
        lines = sorted(pipe.read().splitlines())
    check("CONNECTIONS reaches every terminator, draining ones too",
          answer["event"] == "result" and answer["count"] == len(all_) and
          lines == sorted('{"terminator": "%s"}' % one.name for one in all_),
          (answer, lines))
    for one in all_:
        one.hear()


def test_refusals(bed, t1):
    ask = registrar.request
    with open(os.devnull, "wb") as null:
        for name, message, fds, reason in (
                ("CONNECTIONS without a pipe",
                 registrar.header(registrar.CONNECTIONS), [], "a pipe"),
                ("CONNECTIONS with another file",
                 registrar.header(registrar.CONNECTIONS), [null.fileno()],
                 "a pipe"),
                ("a RELOAD that is no request",
                 registrar.header(registrar.RELOAD) + bytes([1] + [0] * 7),
                 [], "is a request"),
                ("a RESULT before HELLO", registrar.result(0), [],
                 "before HELLO"),
                ("a RESULT without an end",
                 registrar.result(0)[:-4080] + b"x" * 4080, [],
                 "not a message")):
            answer = ask(bed.control, message, fds)
            check(name + " is refused", answer["event"] == "refused" and
                  reason in answer["reason"], answer)
    script = ("import sys; sys.path.insert(0, %r); import registrar; "
              "print(registrar.request(%r, registrar.reload_request()))" %
              (loader_bed.HERE, bed.control))
    answer = subprocess.run(
        ["setpriv", "--reuid", "nobody", "--clear-groups",
         loader_bed.PYTHON, "-c", script], capture_output=True, text=True,
        timeout=60)
    check("the terminators' user may not reload", "only root" in
          answer.stdout, answer)
    t1.ask("result OK")
    check("a RESULT that nobody asked for does no harm",
          bed.state_of(t1.slot) in ("live", "draining"))


def test_notify(bed):
    """READY, RELOADING with its time, and the watchdog."""
    manager = registrar.socket.socket(registrar.socket.AF_UNIX,
                                      registrar.socket.SOCK_DGRAM)
    manager.bind(bed.notices)
    manager.settimeout(60)
    os.environ.update(NOTIFY_SOCKET=bed.notices, WATCHDOG_USEC="200000")
    try:
        bed.start()
    finally:
        del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
    said, begin = [], time.monotonic()
    # Beside it, since there is room for few messages that nobody reads.
    reload = threading.Thread(target=bed.reload)
    reload.start()
    with manager:
        while said.count("READY=1") < 2 or said.count("WATCHDOG=1") < 5:
            said.append(manager.recv(200).decode())
    passed = time.monotonic() - begin
    reload.join()
    reloading = [text for text in said if text.startswith("RELOADING=1")]
    check("the manager hears of a reload and its end", len(reloading) == 1 and
          "\nMONOTONIC_USEC=" in reloading[0] and
          "READY=1" in said[said.index(reloading[0]):], said)
    # Every 100 ms; up to 11 had come before.
    check("and the watchdog is fed, not all the time",
          said.count("WATCHDOG=1") <= 11 + passed / 0.1 + 1, (passed, said))


def test_start(bed):
    """What --config needs, and what overrides it."""
    bed.write(vips=[])
    check("a file that cannot be used stops the start",
          not bed.start() and bed.config in bed.loader.text(),
          bed.loader.text())
    bed.write(level="error", mode="generic")
    check("options override the file", bed.start(
        "--log-level", "info", "--mode", "native", "--vip",
        "10.77.1.7:9443") and bed.vips() == ["10.77.1.7:9443"] and
        bed.lbctl("status")["attached"]["mode"] == "native-link",
        bed.loader.text())
    answer = bed.reload()
    check("also at a reload", not answer["failed"] and
          bed.vips() == ["10.77.1.7:9443"], answer)
    check("the first configuration is generation 1, a reload makes it 2",
          bed.generation() == 2, bed.generation())
    bed.loader.stop(signal.SIGINT)
    check("a loader without --config does not reload",
          bed.start_loader() and "without --config" in bed.reload()["text"])
    bed.loader.stop(signal.SIGINT)
    bed.write()
    check("the loader starts by its file alone",
          bed.start("--terminator-user", "nobody"), bed.loader.text())


def main():
    if os.geteuid():
        print("skip the loader's control protocol: needs root")
        return 0
    with ConfigBed("qsk%d" % os.getpid()) as bed:
        test_start(bed)
        test_drain(bed)
        test_drain_between_loaders(bed)
        test_never_welcomed(bed)
        test_wish(bed)
        t1, t2 = test_reload(bed)
        test_disagreement(bed, t1, t2)
        test_vips(bed, t1, t2)
        test_ports(bed, t1, t2)
        test_bad_file(bed, t1)
        test_death_and_silence(bed, t1, t2)
        test_newcomer(bed, t1, t2)
        test_hangup(bed, t1, t2)
        test_connections(bed, [t1, t2])
        bed.loader.stop(signal.SIGTERM)
        bed.start("--terminator-user", "nobody")
        for one in (t1, t2):
            one.ask("resume")
        test_refusals(bed, t1)
        for one in (t1, t2):
            one.kill()
        bed.loader.stop(signal.SIGTERM)
        test_notify(bed)
    return 1 if loader_bed.failures else 0


if __name__ == "__main__":
    sys.exit(main())
