# SPDX-License-Identifier: GPL-2.0-only
"""What the documentation says to type, typed."""

import json
import os

from engine import ROOT
from process import wait_until


def comes_up(results, project):
    """From nothing: images are built, too."""
    output = project.works("docker compose up -d", seconds=1800)
    results.check("up: every container is well within 60 s",
                  project.await_well(), f"{project.containers()} {output}")
    ps = project.works("docker compose ps", "quic-server")
    results.check("ps: two terminators, healthd, three backends, Prometheus",
                  all(name in ps for name in (
                      "quicsteer-terminator-1 ", "quicsteer-terminator-2 ",
                      "quicsteer-healthd-1 ", "quicsteer-backend-1-1 ",
                      "quicsteer-backend-2-1 ", "quicsteer-backend-3-1 ",
                      "quicsteer-prometheus-1 ")), ps)
    project.begins("docker compose logs -f quic-server", "ready: native-link")
    project.begins("docker compose logs --tail=50 -f quic-server", "ready:")


def usable_backends(project):
    page = json.loads(project.asked("http://localhost:8080/health") or "{}")
    return page.get("pools", [{}])[0].get("usable")


def answers(results, project):
    wait_until(lambda: usable_backends(project) == 3, 30, "three backends")
    project.works("curl http://localhost:8080", "backend ")
    project.works("curl -k https://localhost:9443", "backend ")
    project.works("for i in {1..100}; do curl -s http://localhost:8080 "
                  "> /dev/null; done")
    project.works("curl http://localhost:8080/health", '"status": "ok"')
    project.works("curl http://localhost:9443/metrics",
                  "quicsteer_xdp_packets_total")
    project.works("curl -k https://localhost:9443/metrics",
                  "quicsteer_xdp_packets_total")
    for port in (8081, 8082, 8083):
        project.works(f"curl http://localhost:{port}", "backend ")
    seen = {project.asked("http://localhost:8080") for _ in range(6)}
    results.equal("requests go to all three backends", len(seen), 3)
    project.works("curl http://localhost:9100/metrics", "node_cpu_seconds")
    project.works("curl http://localhost:9090/-/ready", "Ready")


def http3(results, project, client):
    certificate = os.path.join(project.tree, "certificate.pem")
    project.works("docker compose exec -T quic-server cat "
                  f"/run/quicsteer/state/self-signed.pem > {certificate}")
    h3get = os.path.join(ROOT, "build/bin/h3get")
    project.works(f"{h3get} --cacert {certificate} --include "
                  "https://localhost:9443/", "backend ")
    done = client.run("gtlsclient", "--exit-on-all-streams-close",
                      "--no-quic-dump", "quic-server", "9443",
                      "https://quic-server:9443/")
    results.check("gtlsclient quic-server 9443, from another container",
                  ":status: 200" in done.stdout, done.stdout[-1500:])
    results.equal("XDP is in the driver of the container's interface",
                  project.lbctl("status")["attached"]["mode"], "native-link")


def scraped(results, project):
    def up():
        text = project.asked("'http://localhost:9090/api/v1/query?query=up'")
        rows = json.loads(text)["data"]["result"] if text else []
        return {row["metric"]["job"] for row in rows
                if row["value"][1] == "1"} >= {"quicsteer", "node",
                                               "prometheus"}

    try:
        wait_until(up, 60, "scrapes")
    except TimeoutError:
        pass
    results.check("Prometheus scrapes quicsteer, node and itself", up())
    text = project.asked("http://localhost:9090/api/v1/rules") or "{}"
    groups = json.loads(text).get("data", {}).get("groups", [])
    results.check("it has taken the rules",
                  groups and all(rule["health"] != "err" for group in groups
                                 for rule in group["rules"]), text[-1000:])


def goes_down(results, project):
    project.works("docker compose down", seconds=180)
    results.equal("down: no container is left", project.containers(), {})
    _, volumes, _ = project.shell("docker volume ls -q")
    results.check("down: Prometheus's data stay",
                  "quicsteer_prometheus" in volumes, volumes)
    project.works("docker compose up -d")
    results.check("up again: every container is well", project.await_well(),
                  str(project.containers()))
    project.works("curl http://localhost:8080", "backend ")
    project.works("docker compose down -v", seconds=180)
    _, volumes, _ = project.shell("docker volume ls -q")
    results.equal("down -v: no volume is left", volumes.strip(), "")
    _, links, _ = project.shell("ip -o link | grep -c veth")
    results.equal("no interface is left", links.strip(), "0")
