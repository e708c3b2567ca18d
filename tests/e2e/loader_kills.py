#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The loader is killed, again and again, at random moments while terminators
register, die, are replaced and reload. Each next one adopts what it finds, and
at the end the maps agree with each other and with the processes there are."""
import json
import mmap
import os
import random
import select
import signal
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loader_bed
import registrar
from loader_bed import check, run, wait_for
from loader_control import ConfigBed

KILLS, FIRST_KILLS = 40, 20
NAMES = ["t%d" % number for number in range(1, 6)]
LOOKUP_SIZE, NO_SLOT, MAX_PORTS = 65537, 0xffff, 8
ROW = struct.Struct("<32sHBBIII")  # the first fields of struct qs_terminator


class Actor:
    """A terminator that does what the loop wants and puts up with anything."""

    def __init__(self, path, name):
        self.path, self.name = path, name
        self.control = self.udp = None
        self.slot = self.instance = 0
        self.told = False  # to drain

    def close(self):
        for one in (self.control, self.udp):
            if one:
                one.close()
        self.control = self.udp = None

    def connect(self):
        """HELLO, or resume; a loader that is killed meanwhile is no matter."""
        if self.control:
            self.control.close()
        self.control = None
        try:
            control = registrar.connect(self.path)
        except OSError:
            return False
        try:
            answer = self.hello(control)
        except OSError:
            answer = {"event": "closed"}
        if answer["event"] != "welcome":
            control.close()
            if answer["event"] == "refused" and self.udp:
                self.udp.close()  # the slot was given to another
                self.udp = None
            return False
        self.control = control
        return True

    def hello(self, control):
        resume = self.udp is not None
        registrar.send(control, registrar.hello(
            self.name, registrar.LEAVING * self.told + registrar.RESUME
            if resume else 0, self.slot, self.instance), [self.udp.fileno()] if resume else [])
        answer = registrar.read_answer(control)
        fds = answer.get("fds", [])
        if answer["event"] == "welcome":
            self.slot, self.instance = answer["slot"], answer["instance"]
            if not resume:
                self.told = False
                self.udp = registrar.socket.socket(
                    fileno=os.dup(fds[registrar.SOCKET]))
        for fd in fds:
            os.close(fd)
        return answer

    def serve(self):
        """Answers what has come. Returns whether it is told to drain now."""
        before = self.told
        while self.control and select.select([self.control], [], [], 0)[0]:
            try:
                answer = registrar.read_message(self.control)
                self.told |= answer["event"] == "drain"
                if answer.get("phase") in ("check", "apply"):
                    registrar.send(self.control, registrar.result(0))
                if answer["event"] == "configs":
                    registrar.send(self.control, registrar.configs_taken(
                        answer["generation"]))
            except OSError:
                answer = {"event": "closed"}
            if answer["event"] == "closed":
                self.control.close()
                self.control = None
        return self.told > before


def read_rows(bed):
    """Rows of processes that run, by slot: name, instance, state, pid."""
    fd = loader_bed.open_pin(bed.pins + "/terminators")
    with mmap.mmap(fd, 256 * registrar.ROW, mmap.MAP_SHARED,
                   mmap.PROT_READ) as rows:
        found = {}
        for slot in range(256):
            name, instance, state, _, _, pid, _ = ROW.unpack_from(
                rows, slot * registrar.ROW)
            if state in (1, 2):
                found[slot] = (name.split(b"\0")[0].decode(), instance, state,
                               pid)
    os.close(fd)
    return found


def read_lookup(bed):
    """Slots in the table that is in force."""
    fd = loader_bed.open_pin(bed.pins + "/settings")
    with mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ) as settings:
        generation = struct.unpack_from("<I", settings, 4)[0]
    os.close(fd)
    stride = (2 * LOOKUP_SIZE + 7) & ~7
    fd = loader_bed.open_pin(bed.pins + "/lookup")
    with mmap.mmap(fd, (2 * stride + 4095) & ~4095, mmap.MAP_SHARED,
                   mmap.PROT_READ) as tables:
        slots = struct.unpack_from("<%dH" % LOOKUP_SIZE, tables,
                                   generation * stride)
    os.close(fd)
    return set(slots)


def read_sockets(bed):
    """Slots of the sockets in the map."""
    entries = json.loads(run("bpftool", "-j", "map", "dump", "pinned",
                             bed.pins + "/sockets"))
    return {struct.unpack("<I", bytes(int(octet, 16) for octet in
                                      entry["key"]))[0] // MAX_PORTS
            for entry in entries if "value" in entry and
            not isinstance(entry["value"], dict)}


class Crowd:
    """Terminators of five names, some of them in more than one process."""

    def __init__(self, bed):
        self.bed = bed
        self.actors = []
        self.drains = 0

    def step(self):
        """One random thing happens."""
        action = random.random()
        if action < 0.3 and len(self.actors) < 12:
            self.actors.append(Actor(self.bed.control, random.choice(NAMES)))
        elif action < 0.45 and self.actors:
            self.actors.pop(random.randrange(len(self.actors))).close()
        elif action < 0.6:
            self.ask_reload()
        for actor in list(self.actors):
            if actor.serve():
                self.drains += 1
                if random.random() < 0.5:
                    actor.close()
                    self.actors.remove(actor)
            elif not actor.control:
                actor.connect()

    def ask_reload(self):
        try:
            with registrar.connect(self.bed.control) as control:
                registrar.send(control, registrar.reload_request())
        except OSError:
            pass

    def settle(self):
        """All come back that can; whether all have."""
        for actor in self.actors:
            if not actor.control:
                actor.connect()
        for actor in self.actors:
            actor.serve()
        return all(actor.control for actor in self.actors)

    def close(self):
        for actor in self.actors:
            actor.close()


def start_in_background(bed):
    bed.loaders += 1
    bed.loader = loader_bed.Process(
        [*bed.inside(bed.server), bed.program("loader"), "--config",
         bed.config],
        os.path.join(bed.scratch, "loader%d.log" % bed.loaders))


def kill_loop(bed, crowd):
    """Returns how many loaders were killed before they were ready."""
    unready, bad = 0, []
    for _ in range(KILLS):
        end = time.monotonic() + random.uniform(
            0.0, random.choice((0.06, 0.5)))
        while time.monotonic() < end:
            crowd.step()
            time.sleep(0.002)
        if bed.loader.child.poll() is not None:
            bad.append(bed.loader.text())
        text = bed.loader.text()
        unready += " ready: " not in text
        bad += [line for line in text.splitlines() if " error " in line]
        bed.loader.stop(signal.SIGKILL)
        start_in_background(bed)
    check("no loader of %d ended by itself or complained" % KILLS, not bad,
          bad[:3])
    return unready


def check_maps(bed, crowd):
    rows = read_rows(bed)
    wanted = {actor.slot: (actor.name, actor.instance)
              for actor in crowd.actors if actor.control}
    check("rows that run are those of the processes there are",
          {slot: row[:2] for slot, row in rows.items()} == wanted,
          (rows, wanted))
    live = {slot for slot, row in rows.items() if row[2] == 1}
    names = [rows[slot][0] for slot in live]
    check("no name has two live processes", len(names) == len(set(names)),
          rows)
    check("those that drain are told so", wait_for(
        lambda: crowd.settle() and set(rows) - live ==
        {actor.slot for actor in crowd.actors if actor.told}), rows)
    check("the lookup holds the live ones and nothing else",
          read_lookup(bed) == (live or {NO_SLOT}), (read_lookup(bed), live))
    check("there is a socket for each that runs, and no other",
          read_sockets(bed) == set(rows), (read_sockets(bed), set(rows)))


def check_steering(bed, crowd):
    live = [actor for actor in crowd.actors if actor.control]
    for actor in live:
        drop(actor)
    bed.send_initials(100)
    received = [drop(actor) for actor in live]
    check("100 Initials reach them", sum(received) == 100, received)


def drop(actor):
    """Reads until nothing more comes; how many datagrams that was."""
    count = 0
    while select.select([actor.udp], [], [], registrar.QUIET)[0]:
        actor.udp.recv(2048)
        count += 1
    return count


def kill_first_starts(bed):
    """Killed while it makes everything, and while it removes everything."""
    bad = []
    for number in range(FIRST_KILLS):
        start_in_background(bed)
        if number % 2 and wait_for(lambda: " ready: " in bed.loader.text()):
            bed.loader.child.send_signal(signal.SIGINT)
            time.sleep(random.uniform(0, 0.02))
        else:
            time.sleep(random.uniform(0, 0.08))
        text = bed.loader.text()
        bad += [line for line in text.splitlines() if " error " in line]
        if bed.loader.child.poll() is None:
            bed.loader.stop(signal.SIGKILL)
    check("of %d killed at their first start or at their end none "
          "complained" % FIRST_KILLS, not bad, bad[:3])
    check("and the next one starts", bed.start(), bed.loader.text())
    check("and detaches", bed.loader.stop(signal.SIGINT) == 0 and
          not os.path.exists(bed.pins), bed.loader.text())


def main():
    if os.geteuid():
        print("skip kills of the loader: needs root")
        return 0
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    random.seed(seed)
    print("# SEED=%d" % seed, flush=True)
    with ConfigBed("qsz%d" % os.getpid()) as bed:
        bed.write()
        kill_first_starts(bed)
        if not check("the loader starts", bed.start(), bed.loader.text()):
            return 1
        crowd = Crowd(bed)
        unready = kill_loop(bed, crowd)
        check("the last loader is ready", wait_for(
            lambda: " ready: " in bed.loader.text(), 15), bed.loader.text())
        while len({actor.name for actor in crowd.actors}) < 2:
            crowd.actors.append(Actor(bed.control, "t%d" % len(crowd.actors)))
        check("all come back", wait_for(crowd.settle, 15))
        check("and the loader waits for no other", wait_for(
            lambda: "to come back" not in bed.loader.text() or
            "all terminators are accounted for" in bed.loader.text(), 15),
            bed.loader.text())
        check_maps(bed, crowd)
        check_steering(bed, crowd)
        print("# %d loaders killed, %d of them before they were ready; %d "
              "processes at the end, %d told to drain" % (
                  KILLS, unready, len(crowd.actors), crowd.drains))
        crowd.close()
        check("they all die well", wait_for(lambda: not read_rows(bed)))
    return 1 if loader_bed.failures else 0


if __name__ == "__main__":
    sys.exit(main())
