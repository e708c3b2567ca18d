#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""`lbctl reload` under load: pools, backends, weights, routes, the certificate
and VIPs change live and no request fails; a file that is bad anywhere changes
nothing and says why; what needs a restart is named."""

import copy
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT, VIPS, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import run  # noqa: E402
from process import wait_until  # noqa: E402

CONNECTIONS = 30
SECOND_VIP = "10.77.1.20"
SETTLE = 2  # seconds for healthd and the terminators to follow


def good(results, bed, what):
    status, said = bed.reload()
    results.check(f"{what}: taken", status == 0, said)
    return said


def asked(bed, *options, target=None):
    """Requests by backend of a load of 120 requests."""
    load = bed.h3load("--connections", "12", "--rounds", "10", *options,
                      target=target)
    lines = load.finish()
    return load.summary()["by_backend"], lines


def pool_of(bed, number=0):
    return bed.settings["pools"][number]


def backends_change(results, bed):
    pool_of(bed)["backends"].append(bed.backend_entry("b2"))
    good(results, bed, "a backend more")
    wait_until(lambda: "b2" in bed.rows(), SETTLE, "its row")
    wait_until(lambda: set(asked(bed, "--get", "/bytes/100")[0])
               == {"b1", "b2"}, SETTLE, "requests at both")
    results.check("... gets requests", True)
    pool_of(bed)["backends"].pop(0)
    good(results, bed, "a backend less")
    wait_until(lambda: set(asked(bed, "--get", "/bytes/100")[0]) == {"b2"},
               SETTLE, "requests at the other only")
    results.check("... gets no more requests", True)


def weights_change(results, bed):
    pool_of(bed)["backends"] = [bed.backend_entry("b1", weight=30),
                                bed.backend_entry("b2", weight=10)]
    good(results, bed, "weights")
    results.equal("... are healthd's, too, before lbctl has its answer",
                  {name: row["weight"] for name, row in bed.rows().items()
                   if row["state"] == "active"}, {"b1": 30, "b2": 10})
    def held():
        counts, _ = asked(bed, "--get", "/bytes/100")
        return abs(counts.get("b1", 0) - 90) <= 6

    # Each terminator looks for rows that came every 50 ms.
    wait_until(held, SETTLE, "requests by weight")
    results.check("... are held", True)


def routes_change(results, bed):
    bed.settings["pools"].append(
        {"name": "api", "backends": [bed.backend_entry("b3")]})
    bed.settings["routes"] = [{"path": "/chunked/", "pool": "api"},
                              {"host": "other.test", "pool": "api"},
                              {"pool": "web"}]
    good(results, bed, "a pool and routes more")

    def routed():
        by_path, _ = asked(bed, "--get", "/chunked/100")
        by_host, _ = asked(bed, "--get", "/bytes/100", "--name",
                           "other.test", "--unchecked")
        rest, _ = asked(bed, "--get", "/bytes/100")
        return (set(by_path), set(by_host), set(rest)) == \
            ({"b3"}, {"b3"}, {"b1", "b2"})

    wait_until(routed, SETTLE + 3, "requests by path and by host at the pool")
    results.check("... by path, by host and by neither are held", True)
    bed.settings["pools"].pop()
    bed.settings["routes"] = [{"pool": "web"}]
    good(results, bed, "a pool and routes less")
    counts, lines = asked(bed, "--get", "/chunked/100")
    results.check("... its requests go to the pool that is left",
                  set(counts) == {"b1", "b2"}
                  and all(one["ok"] for one in lines),
                  f"{counts} {reasons(lines)}")


def certificate_changes(results, bed, held):
    """A new certificate; clients that trust only the old one see that."""
    shutil.copy(bed.path("cert.pem"), bed.path("old.pem"))
    old = bed.h3load("--connections", "2", "--hold", "300", "--interval",
                     "50", "--get", "/bytes/100")
    old.wait_for(lambda seen: seen["handshakes"] == 2, 5, "handshakes")
    bed.make_certificate()
    good(results, bed, "a new certificate in the same files")
    _, lines = asked(bed, "--get", "/bytes/100")
    results.check("... new connections get it",
                  all(one["ok"] for one in lines), str(reasons(lines)))
    _, lines = asked(bed, "--get", "/bytes/100", "--ca", bed.path("old.pem"))
    results.check("... and not the old one",
                  not any(one["ok"] for one in lines), str(reasons(lines)))
    old.hurry()
    results.check("... connections from before go on",
                  all(one["ok"] for one in old.finish())
                  and held.progress()["open"] == CONNECTIONS, "some ended")


def by_hash(bed):
    return sum(row["by_hash"] for row in bed.slots())


def vips_change(results, bed):
    target = f"{SECOND_VIP}:{PORT}"
    bed.network.server.ip("address", "add", f"{SECOND_VIP}/24", "dev", "s0")
    bed.settings["loader"]["vips"] = VIPS + [target]
    good(results, bed, "a VIP more")
    before = by_hash(bed)
    counts, lines = asked(bed, "--get", "/bytes/100", target=target)
    results.check("... serves", sum(counts.values()) == 120
                  and all(one["ok"] for one in lines), str(reasons(lines)))
    steered = by_hash(bed)
    results.check("... steered by XDP", steered >= before + 12,
                  f"{steered - before} datagrams by hash")
    bed.settings["loader"]["vips"] = list(VIPS)
    good(results, bed, "a VIP less")
    steered = by_hash(bed)
    # The address is still the interface's: the kernel picks a socket.
    asked(bed, "--get", "/bytes/100", "--handshake-timeout", "500",
          target=target)
    results.equal("... is steered no more", by_hash(bed) - steered, 0)


def change(settings, *steps):
    """A copy of the settings in which the item that the steps lead to has
    another value (the last step)."""
    changed = copy.deepcopy(settings)
    place = changed
    for step in steps[:-2]:
        place = place[step]
    place[steps[-2]] = steps[-1]
    return json.dumps(changed, indent=2)


def bad_files(bed):
    """{what is bad: (text of the file, what the message must name)}."""
    run("openssl", "genpkey", "-algorithm", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-out", bed.path("other.pem"))
    os.chmod(bed.path("other.pem"), 0o444)
    with open(bed.path("garbage.pem"), "w", encoding="ascii") as file:
        file.write("no certificate\n")
    os.chmod(bed.path("garbage.pem"), 0o444)
    settings = bed.settings
    weighty = copy.deepcopy(settings)
    # Good parts that must not be taken either.
    weighty["pools"][0]["backends"][0]["weight"] = 7
    weighty["loader"]["vips"] = VIPS + [f"{SECOND_VIP}:{PORT}"]
    return {
        "broken YAML": ("pools: [", ":1:"),
        "an unknown key": (change(weighty, "pools", 0, "helth", {}),
                           "helth"),
        "a number without a unit": (
            change(weighty, "pools", 0, "connect_timeout", "5"),
            "connect_timeout"),
        "a route to no pool": (
            change(weighty, "routes", [{"pool": "wbe"}]), "wbe"),
        "a VIP that is none": (
            change(weighty, "loader", "vips", ["10.0.0.256:443"]),
            "10.0.0.256"),
        "no certificate file": (
            change(weighty, "terminator", "certificate", "/no/such.pem"),
            "/no/such.pem"),
        # Only a terminator can tell these two.
        "a certificate that is none": (
            change(weighty, "terminator", "certificate",
                   bed.path("garbage.pem")), "garbage.pem"),
        "a key of another certificate": (
            change(weighty, "terminator", "private_key",
                   bed.path("other.pem")), "other.pem"),
    }


def state(bed):
    """What a reload could have changed."""
    rows = {name: (row["weight"], row["id"])
            for name, row in bed.rows().items() if row["state"] == "active"}
    return rows, bed.lbctl("status")["config_generation"], \
        bed.total("config_reloads")


def bad_changes(results, bed):
    before, failures = state(bed), bed.total("config_failures")
    for what, (text, named) in bad_files(bed).items():
        status, said = bed.reload(text)
        results.check(f"{what}: refused, and the message says it",
                      status == 1 and named in said, f"{status}: {said}")
        results.figure(f"{what}: {said.strip()[-150:]}")
    results.equal("bad files change nothing", state(bed), before)
    results.check("... terminators count what they refused",
                  bed.total("config_failures") >= failures + 2,
                  f"{bed.total('config_failures')}")
    _, lines = asked(bed, "--get", "/bytes/100")
    results.check("... and all goes on",
                  all(one["ok"] for one in lines), str(reasons(lines)))
    good(results, bed, "the good file again")


def restarts(results, bed):
    bed.settings["loader"]["metrics"] = "127.0.0.1:9999"
    said = good(results, bed, "another address for metrics")
    results.check("... the answer names what needs a restart",
                  "loader.metrics" in said and "restart" in said, said)
    results.check("... and metrics stay where they are",
                  len(bed.metrics()) > 0, "none")
    bed.settings["loader"]["metrics"] = "127.0.0.1:9464"
    bed.reload()


def no_loader(results, bed):
    bed.loader.end()
    status, said = bed.reload()
    results.check("without a loader: status 4, and the message names it",
                  status == 4 and "loader" in said, f"{status}: {said}")
    bed.start_loader()


def reload(results):
    # A busy machine makes one backend look slow beside the other.
    pools = [{"name": "web", "health_weight": {"enabled": False},
              "backends": ["b1"]}]
    with ConfiguredBed(backends=["b1", "b2", "b3"], pools=pools) as bed:
        held = bed.h3load("--connections", str(CONNECTIONS), "--hold", "500",
                          "--interval", "25", "--get", "/bytes/2000",
                          "--upload", "/upload?%u=3000", "--tolerant",
                          "--timeout", "500")
        held.wait_for(lambda seen: seen["handshakes"] == CONNECTIONS, 10,
                      "handshakes")
        for step in (backends_change, weights_change, routes_change):
            step(results, bed)
        certificate_changes(results, bed, held)
        for step in (vips_change, bad_changes, restarts, no_loader):
            step(results, bed)
        seen = held.progress()
        held.stop()
        results.figure(f"{seen['requests']} requests over all changes, "
                       f"{seen['requests_failed']} failed")
        results.check("no request and no connection fails over all changes",
                      seen["requests_failed"] == 0
                      and seen["open"] == CONNECTIONS
                      and seen["reconnects"] == 0, str(seen))
        held.finish()


tap.run(reload)
