"""What can be asked of the bench, by flags and by make's variables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cluster import SESSION_BYTES, session_document
from bench.settings import Scenario, Settings, Surroundings, read_settings


def test_the_environment_sets_what_the_command_line_leaves_out() -> None:
    """A flag wins over a variable, a variable over the default, and an empty one is none."""
    environment = {
        "SCENARIO": "outage",
        "N": "50",
        "LIFETIME": "20",
        "SECONDS": "90",
        "RUNS": "",
        "OPERATOR_IN": "image",
    }
    settings = read_settings(["--n", "40", "--results", "out"], environment)
    assert settings == Settings(
        scenario=Scenario.OUTAGE,
        sessions=40,
        lifetime=20,
        seconds=90.0,
        results=Path("out"),
        operator_in=Surroundings.IMAGE,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--scenario", "unheard-of"],
        ["--scenario", "idle", "--lifetime", "600"],
        ["--scenario", "soak", "--seconds", "60"],
        ["--n", "0"],
        ["--n", "1e3"],
        ["--lifetime", "9"],
        ["--latency", "nan"],
        ["--runs", "10"],
        ["--settle", "never"],
        ["--operator-in", "there"],
        ["--scenario", "outage", "--seconds", "60"],
        ["--scenario", "restart", "--seconds", "20"],
        ["--scenario", "throttled", "--n", "500", "--per-minute", "60", "--seconds", "600"],
    ],
)
def test_what_cannot_be_measured_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Out of bounds, ill-typed, or too short to see the scenario to its end: exit code 2 and a sentence."""
    with pytest.raises(SystemExit) as ended:
        read_settings(arguments, {})
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_where_nothing_is_to_fall_due_tokens_live_long() -> None:
    """Unless the life is given, it is the longest there is in `idle`, and a minute elsewhere."""
    assert read_settings(["--scenario", "idle"], {}).lifetime == 7200
    assert read_settings(["--scenario", "idle", "--lifetime", "3600"], {}).lifetime == 3600
    assert read_settings(["--scenario", "soak"], {}).lifetime == 60


@pytest.mark.parametrize("index", [0, 7, 19_999])
def test_every_session_asks_with_the_same_number_of_bytes(index: int) -> None:
    """The request's size must not move the figures."""
    session = session_document(index, 60)["spec"]["session"]
    assert len(json.dumps(session, separators=(",", ":"))) == SESSION_BYTES
