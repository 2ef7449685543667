"""The wire between this machine and the node: a pair of interfaces, one in the node's network namespace.

So the API server has an address that kubectl, helm and tests reach as they reach any other, without entering the
namespace; and pods reach a server on this machine by the address of its end. Nothing else is reached from inside:
the node has no route to anywhere but this wire, and this machine gets no route to pods and services.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .place import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable

NODE_INTERFACE = "eth0"
CANDIDATES = [ipaddress.IPv4Network(f"10.99.{part}.0/30") for part in range(256)]
ASK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Wire:
    """The two addresses of a wire and the length of their network's prefix."""

    host: str
    node: str
    prefix: int


def free_wire(taken: Iterable[ipaddress.IPv4Network]) -> Wire:
    """Choose addresses that overlap with none of the networks this machine knows.

    Raises:
        ClusterError: all are taken.
    """
    known = [network for network in taken if network.prefixlen > 0]  # a default route takes nothing
    for candidate in CANDIDATES:
        if not any(candidate.overlaps(network) for network in known):
            host, node = candidate.hosts()
            return Wire(str(host), str(node), candidate.prefixlen)
    raise ClusterError("this machine has routes to all of 10.99.0.0/16, where the wire to the node would be")


def known_networks() -> list[ipaddress.IPv4Network]:
    """Ask the system for the networks it has routes to."""
    routes = json.loads(_ip("-json", "-4", "route", "show", "table", "all"))
    destinations = [route["dst"] for route in routes if route["dst"] != "default"]
    return [ipaddress.IPv4Network(destination, strict=False) for destination in destinations]


def connect(wire: Wire, interface: str, pid: int) -> None:
    """Lay the wire into the network namespace of a process, and put up this machine's end.

    Raises:
        ClusterError: the system refused.
    """
    _ip("link", "add", interface, "type", "veth", "peer", "name", NODE_INTERFACE, "netns", str(pid))
    _ip("address", "add", f"{wire.host}/{wire.prefix}", "dev", interface)
    _ip("link", "set", interface, "up")


def put_up_node_end(wire: Wire) -> None:
    """Put up the node's end; runs inside its namespace.

    The default route leads to the wire because service addresses need a route before kube-proxy translates them.
    """
    _ip("link", "set", "lo", "up")
    _ip("address", "add", f"{wire.node}/{wire.prefix}", "dev", NODE_INTERFACE)
    _ip("link", "set", NODE_INTERFACE, "up")
    _ip("route", "add", "default", "dev", NODE_INTERFACE)


def _ip(*arguments: str) -> str:
    done = subprocess.run(
        ["ip", *arguments], capture_output=True, text=True, check=False, timeout=ASK_SECONDS
    )
    if done.returncode:
        raise ClusterError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
