#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Registration, drain, death and return of terminators, across loaders.

The terminators are registrar.py: what XDP steers arrives at their sockets."""
import json
import mmap
import os
import shutil
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loader_bed
import registrar
from loader_bed import Bed, Terminator, check, run, wait_for


def generation_reader(bed):
    """A function that reads qs_settings.lookup_generation from memory."""
    fd = loader_bed.open_pin(bed.pins + "/settings")
    memory = mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ)
    os.close(fd)
    return lambda: struct.unpack_from("<I", memory, 4)[0]


def test_register(bed):
    names = ["t1", "t2", "t3"]
    all_ = [Terminator(bed, name) for name in names]
    answers = [one.ask("hello") for one in all_]
    check("three terminators are welcome",
          all(a["event"] == "welcome" for a in answers), answers)
    first = answers[0]
    check("WELCOME has its size, ports and six descriptors",
          (first["size"], first["ports"], first["descriptors"]) ==
          (registrar.WELCOME_SIZE, [bed.port] + [0] * 7, 6), first)
    check("each has a slot of its own",
          [a["slot"] for a in answers] == [0, 1, 2], answers)
    check("all get the same secrets", len({a["secrets"] for a in answers}) == 1)
    check("the configuration is single pass, 4 + 12, assigned, self length",
          first["first_config"] == [2, 4, 12, 5], first["first_config"])
    check("the socket shares by SO_REUSEADDR and not by SO_REUSEPORT",
          first["reuseaddr"] and not first["reuseport"], first)
    check("the socket's receive buffer is 8 MiB",
          first["receive_buffer"] >= 8 << 20, first["receive_buffer"])
    check("the map of terminators can be mapped and says live",
          all(a["mapped_state"] == 1 for a in answers), answers)
    rows = bed.terminators()
    check("lbctl shows them live with their PIDs and server IDs",
          all((rows[a["slot"]]["name"], rows[a["slot"]]["state"],
               rows[a["slot"]]["pid"], rows[a["slot"]]["server_id"]) ==
              (t.name, "live", t.pid,
               "%04x%04x" % (a["slot"], a["instance"]))
              for t, a in zip(all_, answers)), rows)
    for one, answer in zip(all_, answers):
        one.slot, one.instance = answer["slot"], answer["instance"]
    return all_


def test_steering(bed, all_):
    bed.send_initials(300)
    received = [len(one.received()) for one in all_]
    check("300 Initials reach all three, none is lost",
          sum(received) == 300 and min(received) > 50, received)
    print("# Initials by terminator: %s" % received)
    cid = bed.lbctl("cid", "encode", "--terminator", "t2")["cid"]
    decoded = bed.lbctl("cid", "decode", cid)
    check("lbctl encodes and decodes by the live configuration",
          (decoded["terminator"], decoded["slot"], decoded["state"]) ==
          ("t2", all_[1].slot, "live"), decoded)
    bed.send_short(cid, 20)
    received = [len(one.received()) for one in all_]
    check("short headers go to the terminator of their CID",
          received == [0, 20, 0], received)


def test_refusals(bed):
    def ask(message, descriptors=()):
        with registrar.connect(bed.control) as control:
            registrar.send(control, message, descriptors)
            return registrar.read_answer(control)

    for name, message, reason in (
            ("a bad name", registrar.hello("T_1"), "a name is"),
            ("an empty name", registrar.hello(""), "a name is"),
            ("another version", registrar.header(1, 9) + bytes(40),
             "not a message"),
            ("a short message", b"abc", "not a message"),
            ("DRAIN before HELLO", registrar.header(registrar.DRAIN),
             "before HELLO"),
            ("a resume without a socket",
             registrar.hello("t1", registrar.RESUME), "carries its UDP socket"),
            ):
        answer = ask(message)
        check(name + " is refused", answer["event"] == "refused" and
              reason in answer["reason"], answer)
    with open(os.devnull) as null:
        answer = ask(registrar.hello("t1", registrar.RESUME, 0, 0),
                     [null.fileno()])
    check("a resume with another kind of file is refused",
          answer["event"] == "refused", answer)
    with registrar.connect(bed.control) as control:
        registrar.send(control, registrar.hello("twice"))
        answer = registrar.read_answer(control)
        slot = answer["slot"]
        for fd in answer["fds"]:
            os.close(fd)
        registrar.send(control, registrar.hello("twice"))
        answer = registrar.read_answer(control)
        check("a second HELLO is refused", answer["event"] == "refused" and
              "twice" in answer["reason"], answer)
    check("and ends the registration",
          wait_for(lambda: bed.state_of(slot) == "dead"))
    nobody = Terminator(bed, "evil", user="nobody")
    answer = nobody.ask("hello")
    check("another user cannot even connect", answer["event"] == "error" and
          "ermission" in answer["reason"], answer)


def test_drain(bed, all_):
    all_[0].ask("drain")
    check("DRAIN makes it draining",
          wait_for(lambda: bed.state_of(all_[0].slot) == "draining"))
    bed.send_initials(100)
    received = [len(one.received()) for one in all_]
    check("a draining terminator gets no new connection, others get all",
          received[0] == 0 and sum(received) == 100, received)
    cid = bed.lbctl("cid", "encode", "--terminator", "t1")["cid"]
    bed.send_short(cid, 5)
    check("and goes on to get its own packets",
          len(all_[0].received()) == 5)


def test_hot_restart(bed, all_):
    newer = Terminator(bed, "t1")
    answer = newer.ask("hello")
    check("a newer process of a draining name gets a slot of its own",
          answer["event"] == "welcome" and answer["slot"] != all_[0].slot,
          answer)
    newest = Terminator(bed, "t1")
    after = newest.ask("hello")
    states = [bed.state_of(answer["slot"]), bed.state_of(after["slot"])]
    check("the older of two live processes of one name drains",
          states == ["draining", "live"], states)
    newer.kill()
    newest.slot, newest.instance = after["slot"], after["instance"]
    wait_for(lambda: bed.state_of(answer["slot"]) == "dead")
    return newest


def test_death(bed, all_, newest):
    victim = all_[2]
    generation = generation_reader(bed)
    before = generation()
    begin = time.monotonic()
    victim.kill()
    while generation() == before and time.monotonic() < begin + 60:
        pass
    milliseconds = (time.monotonic() - begin) * 1000
    check("kill -9 is noticed", generation() != before)
    print("# %.1f ms from kill -9 until the lookup was swapped" %
          milliseconds)
    moved = wait_for(lambda: [line for line in bed.loader.text().splitlines()
                              if "is gone; its share" in line and
                              "pid %d" % victim.pid in line])
    if check("which the loader says", moved, bed.loader.text()):
        print("# loader: " + moved[0].split("info")[-1].strip())
    check("it is dead in the map",
          wait_for(lambda: bed.state_of(victim.slot) == "dead"))
    bed.send_initials(200)
    rest = [all_[1], newest]
    received = [len(one.received()) for one in rest]
    check("all new connections go to the others", sum(received) == 200 and
          min(received) > 40, received)
    cid = bed.lbctl("cid", "encode", "--server-id",
                    "%04x%04x" % (victim.slot, victim.instance))["cid"]
    before = bed.lbctl("status")["verdicts"]["hash_dead"]
    bed.send_short(cid, 3)
    received = sum(len(one.received()) for one in rest)
    verdicts = bed.lbctl("status")["verdicts"]
    check("packets of the dead one reach another, which may reset",
          received == 3 and verdicts["hash_dead"] == before + 3,
          (received, verdicts))
    check("lbctl decodes its CID as a dead terminator's",
          bed.lbctl("cid", "decode", cid)["state"] == "dead")


def identities(bed):
    return {slot: (one["name"], one["server_id"], one["state"], one["pid"])
            for slot, one in bed.terminators().items()
            if one["state"] != "dead"}


def test_restart(bed, running, sig, name):
    """The loader ends by `sig`; packets go on; all come back unchanged."""
    before = identities(bed)
    status = bed.loader.stop(sig)
    check("the loader ends by %s in good order" % name,
          status == (0 if sig == signal.SIGTERM else -sig), status)
    bed.send_initials(50)
    received = sum(len(one.received()) for one in running)
    check("with the loader gone by %s packets are steered" % name,
          received == 50, received)
    started = bed.start_loader()
    check("a loader after %s adopts what is there" % name, started and
          "to come back" in bed.loader.text(), bed.loader.text())
    answers = [one.ask("resume") for one in running]
    check("all resume after " + name,
          all(a["event"] == "welcome" and a["descriptors"] == 5 and
              (a["slot"], a["instance"]) == (t.slot, t.instance)
              for a, t in zip(answers, running)), answers)
    check("slots, server IDs and states are kept after " + name,
          identities(bed) == before, (before, identities(bed)))
    bed.send_initials(50)
    check("and packets reach them", sum(len(one.received())
                                        for one in running) == 50)
    check("the wait after %s ends once all are back" % name,
          wait_for(lambda: "all terminators are accounted for" in
                   bed.loader.text()), bed.loader.text())


def test_restart_under_load(bed, running):
    """The program is replaced while packets flow: none may be lost."""
    before = {k: v for k, v in bed.lbctl("status")["verdicts"].items()}
    cid = bed.lbctl("cid", "encode", "--terminator", "t2")["cid"]
    sent = 0
    with bed.client_socket() as udp:
        packet = b"\x43" + bytes.fromhex(cid) + bytes(40)
        bed.loader.stop(signal.SIGTERM)
        bed.loaders += 1
        log = os.path.join(bed.scratch, "loader%d.log" % bed.loaders)
        bed.loader = loader_bed.Process(
            bed.loader.child.args, log)
        # Nobody reads them meanwhile: a socket's buffer holds about 15,600.
        before_that = bed.steered()
        while " ready: " not in bed.loader.text() and sent < 15000:
            for _ in range(2):
                udp.send(packet)
            sent += 2
            time.sleep(0.002)
    check("the next loader is ready", wait_for(
        lambda: " ready: " in bed.loader.text(), 15), bed.loader.text())
    wait_for(lambda: bed.steered() >= before_that + sent)
    answers = [one.ask("resume") for one in running]
    check("all resume after a restart under load",
          all(a["event"] == "welcome" for a in answers), answers)
    received = [len(one.received()) for one in running]
    check("no packet is lost or strays while a loader takes over",
          received[0] == sent and sum(received) == sent, (sent, received))
    after = bed.lbctl("status")["verdicts"]
    lost = {k: after[k] - before[k] for k in after
            if k.startswith("drop") or k == "pass_not_vip"}
    check("and no drop is counted", not any(lost.values()), lost)
    print("# %d packets sent while the loader was replaced" % sent)


def test_secrets_lost(bed):
    """Live terminators work with secrets that a new loader does not have."""
    bed.loader.stop(signal.SIGTERM)
    state, bed.state = bed.state, os.path.join(bed.scratch, "lost")
    check("a loader without the secrets of live terminators refuses",
          not bed.start_loader() and "is missing, and" in bed.loader.text(),
          bed.loader.text())
    check("and makes none", not os.path.exists(bed.state))
    os.mkdir(bed.state, 0o700)
    with open(os.path.join(state, "secrets")) as secrets:
        text = secrets.read()
    key = next(line.split()[5] for line in text.splitlines()
               if line.startswith("config 0 "))
    path = os.path.join(bed.state, "secrets")
    with open(path, "w") as secrets:
        secrets.write(text.replace(key, "00" * 16))
    os.chmod(path, 0o600)
    check("one with other secrets refuses, too",
          not bed.start_loader() and "are not those" in bed.loader.text(),
          bed.loader.text())
    bed.state = state


def test_impostor(bed, victim):
    """A resume with another process's slot and instance."""
    bed.start_loader()
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    other = os.open("/run/netns/" + bed.server, os.O_RDONLY)
    loader_bed.libc.setns(other, loader_bed.CLONE_NEWNET)
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    loader_bed.libc.setns(own, loader_bed.CLONE_NEWNET)
    os.close(own)
    os.close(other)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    udp.bind(("::", bed.port))
    with registrar.connect(bed.control) as control:
        registrar.send(control, registrar.hello(
            victim.name, registrar.RESUME, victim.slot, victim.instance),
            [udp.fileno()])
        answer = registrar.read_answer(control)
    udp.close()
    check("another process cannot resume a terminator's slot",
          answer["event"] == "refused" and "another process" in
          answer["reason"], answer)


