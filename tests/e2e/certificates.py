#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Several certificates: by name (SNI), ECDSA and RSA side by side, wildcards,
the default, over TCP and QUIC alike; a wrong authority gets 421; changed by
reload while connections go on."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import plain  # noqa: E402
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import PORT, tool, tool_environment  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP, run  # noqa: E402

# Name of the files: (kind of key, names in the certificate, names in the file).
WANTED = {
    "a-rsa": ("rsa:2048", ["a.test"], None),
    "a-ec": ("P-256", ["a.test"], None),
    "wild": ("P-384", ["*.wild.test"], None),
    "exact": ("P-256", ["exact.wild.test"], None),
    "only": ("rsa:2048", ["only.test"], None),
    "named": ("P-256", ["unused.test"], ["named.test"]),
    "local-rsa": ("rsa:2048", ["localhost"], None),
}


class CertificateBed(ConfiguredBed):
    def make_certificate(self):
        super().make_certificate()
        for name, (kind, names, _) in WANTED.items():
            self.make(name, kind, names)

    def make(self, name, kind, names):
        key = ["-newkey", kind] if kind.startswith("rsa") else \
            ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{kind}"]
        names = ",".join(f"DNS:{one}" for one in names)
        run("openssl", "req", "-x509", *key, "-nodes", "-days", "2", "-subj",
            f"/CN={name}", "-addext", f"subjectAltName={names}", "-keyout",
            self.path(f"{name}.key"), "-out", self.path(f"{name}.pem"))
        shutil.chown(self.path(f"{name}.key"), "nobody", "nogroup")
        os.chmod(self.path(f"{name}.key"), 0o400)

    def entry(self, name):
        entry = {"certificate": self.path(f"{name}.pem"),
                 "private_key": self.path(f"{name}.key")}
        if WANTED[name][2]:
            entry["names"] = WANTED[name][2]
        return entry

    def _default_settings(self):
        settings = super()._default_settings()
        settings["terminator"]["certificates"] = [self.entry(name)
                                                  for name in WANTED]
        return settings


def shown(bed, *options):
    """The subject of the certificate that openssl is shown."""
    done = subprocess.run(
        bed.network.client.enter("openssl", "s_client", "-connect",
                                 f"{VIP[4]}:{PORT}", *options),
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
        check=False)
    found = re.search(r"subject=CN\s*=\s*(\S+)", done.stdout)
    return found.group(1) if found else None


def names(results, bed):
    for server, wanted in (("a.test", "a-ec"), ("A.Test", "a-ec"),
                           ("www.wild.test", "wild"),
                           ("exact.wild.test", "exact"),
                           ("a.b.wild.test", "localhost"),
                           ("wild.test", "localhost"),
                           ("only.test", "only"), ("named.test", "named"),
                           ("unused.test", "localhost"),
                           ("nobody.test", "localhost")):
        results.equal(f"certificate for {server}",
                      shown(bed, "-servername", server), wanted)
    results.equal("certificate without SNI", shown(bed, "-noservername"),
                  "localhost")


def algorithms(results, bed):
    for version in ("-tls1_3", "-tls1_2"):
        for algorithms, server, wanted in (
                ("rsa_pss_rsae_sha256", "a.test", "a-rsa"),
                ("ecdsa_secp256r1_sha256", "a.test", "a-ec"),
                ("rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256", "a.test",
                 "a-ec"),
                ("ecdsa_secp384r1_sha384", "www.wild.test", "wild")):
            results.equal(f"{server}, {version}, {algorithms}",
                          shown(bed, version, "-servername", server,
                                "-sigalgs", algorithms), wanted)
    results.equal("TLS 1.2, no ECDSA in the cipher suites",
                  shown(bed, "-tls1_2", "-servername", "a.test", "-cipher",
                        "ECDHE-RSA-AES128-GCM-SHA256"), "a-rsa")
    results.equal("an RSA client where only ECDSA is: none",
                  shown(bed, "-servername", "www.wild.test", "-sigalgs",
                        "rsa_pss_rsae_sha256"), None)


def curl(bed, host, *options, ca=None):
    """(status, body) of curl at that host."""
    trust = ["--cacert", bed.path(f"{ca}.pem")] if ca else ["-k"]
    done = subprocess.run(
        bed.network.client.enter(
            "curl", "-sS", "-m", "60", "-o", os.devnull, "-w", "%{http_code}",
            "--resolve", f"{host}:{PORT}:{VIP[4]}", *trust, *options,
            f"https://{host}:{PORT}/"),
        capture_output=True, text=True, timeout=120, check=False)
    return done.stdout


def requests(results, bed):
    for option in ("--http1.1", "--http2"):
        for host, ca in (("a.test", "a-ec"), ("www.wild.test", "wild"),
                         ("only.test", "only"), ("localhost", "cert")):
            results.equal(f"curl {option}, {host}", curl(bed, host, option,
                                                         ca=ca), "200")
        results.equal(f"curl {option}, a name that none has, unchecked",
                      curl(bed, "nobody.test", option), "200")
        for host, authority, wanted in (
                ("a.test", "localhost", "421"), ("a.test", "A.TEST:1", "200"),
                ("localhost", "other.test", "200"),
                ("localhost", "nobody.test", "421"),
                ("www.wild.test", "two.wild.test", "200"),
                ("www.wild.test", "a.test", "421"),
                ("localhost", VIP[4], "200"), ("a.test", VIP[4], "421")):
            results.equal(f"curl {option}, {authority} at {host}",
                          curl(bed, host, option, "-H", f"Host: {authority}"),
                          wanted)
    results.equal("curl --http2, an address without SNI",
                  curl(bed, VIP[4], "--http2"), "200")


