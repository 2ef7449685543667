"""What a run must show to pass."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from e2e.figures import Figures

GOOD = Figures(
    cluster="node",
    install_s=9.96,
    apply_to_file_s=2.0,
    rotate_to_file_s=[42.0],
    rotations=4,
    reads=5000,
    expired_reads=0,
    failed_reads=0,
    memory_mib=41.5,
    image_mb=37.0,
    examples=6,
    upgraded_from="0" * 40,
    secrets_gone_s=0.4,
    restarts=0,
    seconds=300.0,
)


def test_a_good_run_has_nothing_to_complain_of() -> None:
    """The line has every figure by its name, rounded."""
    assert GOOD.complaints() == []
    line = json.loads(GOOD.line())
    assert line["install_s"] == 10.0
    assert line["expired_reads"] == 0
    assert set(line) == {one.name for one in dataclasses.fields(Figures)}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"expired_reads": 1}, "read an expired token 1 times of 5000"),
        ({"expired_reads": None}, "read an expired token"),
        ({"failed_reads": 2}, "found nothing to read 2 times"),
        ({"rotations": 1}, "saw 1 rotations"),
        ({"rotations": None}, "saw None rotations"),
        ({"memory_mib": 60.0}, "60.0 MiB"),
        ({"memory_mib": None}, "None MiB"),
        ({"image_mb": 120.0}, "120.0 MB above its base"),
        ({"secrets_gone_s": 5.1}, "stayed 5.1 s"),
        ({"secrets_gone_s": None}, "stayed None s"),
        ({"left_over": ["ClusterRole/x"]}, "the uninstall left ClusterRole/x"),
        ({"undue": ["minutes"]}, "before their time: minutes"),
        ({"restarts": 1}, "started anew 1 times"),
    ],
)
def test_each_thing_that_does_not_hold_is_told(changes: dict[str, Any], complaint: str) -> None:
    """One sentence for it, and a figure that was never taken is none that holds."""
    (told,) = dataclasses.replace(GOOD, **changes).complaints()
    assert complaint in told


def test_an_image_that_was_not_built_here_is_not_judged() -> None:
    """On an existing cluster it comes from a registry."""
    assert dataclasses.replace(GOOD, image_mb=None).complaints() == []