def count_one(answer, layout):
    """One request in a terminator's own rows, to one pool and no backend."""
    def change(place, size, row, offset, value):
        with mmap.mmap(answer["fds"][place], (size * row + size + 4095) &
                       ~4095) as rows:
            rows[size * row + offset:size * row + offset + len(value)] = value

    one = struct.pack("<Q", 1)
    change(1, layout["stats"], answer["slot"], layout["requests"], one)
    change(3, layout["proxy"], answer["slot"], 0, b"churn-pool\0")
    change(3, layout["proxy"], answer["slot"], 32, one)  # HTTP/1.1, 200


def churn_totals(bed):
    """Requests of terminator churn, and of its pool."""
    samples = dict(line.rsplit(" ", 1) for line in bed.scrape().splitlines()
                   if "churn" in line)
    return [int(samples.get(name, 0)) for name in (
        'quicsteer_terminator_requests_total{terminator="churn"}',
        'quicsteer_http_requests_total{pool="churn-pool",protocol="h1",'
        'code="200"}')]


def test_slots_run_out(bed, layout):
    """More registrations than slots: the oldest dead slots are used again and
    what their holders counted is not lost, also by the next loader."""
    seen, rounds = {}, 300
    reused = True
    for _ in range(rounds):
        with registrar.connect(bed.control) as control:
            registrar.send(control, registrar.hello("churn"))
            answer = registrar.read_answer(control)
            slot, instance = answer["slot"], answer["instance"]
            if slot in seen:
                reused &= instance == (seen[slot] + 1) & 0xffff
            seen[slot] = instance
            count_one(answer, layout)
            for fd in answer["fds"]:
                os.close(fd)
    check("300 registrations fit into 256 slots", len(seen) < rounds, seen)
    check("a slot's instance is one more each time", reused)
    check("their counters are summed up under their name",
          churn_totals(bed) == [rounds, rounds], churn_totals(bed))
    bed.loader.stop(signal.SIGKILL)
    bed.start_loader()
    check("and outlive the loader", churn_totals(bed) == [rounds, rounds],
          churn_totals(bed))


