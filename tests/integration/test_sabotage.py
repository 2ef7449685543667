"""The witness is not blind: an operator with a broken rule of rotation costs expired seconds, or undue mints."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import realtime_operator
from tests.integration.witness import observing
from tests.support.operator import operator_process, wait_for
from tests.support.provider import running_provider

if TYPE_CHECKING:
    from hack.controlplane import ControlPlane
    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = pytest.mark.controlplane

RULE = "expires_at - left"
"""What core/schedule.py works the rotation time out from."""

LEAD = 5
"""2 s of propagation, 1 s of clock, 2 s of reserve: what must be left of 10 s of life."""

LOOK_AHEAD = 2
"""A tick begins what is due before the next one ends: up to this much early, a mint's latency included."""

LATENCY = (0.0, 1.5)
"""Uneven, because the operator takes a token for expired early by what its answers never fell below."""


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param((LEAD + LOOK_AHEAD, "expired_seconds"), id="too late by the lead"),
        pytest.param((1 - LEAD, "undue_mints"), id="far too early"),
    ],
)
def test_a_sabotaged_rule_is_seen(
    control_plane: ControlPlane, scoped: Path, stage: Stage, tmp_path: Path, broken: tuple[int, str]
) -> None:
    """A copy of the operator that begins rotation too late, or too early, is found out by the observer within a life or two."""
    shift, what = broken
    log_file, package_root = tmp_path / "observer.log", sabotaged(tmp_path, shift)
    flags = ("--namespaces", stage.namespace)
    with (
        running_provider(latency=LATENCY) as provider,
        observing(control_plane.kubeconfig, stage.namespace, provider.url, log_file) as witness,
        operator_process(scoped, tmp_path / "operator.log", *flags, package_root=package_root),
    ):
        stage.provider = provider
        stage.ready_to_mint()
        for number in range(5):
            stage.add(f"victim-{number}", lifetimeSeconds=10)
        wait_for(lambda: witness.figures()[what] > 0, f"{what} counted", within=60)
        stage.clear()


def sabotaged(folder: Path, shift: int) -> Path:
    """Copy the package and let its rule of rotation be wrong by ``shift`` seconds; give the folder to import it from."""
    source = Path(realtime_operator.__file__).parent
    copy = folder / "copy" / source.name
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    schedule = copy / "core" / "schedule.py"
    text = schedule.read_text()
    assert text.count(RULE) == 1
    schedule.write_text(text.replace(RULE, f"{RULE} + {shift}"))
    return copy.parent
