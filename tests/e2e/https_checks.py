#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP health checks of https backends: over TLS, verified as the pool says,
behind a header of the PROXY protocol where the pool has one; and what healthd
says of those that fail."""

import http.server
import os
import socket
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

PORT, PLAIN_PORT, PROXIED_PORT = 8443, 8090, 8444
# Version 2, LOCAL: the connection is the proxy's own.
PROXY_HEADER = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
WORD = "all is well"


class Page(http.server.BaseHTTPRequestHandler):
    sick = False

    def do_GET(self):
        body = f"{WORD} at {self.headers['Host']}".encode()
        self.send_response(503 if self.sick or self.path == "/sick" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class SickPage(Page):
    sick = True


class Proxied(http.server.ThreadingHTTPServer):
    """Is sick for those that send no header of the PROXY protocol before
    TLS."""

    context = None

    def finish_request(self, request, client_address):
        size = len(PROXY_HEADER)
        request.settimeout(60)
        proxied = request.recv(size, socket.MSG_PEEK | socket.MSG_WAITALL) \
            == PROXY_HEADER
        if proxied:
            request.recv(size)
        with self.context.wrap_socket(request, server_side=True) as tls:
            (Page if proxied else SickPage)(tls, client_address, self)


def serve(certificate, key):
    """The backends, as a program of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    proxied = Proxied(("127.0.0.1", PROXIED_PORT), Page)
    proxied.context = context
    threading.Thread(target=proxied.serve_forever, daemon=True).start()
    print("listening", flush=True)
    server.serve_forever()


def pool(name, path="/", port=PORT, check=None, proxy="none", **tls):
    return {"name": name, "tls": tls, "proxy_protocol": proxy,
            "health": dict({"type": "http", "path": path, "interval": "3s",
                            "interval_down": "1s", "timeout": "3s", "rise": 1,
                            "fall": 1}, **(check or {})),
            "backends": [{"name": name, "url": f"https://127.0.0.1:{port}"}]}


class HttpsBed(ConfiguredBed):
    def _backends(self):
        backend = self.spawn("https", self.network.server,
                             [sys.executable, os.path.abspath(__file__),
                              self.path("cert.pem"), self.path("key.pem")])
        wait_until(lambda: "listening" in backend.log(), 5, "the backend")
        super()._backends()

    def _default_settings(self):
        good = {"ca_file": self.path("cert.pem"), "server_name": "localhost"}
        self.pools = [
            {"name": "web"},
            pool("good", **good),
            pool("body", check={"expect_body": f"{WORD} at 127.0.0.1:8443"}, **good),
            pool("host", check={"expect_body": "at www.test", "host": "www.test"},
                 **good),
            pool("trusting", verify=False),
            pool("proxied", port=PROXIED_PORT, proxy="v2", **good),
            pool("no-header", port=PROXIED_PORT, **good),
            pool("sick", path="/sick", **good),
            pool("other-body", check={"expect_body": "nothing of it"}, **good),
            pool("wrong-name", **dict(good, server_name="nobody.test")),
            pool("wrong-address", ca_file=good["ca_file"]),
            pool("plain", port=8001, **good),
            pool("closed", port=PLAIN_PORT, **good)]
        return super()._default_settings()


WANTED = {
    "good": "", "body": "", "host": "", "trusting": "",
    "proxied": "", "no-header": "HTTP 503",
    "sick": "HTTP 503", "other-body": "is not in the body",
    "wrong-name": "TLS: ", "wrong-address": "TLS: ", "plain": "TLS: ",
    "closed": "connection refused"}


def judge(results, bed):
    def settled():
        rows = bed.rows()
        return all(rows[name]["health"] == ("down" if reason else "up")
                   and reason in rows[name]["reason"]
                   for name, reason in WANTED.items())

    try:  # a busy machine may miss a time-out at first
        wait_until(settled, 10, "all checks")
    except (RuntimeError, TimeoutError):
        pass
    for name, reason in WANTED.items():
        row = bed.rows()[name]
        results.equal(f"{name}: its health", row["health"],
                      "down" if reason else "up")
        results.check(f"{name}: why", reason in row["reason"], row["reason"])


def by_reload(results, bed):
    for one in bed.settings["pools"]:
        if one["name"] == "wrong-name":
            one["tls"]["server_name"] = "localhost"
        elif one["name"] == "good":
            one["tls"]["server_name"] = "nobody.test"
    status, said = bed.reload()
    results.check("another name by reload", status == 0, said)
    wait_until(lambda: bed.rows()["wrong-name"]["health"] == "up" and
               bed.rows()["good"]["health"] == "down", 10, "its effect")
    results.check("... takes effect on checks", True)


def https_checks(results):
    with HttpsBed(backends=("b1",), terminators=1) as bed:
        judge(results, bed)
        by_reload(results, bed)


if len(sys.argv) == 3:
    serve(*sys.argv[1:])
else:
    tap.run(https_checks)