def update_total(bed, name, offset, value):
    """Eight octets of a terminator's entry in terminator_totals."""
    path = bed.pins + "/terminator_totals"
    key = ["%d" % octet for octet in name.encode().ljust(32, b"\0")]
    entry = json.loads(run("bpftool", "-j", "map", "lookup", "pinned", path,
                           "key", *key))
    octets = [int(octet, 16) for octet in entry["value"]]
    octets[offset:] = struct.pack("<Q", value)
    run("bpftool", "map", "update", "pinned", path, "key", *key, "value",
        *map(str, octets))


def test_interrupted_hand_over(bed, layout):
    """A loader was killed after it had added a row to the totals, and before
    it had cleared the row."""
    before = churn_totals(bed)
    slot, row = max((slot, row) for slot, row in bed.terminators().items()
                    if row["name"] == "churn" and row["state"] == "dead")
    bed.loader.stop(signal.SIGKILL)
    update_total(bed, "churn", layout["taken"], int(row["server_id"], 16))
    bed.start_loader()
    check("a row that was added already is cleared and not added again",
          churn_totals(bed) == [before[0] - 1, before[1]],
          (before, churn_totals(bed)))
    bed.loader.stop(signal.SIGKILL)
    bed.start_loader()
    check("and that is done once",
          churn_totals(bed) == [before[0] - 1, before[1]], churn_totals(bed))


