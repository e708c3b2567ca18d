#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A backend that takes every upgrade to a WebSocket and then sends back what
comes, octet by octet, until the other side ends; /refused gets 403.

usage: upgrading.py PORT"""

import base64
import hashlib
import socketserver
import sys

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        fields = {}
        line = self.rfile.readline()
        target = line.split()[1] if line.strip() else b""
        while (line := self.rfile.readline()).strip():
            name, value = line.split(b":", 1)
            fields[name.strip().lower()] = value.strip()
        if fields.get(b"upgrade", b"").lower() != b"websocket" or \
                target == b"/refused":
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\n"
                             b"content-length: 2\r\n\r\nno")
            return
        digest = hashlib.sha1(fields[b"sec-websocket-key"] + MAGIC).digest()
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\n"
                         b"upgrade: websocket\r\nconnection: upgrade\r\n"
                         b"sec-websocket-accept: "
                         + base64.b64encode(digest)
                         + b"\r\nsec-websocket-protocol: "
                         + fields.get(b"sec-websocket-protocol", b"none")
                         + b"\r\n\r\n")
        while data := self.connection.recv(65536):
            self.connection.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("127.0.0.1", int(sys.argv[1])), Tunnel) as server:
    print("listening", flush=True)
    server.serve_forever()