def requests_h3(results, bed):
    with Asker(bed) as ask:
        for host, ca in (("a.test", "a-ec"), ("www.wild.test", "wild"),
                         ("only.test", "only"), ("localhost", "cert")):
            answer = ask("/", host=host, ca=bed.path(f"{ca}.pem"))
            results.check(f"HTTP/3, {host}", answer.status == 200, answer)
    with Asker(bed) as ask:
        answer = ask("/", host="a.test", ca=bed.path("a-rsa.pem"))
        results.check("HTTP/3 gets ECDSA where both are", answer.error,
                      answer)
    for host, ca, authority, wanted in (
            ("a.test", "a-ec", "localhost", 421),
            ("localhost", "cert", "other.test", 200),
            ("localhost", "cert", "nobody.test", 421)):
        with Asker(bed) as ask:
            answer = ask("/", host=host, ca=bed.path(f"{ca}.pem"),
                         Host=authority)
            results.check(f"HTTP/3, {authority} at {host}",
                          answer.status == wanted, answer)


# GnuTLS without a signature that an ECDSA key can make.
RSA_ONLY = "[overrides]\n" + "".join(
    f"insecure-sig = {name}\n" for name in (
        "ecdsa-sha1", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512",
        "ecdsa-secp256r1-sha256", "ecdsa-secp384r1-sha384",
        "ecdsa-secp521r1-sha512"))


def foreign_rsa(results, bed):
    """ngtcp2's client on GnuTLS, over QUIC; at an address it asks for
    localhost, whatever else it is told."""
    with open(bed.path("rsa-only"), "w", encoding="ascii") as file:
        file.write(RSA_ONLY)
    for name, more, wanted in (
            ("that checks ECDSA, too", {}, "ECDSA-"),
            ("that checks RSA alone",
             {"GNUTLS_SYSTEM_PRIORITY_FILE": bed.path("rsa-only")}, "RSA-PSS-")):
        done = subprocess.run(
            bed.network.client.enter(
                tool("gtlsclient"), "--no-quic-dump", "--timeout=30s",
                "--exit-on-all-streams-close", VIP[4], str(PORT),
                "https://localhost/status/200"),
            env=dict(tool_environment(), GNUTLS_DEBUG_LEVEL="4", **more),
            capture_output=True, text=True, timeout=120, check=False)
        said = done.stdout + done.stderr
        results.check(f"HTTP/3, a client {name}: 200",
                      "[:status: 200]" in said, said[-500:])
        kind = re.search(r"verifying TLS 1.3 handshake data using (\S+)", said)
        results.check(f"... by {wanted}",
                      kind and kind[1].startswith(wanted), kind and kind[1])


def resumed_12(results, bed):
    """A resumed session of TLS 1.2 needs no certificate: the names of those
    that there are still hold."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def ask(session, *hosts):
        with socket.create_connection((VIP[4], PORT), timeout=60) as raw, \
                context.wrap_socket(raw, server_hostname="a.test",
                                    session=session) as stream:
            statuses = []
            for host in hosts:
                stream.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"
                               .encode())
                statuses.append(plain.read_response(stream)[0])
            return stream.session, stream.session_reused, statuses

    call = bed.network.client.call
    session, reused, statuses = call(lambda: ask(None, "a.test"))
    results.equal("TLS 1.2, a whole handshake", (reused, statuses),
                  (False, [200]))
    _, reused, statuses = call(lambda: ask(
        session, "a.test", "A.test:1", "localhost"))
    results.equal("TLS 1.2, resumed: a wrong authority gets 421",
                  (reused, statuses), (True, [200, 200, 421]))


def get(stream):
    stream.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return plain.read_response(stream)[0]


def reload(results, bed):
    stream = bed.network.client.call(
        lambda: plain.connect(VIP[4], PORT, bed.path("cert.pem")))
    results.equal("a connection before the reload", get(stream), 200)
    with Asker(bed) as ask:
        ask("/")
        bed.make("cert2", "P-256", ["localhost"])
        terminator = bed.settings["terminator"]
        terminator["certificate"] = bed.path("cert2.pem")
        terminator["private_key"] = bed.path("cert2.key")
        terminator["certificates"] = [bed.entry("a-rsa")]
        status, said = bed.reload()
        results.check("other certificates by reload", status == 0, said)
        results.equal("... for those that come",
                      (shown(bed, "-servername", "localhost"),
                       shown(bed, "-servername", "a.test"),
                       shown(bed, "-servername", "www.wild.test")),
                      ("cert2", "a-rsa", "cert2"))
        results.equal("... the TCP connection goes on", get(stream), 200)
        answer = ask("/")
        results.check("... the QUIC connection goes on",
                      answer.status == 200, answer)
    stream.close()
    terminator["certificates"][0]["private_key"] = bed.path("a-ec.key")
    status, said = bed.reload()
    results.check("a key of another certificate is refused",
                  status and "a-ec.key" in said and "a-rsa.pem" in said, said)
    results.equal("... and nothing has changed",
                  shown(bed, "-servername", "a.test"), "a-rsa")


def certificates(results):
    with CertificateBed(backends=("b1",)) as bed:
        for step in (names, algorithms, requests, requests_h3, foreign_rsa,
                     resumed_12, reload):
            step(results, bed)


tap.run(certificates)