def test_maps_lost(bed, running):
    """The loader detached everything; terminators live on and come back."""
    check("SIGINT ends the loader", bed.loader.stop(signal.SIGINT) == 0)
    left = run(*bed.inside(bed.server), "bpftool", "net", "show")
    check("SIGINT leaves no pin, no program, no socket",
          not os.path.exists(bed.pins) and bed.interface not in left and
          not os.path.exists(bed.control), left)
    check("a new loader knows terminators by their program's name",
          bed.start_loader() and "may resume" in bed.loader.text(),
          bed.loader.text())
    answers = [one.ask("resume") for one in running]
    check("they resume into empty maps",
          all(a["event"] == "welcome" and
              (a["slot"], a["instance"]) == (t.slot, t.instance)
              for a, t in zip(answers, running)), answers)
    bed.send_initials(50)
    check("and are steered to", sum(len(one.received())
                                    for one in running) == 50)


def row_layout(bed):
    """Sizes of rows, and offsets in them."""
    def size(name):
        return json.loads(run("bpftool", "-j", "map", "show", "pinned",
                              bed.pins + "/" + name))["bytes_value"]

    names = bed.lbctl("terminators")["terminators"][0]["counters"]
    return {"stats": size("terminator_stats"), "proxy": size("proxy_stats"),
            "requests": 16 + 8 * list(names).index("requests"),
            "taken": size("terminator_totals") - 8}


