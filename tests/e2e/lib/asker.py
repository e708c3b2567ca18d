# SPDX-License-Identifier: GPL-2.0-only
"""Single requests of libcurl, by HTTP/3 to a terminator or by HTTP/1.1 to
nginx, from inside a namespace; see tests/curl/curl_ask.c."""

import json
import subprocess

from bed import PORT, client, tool_environment
from network import VIP


class Answer:
    def __init__(self, line):
        self.error = line["error"]
        self.status = line["status"]
        self.version = line["version"]
        self.size = line["size"]
        self.body = line.get("body")
        self.all_fields = [tuple(field) for field in line["fields"]]
        self.fields = dict(self.all_fields)

    def __repr__(self):
        return (f"{self.status} {self.error or ''} {self.fields} "
                f"{(self.body or '')[:200]!r}")


class Asker:
    """Use as a context manager. `base` as in http://127.0.0.1:8080; by default
    the VIP, by HTTP/3; or else by HTTP/3 at `address`, such as
    127.0.0.1:8443."""

    def __init__(self, bed, base=None, namespace=None,
                 address=f"{VIP[4]}:{PORT}"):
        self.bed = bed
        self.base = base
        self.address = address
        command = (namespace or bed.network.client).enter(client("curl_ask"))
        self.popen = subprocess.Popen(command, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE,
                                      env=tool_environment())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Lets it close its connections."""
        self.popen.stdin.close()
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        self.popen.stdout.close()

    def __call__(self, path, method=None, host="localhost", file=None,
                 body=None, ca=None, **fields):
        """Fields are given as if_none_match="x"."""
        request = {"url": (self.base or f"https://{host}:{PORT}") + path,
                   "http": 1 if self.base else 3,
                   "ca": ca or self.bed.path("cert.pem"),
                   "fields": [f"{name.replace('_', '-')}: {value}"
                              for name, value in fields.items()]}
        if not self.base:
            request["connect"] = self.address
        for name, value in (("method", method), ("file", file),
                            ("body", body)):
            if value is not None:
                request[name] = value
        self.popen.stdin.write(json.dumps(request).encode() + b"\n")
        self.popen.stdin.flush()
        line = self.popen.stdout.readline()
        if not line:
            raise RuntimeError("curl_ask ended")
        return Answer(json.loads(line))
