"""The addresses of the wire to the node."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from hack.cluster.network import CANDIDATES, Wire, free_wire, known_networks
from hack.cluster.place import ClusterError


@pytest.mark.parametrize(
    ("taken", "host"),
    [
        ([], "10.99.0.1"),
        (["0.0.0.0/0"], "10.99.0.1"),
        (["192.168.0.0/16", "10.0.0.0/16"], "10.99.0.1"),
        (["10.99.0.0/30"], "10.99.1.1"),
        (["10.99.0.2/32"], "10.99.1.1"),
        (["10.99.0.0/17"], "10.99.128.1"),
    ],
)
def test_the_first_network_that_nobody_uses_is_taken(taken: list[str], host: str) -> None:
    """A second cluster, a VPN and a default route are told apart."""
    wire = free_wire(map(IPv4Network, taken))
    assert wire.host == host
    assert wire == Wire(host, f"{host.rpartition('.')[0]}.2", 30)


def test_a_machine_without_room_is_told_what_is_taken() -> None:
    """A private network that covers all candidates leaves none."""
    with pytest.raises(ClusterError, match=r"routes to all of 10\.99\.0\.0/16"):
        free_wire([IPv4Network("10.0.0.0/8")])


def test_the_networks_of_this_machine_are_found() -> None:
    """The loopback is always among them."""
    assert any(network.overlaps(IPv4Network("127.0.0.0/8")) for network in known_networks())
    assert len(CANDIDATES) == 256
