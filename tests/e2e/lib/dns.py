# SPDX-License-Identifier: GPL-2.0-only
"""A name server for a bed: A and AAAA records that a test changes at will."""

import ipaddress
import socket
import struct
import threading

ADDRESS = ("127.0.0.1", 53)
TYPES = {1: 4, 28: 6}  # A and AAAA: the record's type to the IP version
NAME_ERROR = 3


class NameServer:
    def __init__(self, namespace):
        """Answers on 127.0.0.1:53 of the namespace from a thread of its
        own."""
        self.names = {}
        self.failing = False
        self.queries = 0
        self.socket = namespace.call(self._open)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @staticmethod
    def _open():
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(ADDRESS)
        return opened

    def set(self, name, *addresses):
        """From now on the name has these addresses; none: no such name."""
        self.names[name] = [ipaddress.ip_address(one) for one in addresses]

    def fail(self, failing=True):
        """Answers SERVFAIL, until fail(False)."""
        self.failing = failing

    def close(self):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                query, client = self.socket.recvfrom(512)
                self.queries += 1
                self.socket.sendto(self.answer(query), client)
            except OSError:
                return

    def answer(self, query):
        name, end = read_name(query)
        kind = struct.unpack_from("!H", query, end)[0]
        addresses = self.names.get(name, [])
        found = [one for one in addresses if TYPES.get(kind) == one.version]
        code = 2 if self.failing else 0 if addresses else NAME_ERROR
        if code:
            found = []
        head = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(found),
                                       0, 0)
        body = query[12:end + 4]
        for address in found:
            body += struct.pack("!HHHIH", 0xc00c, kind, 1, 0,
                                len(address.packed)) + address.packed
        return head + body


def read_name(query):
    """Returns the name that is asked for and where it ends."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), at + 1
