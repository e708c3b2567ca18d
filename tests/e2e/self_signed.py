#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Without a certificate the loader makes one and keeps it: for which names, who
may read it, that it is the same after restarts, that another configuration gets
another, that one of the file's own wins, and that it is renewed in time while
all serve."""

import datetime
import ipaddress
import os
import re
import signal
import stat
import subprocess
import sys
import time

from cryptography import x509 as forge
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP, run  # noqa: E402
from process import wait_until  # noqa: E402

HOST = "www.self.test"
DAYS, RENEW_DAYS = 825, 30
SOON_S = 20


class SelfSignedBed(ConfiguredBed):
    def _default_settings(self):
        settings = super()._default_settings()
        del settings["terminator"]
        settings["routes"] = [{"host": HOST, "path": "/", "pool": "web"},
                              {"host": "*.wild.test", "path": "/",
                               "pool": "web"},
                              {"path": "/", "pool": "web"}]
        return settings

    @property
    def kept(self):
        return self.path("state/self-signed.pem")

    def all_logs(self):
        return "".join(process.log() for process in self.processes)


def x509(path, *options):
    return run("openssl", "x509", "-in", path, "-noout", *options)


def names_in(path):
    return sorted(re.findall(r"(?:DNS|IP Address):([^,\s]+)",
                             x509(path, "-ext", "subjectAltName")))


def fingerprint(path):
    return x509(path, "-fingerprint", "-sha256").strip()


def shown(bed, name="served"):
    """The file with the certificate that a client is shown."""
    done = subprocess.run(
        bed.network.client.enter("openssl", "s_client", "-connect",
                                 f"{VIP[4]}:{PORT}", "-servername", HOST),
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
        check=False)
    with open(bed.path(name), "w", encoding="ascii") as file:
        file.write(done.stdout)
    return bed.path(name)


def curl(bed, *options, host=HOST):
    done = subprocess.run(
        bed.network.client.enter(
            "curl", "-sS", "-m", "120", "-o", os.devnull, "-w", "%{http_code}",
            "--resolve", f"{host}:{PORT}:{VIP[4]}", *options,
            f"https://{host}:{PORT}/"),
        capture_output=True, text=True, timeout=150, check=False)
    return done.stdout


def warnings(bed):
    return bed.loader.log().count("terminator.certificate is not set: clients "
                                  "get a self-signed certificate")


def first_start(results, bed):
    status = os.stat(bed.kept)
    results.equal("nobody else may read the file",
                  (stat.S_IMODE(status.st_mode), status.st_uid),
                  (0o600, os.geteuid()))
    results.equal("the loader warns", warnings(bed), 1)
    results.check("terminators warn",
                  all("self-signed" in one.log()
                      for one in bed.terminators.values()), bed.all_logs())
    results.equal("the names: localhost, the VIPs, hosts of routes",
                  names_in(bed.kept),
                  sorted(["localhost", HOST, "*.wild.test", VIP[4],
                          openssl_form(VIP[6])]))
    text = x509(bed.kept, "-text")
    results.check("an ECDSA key of P-256, its signature by SHA-256",
                  "NIST CURVE: P-256" in text and
                  "ecdsa-with-SHA256" in text, text)
    results.check("it holds now, and not for ever",
                  valid_for(bed, 0) and valid_for(bed, DAYS - 1) and
                  not valid_for(bed, DAYS + 1), x509(bed.kept, "-dates"))
    for version in ("--http1.1", "--http2"):
        results.equal(f"curl -k {version}", curl(bed, version, "-k"), "200")
        for host in ("localhost", HOST, "a.wild.test", VIP[4]):
            results.equal(f"curl {version} that trusts it, {host}",
                          curl(bed, version, "--cacert", bed.kept, host=host),
                          "200")
    with Asker(bed) as ask:
        answer = ask("/", host=HOST, ca=bed.kept)
        results.check("HTTP/3, trusting it", answer.status == 200, answer)
    results.equal("a name that it is not for gets 421",
                  curl(bed, "-k", "-H", "Host: other.test"), "421")


def openssl_form(address):
    return ":".join(f"{int(one, 16):X}" for one in
                    ipaddress.ip_address(address).exploded.split(":"))


def valid_for(bed, days):
    return subprocess.run(
        ["openssl", "x509", "-in", bed.kept, "-noout", "-checkend",
         str(days * 86400)], capture_output=True, check=False).returncode == 0


def taken(bed):
    return [one.log().count("self-signed certificate as it is now")
            for one in bed.terminators.values()]


def later_starts(results, bed):
    before = fingerprint(bed.kept)
    for name in list(bed.terminators):
        bed.terminators.pop(name).end(signal.SIGTERM)
    bed.loader.end(signal.SIGTERM)
    bed.start_loader()
    for name in ("t1", "t2"):
        bed.start_terminator(name)
    bed.wait_for_live(2)
    results.equal("the same one after a restart of all",
                  (fingerprint(bed.kept), fingerprint(shown(bed))),
                  (before, before))
    results.equal("... with a warning again", warnings(bed), 1)
    bed.loader.end(signal.SIGKILL)
    bed.start_loader()
    wait_until(lambda: taken(bed) == [1, 1], 10, "all to resume and take what "
               "may have been renewed meanwhile")
    results.equal("... and after a kill of the loader",
                  fingerprint(shown(bed)), before)


def by_reload(results, bed):
    before = fingerprint(bed.kept)
    terminator = bed.settings["terminator"] = {
        "self_signed_names": ["new.test", "198.51.100.7"]}
    status, said = bed.reload()
    results.check("other names by reload", status == 0, said)
    results.equal("... in the file", names_in(bed.kept),
                  ["198.51.100.7", "new.test"])
    results.check("... and it is another one",
                  fingerprint(bed.kept) != before, before)
    results.equal("... that clients get", fingerprint(shown(bed)),
                  fingerprint(bed.kept))
    before = fingerprint(bed.kept)
    terminator.update(certificate=bed.path("cert.pem"),
                      private_key=bed.path("key.pem"))
    status, said = bed.reload()
    results.check("one of our own by reload", status == 0, said)
    results.equal("... wins", fingerprint(shown(bed)),
                  fingerprint(bed.path("cert.pem")))
    del terminator["certificate"]
    status, said = bed.reload()
    results.check("a key alone is refused",
                  status and "terminator.certificate: missing" in said, said)
    del terminator["private_key"]
    os.chmod(bed.kept, 0o644)
    status, said = bed.reload()
    results.check("a file that others may read is refused",
                  status and "self-signed.pem" in said, said)
    results.equal("... and nothing has changed", fingerprint(shown(bed)),
                  fingerprint(bed.path("cert.pem")))
    os.chmod(bed.kept, 0o600)
    status, said = bed.reload()
    results.check("without it again", status == 0, said)
    results.equal("... the one that was kept", fingerprint(shown(bed)), before)


def forge_one(names, end):
    """PEM of a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = forge.Name([forge.NameAttribute(forge.NameOID.COMMON_NAME,
                                           "an old one")])
    certificate = (
        forge.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(end - datetime.timedelta(days=DAYS))
        .not_valid_after(end)
        .add_extension(forge.SubjectAlternativeName(
            [forge.DNSName(one) for one in names]), False)
        .sign(key, hashes.SHA256()))
    return certificate.public_bytes(
        serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption())


