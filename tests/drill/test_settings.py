"""What can be asked of the drill, by flags and by make's variables."""

from __future__ import annotations

import pytest

from drill.settings import Scenario, Settings, read_settings


def test_the_environment_sets_what_the_command_line_leaves_out() -> None:
    """A flag wins over a variable, a variable over the default, and an empty one is none."""
    environment = {"SCENARIOS": "watch-410,kill", "N": "50", "LIFETIME": "", "SECONDS": "90"}
    settings = read_settings(["--n", "40"], environment)
    chosen = (Scenario.WATCH_410, Scenario.KILL)
    assert settings == Settings(sessions=40, lifetime=60, scenarios=chosen, seconds=90.0)
    assert read_settings([], {}) == Settings()
    assert read_settings(["--scenarios", "all"], environment).scenarios == tuple(Scenario)


@pytest.mark.parametrize(
    "arguments",
    [["--scenarios", "flood"], ["--scenarios", ""], ["--n", "1"], ["--lifetime", "9"], ["--seconds", "soon"]],
)
def test_what_cannot_be_played_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Out of bounds or unknown: exit code 2 and a sentence."""
    with pytest.raises(SystemExit) as ended:
        read_settings(arguments, {})
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_faults_are_shorter_for_tokens_that_live_shorter() -> None:
    """What a minute's token outlives, one of ten seconds would not; a longer life asks for no longer fault."""
    assert (
        Settings(lifetime=60).lasts(Scenario.PROVIDER)
        == Settings(lifetime=600).lasts(Scenario.PROVIDER)
        == 15
    )
    assert Settings(lifetime=10).lasts(Scenario.PROVIDER) == 2.5
    assert 37.5 < Settings().after < 41
