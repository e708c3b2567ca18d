#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Answers that are complete while their request's body still comes, larger
than all windows: the client is told to stop (RFC 9114, 4.1; RFC 9113, 8.1;
RFC 9112, 9.6), gets the whole answer, and goes on."""

import os
import re
import socket
import subprocess
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import h2frames  # noqa: E402
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import PORT, client  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from h3frames import DATA, Script, frame, request  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

MIB = 1 << 20
SIZE = 24 * MIB  # the largest window is 8 MiB
MOST = 7_900_000  # that libcurl copies
HTTP_PORT = 8080
NO_ERROR = 0x100
LIMIT_MIB = 4
HASTY = 8100
# What answers, by path.
WANTED = {"/old": 301, "/teapot": 418, "/none/": 404, "/hasty": 403,
          "/limited": 413}


class Hasty:
    """A backend that answers when it has seen a request's head."""

    def __init__(self, network):
        self.listener = network.server.call(
            lambda: socket.create_server(("127.0.0.1", HASTY)))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client_socket, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client_socket,),
                             daemon=True).start()

    @staticmethod
    def serve(one):
        with one:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = one.recv(65536)
                if not piece:
                    return
                head += piece
            one.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n"
                        b"Connection: close\r\n\r\nno\n")
            one.shutdown(socket.SHUT_WR)
            one.settimeout(60)
            try:
                while one.recv(65536):
                    pass
            except OSError:
                pass

    def close(self):
        self.listener.close()


class EarlyBed(ConfiguredBed):
    def __init__(self):
        self.hasty = None
        super().__init__(backends=("b1",), terminators=1, pools=[
            {"name": "web"},
            {"name": "hasty", "backends": [
                {"name": "h1", "url": f"http://127.0.0.1:{HASTY}"}]}],
                         settings={
            "routes": [
                {"path": "/old", "redirect": {"to": "https://x.test/new",
                                              "status": 301}},
                {"path": "/teapot", "respond": {"status": 418,
                                                "body": "x" * 3000}},
                {"path": "/hasty", "pool": "hasty"},
                {"path": "/bytes/", "pool": "web"},
                {"path": "/limited", "pool": "web"}]})

    def _backends(self):
        self.hasty = Hasty(self.network)
        super()._backends()

    def _take_down(self, failed):
        self.hasty.close()
        super()._take_down(failed)

    def _default_settings(self):
        settings = super()._default_settings()
        settings["loader"]["http"] = [f"{VIP[4]}:{HTTP_PORT}"]
        return settings


