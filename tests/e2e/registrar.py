#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A terminator that only registers: it speaks include/quicsteer/control.h.

usage: registrar.py CONTROL-SOCKET NAME

Obeys one command a line on standard input and answers each by one line of
JSON: hello, resume, drain, receive, quit. As a module it gives tests
the messages (connect, hello, read_answer).
"""
import array
import json
import mmap
import os
import socket
import struct
import sys

MAGIC, VERSION = 0x71737472, 1
HELLO, WELCOME, REFUSED, DRAIN = 1, 2, 3, 4
RESUME = 1
HEADER = "<IHH"
WELCOME_SIZE = 8 + 8 + 8 * 20 + 32 + 32 + 80


def header(kind, version=VERSION):
    return struct.pack(HEADER, MAGIC, version, kind)


def hello(name, flags=0, slot=0, instance=0):
    return header(HELLO) + struct.pack("<32sIHH", name.encode(), flags, slot,
                                       instance)


def connect(path):
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.settimeout(5)
    control.connect(path)
    return control


def send(control, message, descriptors=()):
    ancillary = []
    if descriptors:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                      array.array("i", descriptors))]
    control.sendmsg([message], ancillary)


def read_answer(control):
    """A dictionary of what the loader said; its descriptors under fds."""
    data, ancillary, _, _ = control.recvmsg(1024, socket.CMSG_SPACE(12))
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content)
    if not data:
        return {"event": "closed"}
    magic, version, kind = struct.unpack_from(HEADER, data)
    if (magic, version) != (MAGIC, VERSION):
        return {"event": "garbage"}
    if kind == REFUSED:
        return {"event": "refused",
                "reason": data[8:].split(b"\0")[0].decode()}
    slot, instance, port, config = struct.unpack_from("<HHHB", data, 8)
    return {"event": "welcome", "size": len(data), "slot": slot,
            "instance": instance, "port": port, "config": config,
            "first_config": list(data[16:20]), "secrets": data[-144:].hex(),
            "fds": list(descriptors)}


class Registrar:
    def __init__(self, path, name):
        self.path, self.name = path, name
        self.control = self.udp = None
        self.slot = self.instance = 0
        self.fds = []

    def say_hello(self, flags):
        self.control = connect(self.path)
        send(self.control, hello(self.name, flags, self.slot, self.instance),
             [self.udp.fileno()] if flags & RESUME else [])
        answer = read_answer(self.control)
        if answer["event"] == "welcome":
            self.slot, self.instance = answer["slot"], answer["instance"]
            self.fds = answer["fds"]
            if not flags & RESUME:
                self.udp = socket.socket(fileno=self.fds[2])
                self.udp.setblocking(False)
                answer["reuseaddr"] = self.udp.getsockopt(
                    socket.SOL_SOCKET, socket.SO_REUSEADDR)
                answer["reuseport"] = self.udp.getsockopt(
                    socket.SOL_SOCKET, socket.SO_REUSEPORT)
                answer["receive_buffer"] = self.udp.getsockopt(
                    socket.SOL_SOCKET, socket.SO_RCVBUF)
            answer["descriptors"] = len(self.fds)
            answer["mapped_state"] = self.mapped_state()
        return answer

    def mapped_state(self):
        """The state of this terminator's row, read from mapped memory."""
        with mmap.mmap(self.fds[0], 256 * 64, mmap.MAP_SHARED,
                       mmap.PROT_READ) as rows:
            return rows[64 * self.slot + 34]

    def receive(self):
        """All datagrams that wait, as hex of their first 20 octets."""
        datagrams = []
        while True:
            try:
                datagrams.append(self.udp.recv(2048)[:20].hex())
            except BlockingIOError:
                return {"datagrams": datagrams}

    def obey(self, command):
        if command == "hello":
            return self.say_hello(0)
        if command == "resume":
            self.control.close()
            return self.say_hello(RESUME)
        if command == "drain":
            send(self.control, header(DRAIN))
            return {}
        if command == "receive":
            return self.receive()
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
