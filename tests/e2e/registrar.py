#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A terminator that only registers: it speaks include/quicsteer/control.h.

usage: registrar.py CONTROL-SOCKET NAME

Obeys one command a line on standard input and answers each by one line of
JSON: hello, resume, drain, receive, expect, result, follow, quit. As a module it gives
tests the messages (connect, hello, read_answer, request).

expect [SECONDS]    the next message of the loader; its pipe is written to
result OK|FAIL TEXT sends a RESULT
follow OK|FAIL TEXT answers each RELOAD so, until one is over
"""
import array
import json
import mmap
import os
import select
import socket
import struct
import sys

MAGIC, VERSION = 0x71737472, 5
(HELLO, WELCOME, REFUSED, DRAIN, RELOAD, RESULT, CONNECTIONS, CONFIGS,
 CONFIGS_TAKEN, ROTATE, GIVEN_SOCKET, _, GIVEN_LISTENER,
 CERTIFICATE) = range(1, 15)
RESUME, LEAVING = 1, 2
REQUEST, CHECK, APPLY, DISCARD = range(4)
PHASES = ("request", "check", "apply", "discard")
SOCKET = 5  # the place of the first UDP socket among WELCOME's descriptors
PORTS = 8
QUIET = 0.1  # a busy kernel delivers late
ROW, STATE = 128, 34  # of struct qs_terminator: its size, and state in it
HEADER = "<IHH"
WELCOME_SIZE = 8 + 4 + 2 * PORTS + 4 + 8 * 20 + 32 + 32 + 3 * 80


def header(kind, version=VERSION):
    return struct.pack(HEADER, MAGIC, version, kind)


def hello(name, flags=0, slot=0, instance=0):
    return header(HELLO) + struct.pack("<32sIHH", name.encode(), flags, slot,
                                       instance)


def connect(path):
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.settimeout(30)
    control.connect(path)
    return control


def send(control, message, descriptors=()):
    ancillary = []
    if descriptors:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                      array.array("i", descriptors))]
    control.sendmsg([message], ancillary)


def result(failed, text="", count=0):
    return header(RESULT) + struct.pack("<II4080s", failed, count,
                                        text.encode())


def read_answer(control):
    """What the loader says next, past the TCP sockets and certificates that
    it gives."""
    while (answer := read_message(control))["event"] == "given":
        continue
    return answer


def read_message(control):
    """A dictionary of what the loader said; its descriptors under fds. TCP
    sockets and certificates are closed: they are not wanted here."""
    data, ancillary, _, _ = control.recvmsg(8192, socket.CMSG_SPACE(32))
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content)
    if not data:
        return {"event": "closed"}
    magic, version, kind = struct.unpack_from(HEADER, data)
    if (magic, version) != (MAGIC, VERSION):
        return {"event": "garbage"}
    if kind in (GIVEN_LISTENER, CERTIFICATE):
        for descriptor in descriptors:
            os.close(descriptor)
        return {"event": "given"}
    answer = ANSWERS.get(kind, lambda _: {"event": "garbage"})(data)
    answer["fds"] = list(descriptors)
    return answer


def text_at(data, offset):
    return data[offset:].split(b"\0")[0].decode()


def read_welcome(data):
    slot, instance, *ports, config = struct.unpack_from("<HH8HB", data, 8)
    return {"event": "welcome", "size": len(data), "slot": slot,
            "instance": instance, "ports": ports, "config": config,
            "first_config": list(data[32:36]), "secrets": data[-304:].hex()}


def read_result(data):
    failed, count = struct.unpack_from("<II", data, 8)
    return {"event": "result", "failed": failed, "count": count,
            "text": text_at(data, 16)}


def read_configs(data):
    generation, config, leave = struct.unpack_from("<IBB", data, 8)
    return {"event": "configs", "generation": generation, "config": config,
            "leave": leave}


def configs_taken(generation, failed=0):
    return header(CONFIGS_TAKEN) + struct.pack("<II", generation, failed)


def rotate_request(encoding=0, server_id_length=0, nonce_length=0):
    return header(ROTATE) + struct.pack("<BBB5x", encoding, server_id_length,
                                        nonce_length)


ANSWERS = {
    WELCOME: read_welcome,
    REFUSED: lambda data: {"event": "refused", "reason": text_at(data, 8)},
    DRAIN: lambda data: {"event": "drain"},
    RELOAD: lambda data: {"event": "reload", "phase": PHASES[
        struct.unpack_from("<I", data, 8)[0]]},
    RESULT: read_result,
    CONNECTIONS: lambda data: {"event": "connections"},
    GIVEN_SOCKET: lambda data: dict(zip(
        ("event", "index", "port"),
        ("socket", *struct.unpack_from("<HH", data, 8)))),
    CONFIGS: read_configs,
}


def request(path, message, descriptors=(), seconds=60):
    """What the loader answers an operator."""
    with connect(path) as control:
        control.settimeout(seconds)
        send(control, message, descriptors)
        return read_answer(control)


def reload_request():
    return header(RELOAD) + struct.pack("<II", REQUEST, 0)


class Registrar:
    def __init__(self, path, name):
        self.path, self.name = path, name
        self.control = self.udp = None
        self.sockets = {}  # by port_index
        self.slot = self.instance = 0
        self.fds = []
        self.leaving = False

    def say_hello(self, flags):
        self.control = connect(self.path)
        send(self.control, hello(self.name, flags, self.slot, self.instance),
             [one.fileno() for one in self.sockets.values()]
             if flags & RESUME else [])
        answer = read_answer(self.control)
        if answer["event"] == "welcome":
            self.slot, self.instance = answer["slot"], answer["instance"]
            self.fds = answer["fds"]
            if not flags & RESUME:
                indices = [index for index, port in
                           enumerate(answer["ports"]) if port]
                for index, fd in zip(indices, self.fds[SOCKET:]):
                    self.take_socket(index, fd)
                self.udp = self.sockets[indices[0]]
                answer["reuseaddr"] = self.udp.getsockopt(
                    socket.SOL_SOCKET, socket.SO_REUSEADDR)
                answer["reuseport"] = self.udp.getsockopt(
                    socket.SOL_SOCKET, socket.SO_REUSEPORT)
                answer["receive_buffer"] = self.udp.getsockopt(
                    socket.SOL_SOCKET, socket.SO_RCVBUF)
            answer["descriptors"] = len(self.fds)
            answer["mapped_state"] = self.mapped_state()
        return answer

    def take_socket(self, index, fd):
        self.sockets[index] = socket.socket(fileno=fd)
        self.sockets[index].setblocking(False)

    def change_socket(self, index, fds):
        if index in self.sockets:
            self.sockets.pop(index).close()
        for fd in fds:
            self.take_socket(index, fd)

    def mapped_state(self):
        """The state of this terminator's row, read from mapped memory."""
        with mmap.mmap(self.fds[0], 256 * ROW, mmap.MAP_SHARED,
                       mmap.PROT_READ) as rows:
            return rows[ROW * self.slot + STATE]

    def receive(self):
        """All datagrams until none has come for QUIET seconds, as hex of
        their first 20 octets; those of all ports, and by port."""
        sockets = list(self.sockets.values())
        ports = {one.getsockname()[1]: [] for one in sockets}
        while ready := select.select(sockets, [], [], QUIET)[0]:
            for one in ready:
                ports[one.getsockname()[1]].append(one.recv(2048)[:20].hex())
        return {"datagrams": sum(ports.values(), []), "ports": ports}

    def expect(self, seconds):
        """The loader's next message. A pipe gets one line, and is closed.
        CONFIGS are taken and not told of."""
        self.control.settimeout(seconds)
        answer = read_answer(self.control)
        while answer["event"] == "configs":
            send(self.control, configs_taken(answer["generation"]))
            answer = read_answer(self.control)
        if answer["event"] == "socket":
            self.change_socket(answer["index"], answer["fds"])
            return answer
        for fd in answer.get("fds", ()):
            os.write(fd, json.dumps({"terminator": self.name}).encode() +
                     b"\n")
            os.close(fd)
        return answer

    def follow(self, failed, text):
        """Answers RELOADs until one is over; the phases that were seen."""
        phases = []
        while not phases or phases[-1] == "check":
            answer = self.expect(60)
            if answer["event"] == "drain":
                continue
            if answer["event"] != "reload":
                return {"phases": phases, **answer}
            phases.append(answer["phase"])
            if phases[-1] != "discard":
                send(self.control, result(failed, text))
        return {"phases": phases}

    def obey(self, command):
        command, _, rest = command.partition(" ")
        word, _, text = rest.partition(" ")
        if command == "hello":
            return self.say_hello(0)
        if command == "resume":
            self.control.close()
            return self.say_hello(RESUME | LEAVING * self.leaving)
        if command == "drain":
            self.leaving = True
            send(self.control, header(DRAIN))
            return {}
        if command == "receive":
            return self.receive()
        if command == "expect":
            return self.expect(float(word or 30))
        if command == "result":
            send(self.control, result(word != "OK", text))
            return {}
        if command == "follow":
            return self.follow(word != "OK", text)
        return {"error": "unknown command"}


def main():
    registrar = Registrar(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        command = line.strip()
        if command == "quit":
            return
        try:
            answer = registrar.obey(command)
        except OSError as error:
            answer = {"event": "error", "reason": os.strerror(error.errno)
                      if error.errno else str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
