#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A network that is slow at a bad time: relays UDP, the first datagram of each
client at once, and what the client sends within DELAY seconds behind it only
when these are over.

usage: relay.py LISTEN-ADDRESS PORT TARGET-ADDRESS PORT DELAY"""

import selectors
import socket
import sys
import time


class Relay:
    def __init__(self, listen, target, delay):
        self.target, self.delay = target, delay
        self.clients = {}  # address: (socket to the target, time of the first)
        self.held = []  # (when, socket, datagram), in order
        self.selector = selectors.DefaultSelector()
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.front.bind(listen)
        self.front.setblocking(False)
        self.selector.register(self.front, selectors.EVENT_READ, None)

    def add_client(self, address):
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        out.connect(self.target)
        out.setblocking(False)
        self.selector.register(out, selectors.EVENT_READ, address)
        self.clients[address] = out, time.monotonic()
        return out

    def from_client(self):
        datagram, address = self.front.recvfrom(65536)
        if address not in self.clients:
            self.add_client(address).send(datagram)
            return
        out, first = self.clients[address]
        if time.monotonic() < first + self.delay:
            self.held.append((first + self.delay, out, datagram))
        else:
            out.send(datagram)

    def let_go(self):
        now = time.monotonic()
        due = [one for one in self.held if one[0] <= now]
        self.held = [one for one in self.held if one[0] > now]
        for _, out, datagram in due:
            out.send(datagram)

    def run(self):
        print("relaying", flush=True)
        while True:
            for key, _ in self.selector.select(0.005):
                try:
                    if key.data is None:
                        self.from_client()
                    else:
                        self.front.sendto(key.fileobj.recv(65536), key.data)
                except (BlockingIOError, ConnectionError):
                    pass  # as a network would lose it
            self.let_go()


Relay((sys.argv[1], int(sys.argv[2])), (sys.argv[3], int(sys.argv[4])),
      float(sys.argv[5])).run()
