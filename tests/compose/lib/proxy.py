# SPDX-License-Identifier: GPL-2.0-only
"""An HTTP proxy that listens in a network namespace and asks from the machine's
own, so that image builds get Debian's packages although that namespace has no
way out. Only GET and HEAD of http:// addresses, one a connection."""

import socket
import sys
import threading

HOP_BY_HOP = ("connection:", "proxy-connection:", "keep-alive:")


class Proxy:
    def __init__(self, namespace):
        self.listener = namespace.call(
            lambda: socket.create_server(("127.0.0.1", 0), backlog=64))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        with client:
            try:
                self._relay(client)
            except (OSError, ValueError) as error:
                print(f"# proxy: {error}", file=sys.stderr, flush=True)

    @staticmethod
    def _relay(client):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(1 << 16)
            if not piece:
                return
            head += piece
        first, *fields = head.split(b"\r\n\r\n")[0].decode("latin-1").split(
            "\r\n")
        method, url, _ = first.split(" ")
        if method not in ("GET", "HEAD") or not url.startswith("http://"):
            raise ValueError(f"not served: {first}")
        authority, _, path = url[len("http://"):].partition("/")
        host, _, port = authority.partition(":")
        kept = [field for field in fields
                if not field.lower().startswith(HOP_BY_HOP)]
        request = "\r\n".join([f"{method} /{path} HTTP/1.1", *kept,
                               "Connection: close", "", ""])
        with socket.create_connection((host, int(port or 80)), 60) as server:
            server.sendall(request.encode("latin-1"))
            while True:
                piece = server.recv(1 << 16)
                if not piece:
                    return
                client.sendall(piece)
