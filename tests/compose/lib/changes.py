# SPDX-License-Identifier: GPL-2.0-only
"""What is changed, restarted, scaled and killed under load."""

import time

from commands import usable_backends
from loads import Loads, none_failed
from process import wait_until

FOURTH = """\
services:
  backend-4:
    extends: {file: compose.yaml, service: backend-3}
"""


def soon(condition, seconds):
    try:
        wait_until(condition, seconds, "it")
    except TimeoutError:
        return False
    return True


def restart_loader(results, project, client):
    loads = Loads(project, client, 20)
    time.sleep(3)
    project.works("docker compose restart quic-server")
    results.check("restart: it is well again",
                  project.await_well("quic-server", 30))
    found = loads.finish()
    none_failed(results, "restart quic-server", found)
    moved = sum(line["reconnects"] for one in found.values()
                for line in one["lines"])
    results.equal("restart: connections lived on, so many reconnected",
                  moved, 0)


def new_image(results, project, client):
    """A change of the sources gets into quic-server alone."""
    before = set(containers_by_id(project))
    project.write("deploy/compose/check", "# changed\n", "a")
    # While processors are free; what it makes is found again below.
    project.shell("docker build -q -f Dockerfile --target quicsteer ..", 900)
    loads = Loads(project, client, 30)
    time.sleep(3)
    project.works("docker compose up --build -d quic-server", seconds=600)
    results.check("up --build: quic-server is well",
                  project.await_well("quic-server", 30))
    none_failed(results, "up --build -d quic-server", loads.finish())
    after = set(containers_by_id(project))
    results.equal("up --build: so many containers were replaced",
                  len(before - after), 1)


def upgrade_terminators(results, project, client):
    """To that image, with never less of them: new ones, then not the old."""
    before = set(containers_by_id(project, "terminator"))
    loads = Loads(project, client, 60)
    time.sleep(2)
    project.works("docker compose up -d --no-recreate --scale terminator=4")
    results.check("upgrade: two more are live",
                  soon(lambda: live_terminators(project) == 4, 30))
    project.works("docker compose up -d --scale terminator=2")
    results.check("upgrade: two are left",
                  soon(lambda: live_terminators(project) == 2, 60))
    none_failed(results, "upgrade of the terminators", loads.finish())
    after = set(containers_by_id(project, "terminator"))
    results.equal("upgrade: terminators that are of before",
                  len(before & after), 0)


def containers_by_id(project, service=""):
    return project.shell(f"docker compose ps -q --no-trunc {service}"
                         )[1].split()


def live_terminators(project):
    return sum(row["state"] == "live"
               for row in project.lbctl("terminators")["terminators"])


def scale_terminators(results, project, client):
    loads = Loads(project, client, 60)
    time.sleep(2)
    project.works("docker compose up -d --scale terminator=4")
    results.check("four terminators are live",
                  soon(lambda: live_terminators(project) == 4, 30))
    time.sleep(5)
    project.works("docker compose up -d --scale terminator=2")
    results.check("two are left",
                  soon(lambda: live_terminators(project) == 2, 60))
    none_failed(results, "terminators from 2 to 4 to 2", loads.finish())


def scale_backends(results, project, client):
    loads = Loads(project, client, 35)
    time.sleep(2)
    for count in (3, 1):
        project.works(f"docker compose up -d --scale backend-1={count}")
        results.check(f"backend-1 = {count} is picked up",
                      soon(lambda: usable_backends(project) == count + 2, 20),
                      f"{usable_backends(project)} of {count + 2}")
        time.sleep(3)
    none_failed(results, "backend-1 from 1 to 3 to 1", loads.finish())


def fourth_backend(results, project, client):
    project.write("deploy/fourth.yaml", FOURTH)
    loads = Loads(project, client, 25)
    time.sleep(2)
    files = project.environment["COMPOSE_FILE"]
    project.environment["COMPOSE_FILE"] = files + ":fourth.yaml"
    project.environment["BACKEND_4_URL"] = "http://backend-4:8080"
    project.works("docker compose up -d")
    results.check("a fourth backend is taken in",
                  soon(lambda: usable_backends(project) == 4, 40),
                  f"{usable_backends(project)} of 4")
    found = loads.finish()
    none_failed(results, "a fourth backend", found)
    seen = {project.asked("http://localhost:8080") for _ in range(8)}
    results.equal("requests go to all four", len(seen), 4)


def kill_terminator(results, project, client):
    """Those fail that it held; nobody else notices."""
    victim = "quicsteer-terminator-1"
    name = project.engine.docker("exec", victim, "cat",
                                 "/tmp/name").stdout.strip()
    loads = Loads(project, client, 20, connections=20)
    time.sleep(4)
    project.engine.kill(victim)
    results.check(f"killed {victim}: it is back",
                  soon(lambda: live_terminators(project) == 2, 30))
    found = loads.finish()
    for source, one in found.items():
        others = [line for line in one["lines"] if not line["ok"]
                  and line["terminator"] != name]
        lost = one["broken"] if one["lines"] else 1
        results.check(f"killed {victim}: only what was in flight on it fails, "
                      f"{source}", not others and one["requests"] > 0
                      and one["failed"] <= lost,
                      f"{one['failed']} requests failed, {one['broken']} "
                      f"connections: {one['why']}; {others[:3]}")
        results.figure(f"killed {victim}: {one['failed']} of "
                       f"{one['requests']} requests in flight, {source}")


def kill_each(results, project, client):
    for service in ("quic-server", "healthd", "backend-1", "backend-2",
                    "backend-3", "backend-ports", "prometheus",
                    "node-exporter"):
        container = f"quicsteer-{service}-1"
        loads = Loads(project, client, 8)
        time.sleep(2)
        project.engine.kill(container)
        none_failed(results, f"killed {container}", loads.finish())
        results.check(f"killed {container}: it is back and well",
                      project.await_well(service, 60),
                      str(project.containers(service)))


def kill_network(_results, project):
    """With it all connections go; but nobody has to be called."""
    results = project.results
    project.engine.kill("quicsteer-net-1")
    killed = time.monotonic()
    time.sleep(1)
    back = soon(lambda: usable_backends(project) == 4 and project.asked(
        "https://localhost:9443", "--insecure"), 90)
    results.check("killed quicsteer-net-1: all serve again by themselves",
                  back, str(project.containers()))
    results.figure("killed quicsteer-net-1: served again after "
                   f"{time.monotonic() - killed:.0f} s")
    results.check("... and are well", project.await_well(seconds=60),
                  str(project.containers()))
