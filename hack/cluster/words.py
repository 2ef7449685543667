"""What the keeper of a cluster and whoever brings it up both know."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from hack.controlplane.admin_api import AdminApi

from . import configs

if TYPE_CHECKING:
    from pathlib import Path

NODE_NAME = "node"
GO, KEEP = "go\n", "keep\n"
"""Said to the keeper: the wire is laid; the cluster shall outlive who started it."""


def admin_api(folder: Path, address: str) -> AdminApi:
    """Give the administrator's way to the API of the node at an address, whose control plane has its files in a folder."""
    return AdminApi(
        configs.PORT,
        ca_file=folder / "ca.crt",
        certificate=folder / "admin.crt",
        key=folder / "admin.key",
        address=address,
    )


def node_is_ready(api: AdminApi) -> bool:
    """Tell whether the node takes pods."""
    status, node = api.call("GET", f"/api/v1/nodes/{NODE_NAME}")
    if status != HTTPStatus.OK:
        return False
    conditions = node.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
