"""A session that is nested as deeply as the API server allows hurts nobody else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.operator import operator_process, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.stage import Stage
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [
    pytest.mark.controlplane,
    pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="CPython 3.12 cannot be told to read deeply"),
]

LEVELS = 9_000
"""Below the 10,000 of the API server's decoder, envelope and all."""


def test_a_deeply_nested_session_keeps_nobody_from_being_served(
    kubectl: Command, operator_kubeconfig: Path, stage: Stage, tmp_path: Path
) -> None:
    """With it in the list and in the stream, sessions that come before and after it get their tokens, and the watch stays."""
    stage.ready_to_mint()
    stage.add("before")
    create_deep(kubectl, stage.namespace, "listed")
    try:
        with operator_process(
            operator_kubeconfig, tmp_path / "operator.log", "--resync-seconds", "5"
        ) as process:
            stage.ready("before")
            create_deep(kubectl, stage.namespace, "streamed")
            stage.add("after")
            stage.ready("after")
            wait_for(process.is_ready, "it watches")
            said = [line["msg"] for line in process.logged()]
        assert not [line for line in said if line.startswith(("the watch ended", "a round failed"))]
    finally:
        kubectl("delete", "rts", "--namespace", stage.namespace, "listed", "streamed", "--ignore-not-found")


def create_deep(kubectl: Command, namespace: str, name: str) -> None:
    """Create a session whose body is nested; as text, because Python's own writer gives up."""
    nested = '{"a":' * LEVELS + "1" + "}" * LEVELS
    text = (
        '{"apiVersion":"realtime-operator.io/v1alpha1","kind":"RealtimeSession",'
        f'"metadata":{{"name":"{name}"}},"spec":{{"session":{{"type":"realtime","model":"m","x":{nested}}}}}}}'
    )
    path = f"/apis/realtime-operator.io/v1alpha1/namespaces/{namespace}/realtimesessions"
    kubectl("create", "--raw", path, "-f", "-", stdin=text)