def test_extra_user(bed):
    bed.loader.stop(signal.SIGINT)
    bed.start_loader("--terminator-user", "nobody")
    one = Terminator(bed, "t9", user="nobody")
    answer = one.ask("hello")
    check("--terminator-user lets that user register",
          answer["event"] == "welcome", answer)
    status = os.stat(bed.control)
    check("and nobody else but the loader's own group",
          status.st_mode & 0o777 == 0o660 and status.st_gid == os.getegid(),
          oct(status.st_mode))
    one.kill()
    bed.loader.stop(signal.SIGKILL)
    started = bed.start_loader(
        "--terminator-user", "nobody", prefix=[
            "setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"])
    check("a loader without CAP_DAC_OVERRIDE starts after one was killed",
          started, bed.loader.text()[-500:])


def test_notify(bed):
    """sd_notify(3): the service manager hears when it is ready."""
    path = os.path.join(bed.scratch, "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(60)
        os.environ["NOTIFY_SOCKET"] = path
        bed.start_loader()
        del os.environ["NOTIFY_SOCKET"]
        check("READY=1 is sent to $NOTIFY_SOCKET",
              manager.recv(100) == b"READY=1")
        bed.loader.stop(signal.SIGINT)
        check("STOPPING=1, too", manager.recv(100) == b"STOPPING=1")


def main():
    if os.geteuid():
        print("skip loader registry: needs root")
        return 0
    prefix = "qsr%d" % os.getpid()
    with Bed(prefix) as bed:
        if not check("the loader starts", bed.start_loader(),
                     bed.loader.text()):
            return 1
        all_ = test_register(bed)
        test_steering(bed, all_)
        test_refusals(bed)
        test_drain(bed, all_)
        newest = test_hot_restart(bed, all_)
        test_death(bed, all_, newest)
        all_[0].kill()
        wait_for(lambda: bed.state_of(all_[0].slot) == "dead")
        running = [all_[1], newest]
        test_restart(bed, running, signal.SIGTERM, "SIGTERM")
        test_restart(bed, running, signal.SIGKILL, "SIGKILL")
        test_restart_under_load(bed, running)
        test_secrets_lost(bed)
        test_impostor(bed, running[0])
        for one in running:
            one.ask("resume")
        layout = row_layout(bed)
        test_slots_run_out(bed, layout)
        test_interrupted_hand_over(bed, layout)
        for one in running:
            one.kill()
            one.child.wait()
        # Terminators of an earlier loader are known by their executable.
        program = os.path.join(bed.scratch, "quicsteer-terminator")
        shutil.copy(os.path.realpath(loader_bed.PYTHON), program)
        running = [Terminator(bed, name, program=(program,))
                   for name in ("m1", "m2")]
        for one in running:
            answer = one.ask("hello")
            one.slot, one.instance = answer["slot"], answer["instance"]
        test_maps_lost(bed, running)
        for one in running:
            one.kill()
            one.child.wait()
        test_extra_user(bed)
        bed.loader.stop(signal.SIGINT)
        test_notify(bed)
    check("the test leaves nothing behind",
          not os.path.exists(bed.pins) and
          prefix not in run("ip", "netns", "list"))
    return 1 if loader_bed.failures else 0


if __name__ == "__main__":
    sys.exit(main())