def place_old(bed, names):
    """Puts one that is soon due where the loader keeps its own."""
    end = datetime.datetime.utcnow() + datetime.timedelta(
        days=RENEW_DAYS, seconds=SOON_S)
    with open(bed.kept, "rb") as file:
        first = file.readline()
    with open(bed.kept, "wb") as file:
        file.write(first + forge_one(names, end))
    with open(bed.kept, "rb") as file, open(bed.path("old"), "wb") as copy:
        copy.write(file.read())


def expiry_told(bed):
    return [value for name, value in bed.metrics().items()
            if name.startswith("quicsteer_certificate_expiry")]


def renewal(results, bed):
    old, name = bed.path("old"), "new.test"
    bed.settings["terminator"]["self_signed_names"] = [name]
    bed.reload()
    place_old(bed, [name])
    status, said = bed.reload()
    results.check("one that is soon due, by reload", status == 0, said)
    with Asker(bed) as ask:
        answer = ask("/", host=name, ca=old)
        results.check("... serves", answer.status == 200, answer)
        before = [count + 1 for count in taken(bed)]
        # A change to the file that nobody has asked for yet.
        bed.settings["terminator"]["self_signed_names"] = ["later.test"]
        bed.write_config()
        wait_until(lambda: "terminators take the new one" in bed.loader.log(),
                   SOON_S + 5, "the certificate to be renewed")
        wait_until(lambda: all(count >= wanted for count, wanted
                               in zip(taken(bed), before)), 5,
                   "each terminator to take it")
        results.equal("... once by each terminator", taken(bed), before)
        results.equal("... who serve with it", fingerprint(shown(bed)),
                      fingerprint(bed.kept))
        results.check("when it is due there is another one",
                      fingerprint(bed.kept) != fingerprint(old) and
                      valid_for(bed, DAYS - 1))
        results.equal("... for the same names", names_in(bed.kept), [name])
        answer = ask("/", host=name, ca=old)
        results.check("a connection of the old one goes on",
                      answer.status == 200, answer)
    results.equal("new ones get the new one",
                  [curl(bed, "--cacert", one, host=name)
                   for one in (old, bed.kept)], ["000", "200"])
    told = expiry_told(bed)
    results.check("the metrics tell when it ends",
                  len(told) == 1 and
                  told[0] > time.time() + (DAYS - 1) * 86400, told)
    results.equal("... and it is renewed once",
                  bed.loader.log().count("terminators take the new one"), 1)


def secrecy(results, bed):
    with open(bed.kept, encoding="ascii") as file:
        lines = [line.strip() for line in file if len(line) == 65]
    key = run("openssl", "pkey", "-in", bed.kept, "-text", "-noout")
    octets = re.sub(r"[\s:]", "",
                    re.search(r"priv:(.*?)pub:", key, re.S).group(1))
    logs = bed.all_logs()
    results.check("no log has the key or its file's lines",
                  lines and not any(line in logs for line in lines)
                  and octets not in logs.lower() and "PRIVATE" not in logs)


def self_signed(results):
    with SelfSignedBed(backends=("b1",)) as bed:
        for step in (first_start, later_starts, by_reload, renewal,
                     secrecy):
            step(results, bed)


tap.run(self_signed)