def by_octets(results, bed):
    """h3raw's stream is closed with the code of STOP_SENDING."""
    for path in ("/old", "/teapot", "/none/", "/hasty"):
        script = Script().begin().add("open", "a")
        script.send("a", request("POST", path, more=[
            ("content-length", str(SIZE))]) + frame(DATA, b"", SIZE))
        script.add("fill", "a", SIZE // 1024, (b"x" * 1024).hex())
        script.add("end", "a").add("await", "a").add("wait", 1000)
        script.add("open", "b").send("b", request(path="/bytes/10"))
        script.add("end", "b").add("await", "b")
        seen = script.run(bed.network.client.enter(client("h3raw"),
                                                   bed.target()))
        stream = seen["streams"]["a"]
        results.equal(f"POST {path} of {SIZE} octets, HTTP/3: the answer, "
                      "STOP_SENDING with H3_NO_ERROR, and another request",
                      (stream["status"], stream["ended"], stream["closed"],
                       stream["code"], seen["streams"]["b"]["status"]),
                      (WANTED[path], True, True, NO_ERROR, 200))


def by_libcurl(results, bed):
    """It is deaf to HTTP/3 answers while its own side is not closed."""
    with Asker(bed) as ask:
        for size in (300_000, 3_000_000, MOST, MOST):
            answers = {path: ask(path, method="POST", body="x" * size)
                       for path in WANTED if path != "/limited"}
            results.check(f"POST of {size} octets, libcurl, HTTP/3: all are "
                          "answered",
                          all(one.status == WANTED[path] and not one.error
                              for path, one in answers.items()), str(answers))


def curl(bed, path, more=()):
    """Of a POST and a GET behind it: (statuses, connections made)."""
    options = ["-sS", "-m", "100", "--http1.1", "--cacert",
               bed.path("cert.pem"), "-o", "/dev/null", "-w",
               "%{http_code} %{num_connects}\n"]
    base = f"https://{VIP[4]}:{PORT}"
    done = subprocess.run(
        bed.network.client.enter(
            "curl", *options, "-H", "Expect:", *more, "--data-binary",
            f"@{bed.path('big')}", base + path, "--next", *options,
            base + "/bytes/10"),
        capture_output=True, text=True, timeout=240, check=False)
    rows = [[int(part) for part in line.split()]
            for line in done.stdout.splitlines()]
    return ([row[0] for row in rows], sum(row[1] for row in rows),
            done.stderr)


def limit(results, bed):
    bed.settings["terminator"]["limits"] = {"body_mib": LIMIT_MIB}
    status, said = bed.reload()
    results.equal(f"reload with a limit of bodies {said.strip()}", status, 0)


def by_curl(results, bed):
    with open(bed.path("big"), "wb") as file:
        file.truncate(SIZE)
    for path, wanted in WANTED.items():
        if path == "/limited":
            limit(results, bed)
        results.equal(f"POST {path} of {SIZE} octets, curl, HTTP/1.1: "
                      f"{wanted}, and the connection ends",
                      curl(bed, path), ([wanted, 200], 2, ""))
    results.equal("a body of unknown length over the limit, HTTP/1.1: 413",
                  curl(bed, "/limited",
                       ("-H", "Transfer-Encoding: chunked"))[0], [413, 200])


class Http2:
    """A connection whose windows are kept to."""

    def __init__(self, bed):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        plain = bed.network.client.call(
            lambda: socket.create_connection((VIP[4], PORT), 60))
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.frames = h2frames.Frames(self.socket)
        self.window = 65535
        self.stream = 1
        self.socket.sendall(h2frames.PREFACE + h2frames.settings()
                            + h2frames.frame(h2frames.SETTINGS, h2frames.ACK))

    def begin(self, method, path, flags, *more):
        self.socket.sendall(h2frames.frame(
            h2frames.HEADERS, h2frames.END_HEADERS | flags, self.stream,
            h2frames.section((":method", method), (":scheme", "https"),
                             (":authority", "localhost"), (":path", path),
                             *more)))

    def next(self):
        frame_seen = self.frames.next()
        if not frame_seen:
            raise RuntimeError("the connection ended")
        kind, _, stream, payload = frame_seen
        if kind == h2frames.WINDOW_UPDATE and not stream:
            self.window += int.from_bytes(payload, "big")
        return frame_seen

    def send_body(self, size):
        while size:
            piece = min(size, 16384)
            while self.window < piece:
                self.next()
            self.socket.sendall(h2frames.frame(h2frames.DATA, 0, self.stream,
                                               bytes(piece)))
            self.window -= piece
            size -= piece

    def ends(self):
        """How the stream ended: kinds of frames with END_STREAM, and
        codes."""
        seen = []
        while True:
            kind, flags, stream, payload = self.next()
            if stream != self.stream:
                continue
            if kind == h2frames.RST_STREAM:
                return seen + [h2frames.code_of(kind, payload)]
            if kind in (h2frames.HEADERS, h2frames.DATA) and \
                    flags & h2frames.END_STREAM:
                seen.append("end")


def by_frames(results, bed):
    """All bodies together are larger than the connection's window."""
    for path in ("/old", "/teapot", "/none/", "/hasty"):
        http2 = Http2(bed)
        with http2.socket:
            seen = []
            for _ in range(8):
                http2.begin("POST", path, 0, ("content-length", str(SIZE)))
                http2.send_body(200_000)
                seen.append(http2.ends())
                http2.stream += 2
            http2.begin("GET", "/bytes/10", h2frames.END_STREAM)
            last = http2.next()
            while last[0] != h2frames.HEADERS or last[2] != http2.stream:
                last = http2.next()
        results.check(f"POST {path} again and again, HTTP/2: the answer, "
                      "RST_STREAM with NO_ERROR, and another request",
                      all(one == ["end", h2frames.NO_ERROR] for one in seen)
                      and last[3][:1] == b"\x88", f"{seen} {last}")


def deaf(results, bed):
    """Reads nothing before it has sent all: for two seconds."""
    def send():
        with socket.create_connection((VIP[4], HTTP_PORT), 60) as plain:
            plain.settimeout(60)
            plain.sendall(b"POST /old HTTP/1.1\r\nHost: localhost\r\n"
                          b"Content-Length: %d\r\n\r\n" % SIZE)
            for _ in range(SIZE // MIB):
                plain.sendall(bytes(MIB))
                time.sleep(0.08)
            answer = b""
            while True:
                piece = plain.recv(65536)
                if not piece:
                    return answer
                answer += piece

    answer = bed.network.client.call(send)
    results.check("a client of HTTP/1.1 that first sends all gets the answer, "
                  "which says that it is the last",
                  re.match(rb"HTTP/1.1 301 .*\r\nconnection: close\r\n",
                           answer, re.DOTALL), str(answer))


def early_answers(results):
    with EarlyBed() as bed:
        by_octets(results, bed)
        by_libcurl(results, bed)
        by_frames(results, bed)
        deaf(results, bed)
        by_curl(results, bed)
        results.check("nothing is left of them", wait_until(
            lambda: not bed.live()["t1"]["counters"]["requests_open"], 5,
            "the end of requests"))


tap.run(early_answers)
