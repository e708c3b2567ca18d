# SPDX-License-Identifier: GPL-2.0-only
"""Three network namespaces in a row: client, middle (the NAT) and server.

    client c0 --- m0 middle m1 --- s0 server
    10.77.0.2      .1        .1     10.77.1.10 (the VIP)

Everything behind m1 is seen with the middle's addresses, as with a home
router. Names are unique by process ID, so that beds do not meet.
"""

import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000

VIP = {4: "10.77.1.10", 6: "fd77:1::10"}
CLIENT = {4: "10.77.0.2", 6: "fd77:0::2"}
CLIENT_SECOND = {4: "10.77.0.3", 6: "fd77:0::3"}
# Addresses that the NAT can give its clients.
OUTSIDE = {4: ["10.77.1.1", "10.77.1.2"], 6: ["fd77:1::1", "fd77:1::2"]}


def run(*command, **options):
    """Runs a command to its end; an error message carries its output."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120,
                          **options)
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(command)}: {done.stderr.strip() or done.stdout}")
    return done.stdout


class Namespace:
    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"
        run("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")
        # Every address is final at once: one that becomes so a second later
        # is a change of network to Chromium, which drops what is under way.
        self.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")

    def delete(self):
        subprocess.run(["ip", "netns", "del", self.name],
                       capture_output=True, check=False)

    def enter(self, *command):
        """The command line that runs `command` inside. Not `ip netns exec`:
        that would hide the BPF file system."""
        return ["nsenter", f"--net={self.path}", "--", *command]

    def run(self, *command, **options):
        return run(*self.enter(*command), **options)

    def ip(self, *arguments):
        return run("ip", "-n", self.name, *arguments)

    def call(self, function):
        """Returns function(), called by a thread inside the namespace."""
        result = {}

        def inside():
            try:
                with open(self.path, "rb") as handle:
                    libc = ctypes.CDLL(None, use_errno=True)
                    if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                result["value"] = function()
            except Exception as error:  # handed to the caller below
                result["error"] = error

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if "error" in result:
            raise result["error"]
        return result["value"]


class Network:
    """The namespaces, their links, addresses and the NAT."""

    def __init__(self):
        prefix = f"qse{os.getpid()}"
        self.made = []
        try:
            self.client = self._namespace(prefix + "c")
            self.middle = self._namespace(prefix + "m")
            self.server = self._namespace(prefix + "s")
            self._link(self.client, "c0", self.middle, "m0")
            self._link(self.middle, "m1", self.server, "s0")
            self._addresses()
            self._offloads()
            self._routes()
            self._nat_table()
        except BaseException:
            self.delete()
            raise

    def _namespace(self, name):
        namespace = Namespace(name)
        self.made.append(namespace)
        return namespace

    def _link(self, left, left_name, right, right_name):
        run("ip", "link", "add", left_name, "netns", left.name, "type",
            "veth", "peer", "name", right_name, "netns", right.name)
        for namespace, name in ((left, left_name), (right, right_name)):
            namespace.ip("link", "set", name, "up")

    def _addresses(self):
        def add(namespace, name, v4, v6):
            namespace.ip("address", "add", f"{v4}/24", "dev", name)
            namespace.ip("address", "add", f"{v6}/64", "dev", name)

        add(self.client, "c0", CLIENT[4], CLIENT[6])
        add(self.middle, "m0", "10.77.0.1", "fd77:0::1")
        add(self.server, "s0", VIP[4], VIP[6])
        for v4, v6 in zip(OUTSIDE[4], OUTSIDE[6]):
            add(self.middle, "m1", v4, v6)
        add(self.client, "c0", CLIENT_SECOND[4], CLIENT_SECOND[6])

    def _offloads(self):
        # Whole checksums from the start: a frame that XDP redirects is not
        # mended later. GRO at the server is part of quicsteer's promise.
        self.client.run("ethtool", "-K", "c0", "tx", "off")
        self.middle.run("ethtool", "-K", "m0", "tx", "off")
        self.middle.run("ethtool", "-K", "m1", "tx", "off")
        self.server.run("ethtool", "-K", "s0", "gro", "on")

    def _routes(self):
        self.client.ip("route", "add", "default", "via", "10.77.0.1",
                       "src", CLIENT[4])
        self.client.ip("-6", "route", "add", "default", "via", "fd77:0::1",
                       "src", CLIENT[6])
        for setting in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            self.middle.run("sysctl", "-qw", f"{setting}=1")

    def _nat_table(self):
        # What comes back for a mapping that is gone is dropped in silence,
        # as home routers do.
        self._nft("""
            table inet nat {
                chain out { type nat hook postrouting priority 100; }
            }
            table inet guard {
                chain in {
                    type filter hook input priority 0;
                    iifname m1 meta l4proto udp drop
                }
            }""")
        self.map_to(0, 20000, 39999)

    def _nft(self, text):
        self.middle.run("nft", "-f", "-", input=text)

    def map_to(self, which, first_port, last_port):
        """From now on new flows leave with this outside address (0 or 1) and
        these ports. Flows that are under way keep theirs: see forget()."""
        ports = f"{first_port}-{last_port}"
        self._nft(f"""
            flush chain inet nat out
            table inet nat {{
                chain out {{
                    oifname m1 meta nfproto ipv4 meta l4proto {{ tcp, udp }} \
                        snat ip to {OUTSIDE[4][which]}:{ports} random
                    oifname m1 meta nfproto ipv6 meta l4proto {{ tcp, udp }} \
                        snat ip6 to [{OUTSIDE[6][which]}]:{ports} random
                }}
            }}""")

    def forget(self):
        """The NAT forgets its mappings: every flow gets a new one."""
        self.middle.run("conntrack", "-F")

    def rebind(self, which, first_port, last_port):
        self.map_to(which, first_port, last_port)
        self.forget()

    def mappings(self):
        """Outside ports of the UDP flows now: {inside port: outside port}."""
        ports = {}
        for family in ("ipv4", "ipv6"):
            table = self.middle.run("conntrack", "-L", "-p", "udp", "-f",
                                    family)
            for line in table.splitlines():
                fields = [item.split("=") for item in line.split()
                          if "=" in item]
                found = [value for key, value in fields
                         if key in ("sport", "dport")]
                if len(found) == 4:
                    ports[int(found[0])] = int(found[3])
        return ports

    def delete(self):
        for namespace in self.made:
            namespace.delete()
