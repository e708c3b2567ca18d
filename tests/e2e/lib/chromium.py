# SPDX-License-Identifier: GPL-2.0-only
"""Chromium without a screen, driven over its debugging protocol."""

import base64
import hashlib
import json
import signal
import socket
import subprocess
import urllib.request

import websocket
from process import wait_until

PORT = 9222


def spki_of(certificate):
    """What --ignore-certificate-errors-spki-list wants."""
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout",
                          "-pubkey"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"],
                         input=key, capture_output=True, check=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


class Chromium:
    """One page, in the client's namespace. Use as a context manager. `hosts`
    are {name: address}; certificates of `spki` are taken from them, also by
    QUIC, which without that option takes publicly known authorities only: it
    names a port that nothing is at, so that QUIC is forced on nobody."""

    def __init__(self, bed, binary, hosts, spki):
        self.bed = bed
        self.number = 0
        rules = ", ".join(f"MAP {name} {address}"
                          for name, address in hosts.items())
        self.process = bed.spawn(
            "chromium", bed.network.client,
            [binary, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-sync",
             "--disable-component-update", "--enable-quic",
             f"--user-data-dir={bed.path('chromium')}",
             f"--remote-debugging-port={PORT}",
             f"--host-resolver-rules={rules}",
             f"--ignore-certificate-errors-spki-list={spki}",
             "--origin-to-force-quic-on=" + ",".join(f"{name}:1"
                                                     for name in hosts),
             "about:blank"])
        wait_until(lambda: self._at_work() is not None, 60, "chromium")
        self.stream = None
        self._connect(self._at_work())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.process.end(signal.SIGTERM)

    def _at_work(self):
        if not self.process.running():
            raise RuntimeError("chromium ended: " + self.process.log())

        def ask():
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/json",
                                        timeout=10) as answer:
                return json.load(answer)

        try:
            pages = [one for one in self.bed.network.client.call(ask)
                     if one["type"] == "page"]
        except OSError:
            return None
        return pages[0]["webSocketDebuggerUrl"] if pages else None

    def _connect(self, url):
        path = "/" + url.split("/", 3)[3]
        self.stream = self.bed.network.client.call(
            lambda: socket.create_connection(("127.0.0.1", PORT), 60))
        request, _ = websocket.upgrade(path, host=f"127.0.0.1:{PORT}")
        self.stream.sendall(request)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.stream.recv(1)
        if not head.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(f"chromium's debugging port: {head!r}")
        self.read = websocket.Octets(lambda: self.stream.recv(1 << 16))

    def call(self, method, **params):
        self.number += 1
        self.stream.sendall(websocket.frame(json.dumps(
            {"id": self.number, "method": method,
             "params": params}).encode()))
        while True:
            answer = json.loads(websocket.read_frame(self.read)[1])
            if answer.get("id") != self.number:
                continue
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            return answer["result"]

    def run(self, script):
        """The value of an expression of the page's, awaited."""
        result = self.call("Runtime.evaluate", expression=script,
                           awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:500])
        return result["result"].get("value")

    def load(self, url):
        """Goes there; returns when the page is complete."""
        result = self.call("Page.navigate", url=url)
        if result.get("errorText"):
            raise RuntimeError(f"{url}: {result['errorText']}")
        wait_until(lambda: self.run("document.readyState") == "complete" and
                   self.run("location.href") == url, 30, url)

    def screenshot(self, path):
        shot = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
