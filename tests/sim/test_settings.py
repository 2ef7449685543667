"""What is asked for on the command line, or by make in the environment."""

from __future__ import annotations

import pytest

from sim.faults import Kind
from sim.settings import Settings, read_settings


def test_what_is_played_by_default() -> None:
    """A day of the large story, begun first, and of twenty of the usual size."""
    settings = read_settings([], {})
    assert settings == Settings()
    assert [scene.sessions for scene in settings.scenes] == [10_000, *([1000] * 20)]
    assert len({scene.seed for scene in settings.scenes}) == 21
    assert {scene.hours for scene in settings.scenes} == {24.0}


def test_one_story_is_asked_for() -> None:
    """As the report says how to see a violation again."""
    asked = {
        "SEEDS": "1",
        "LARGE": "0",
        "SEED": "7",
        "SESSIONS": "50",
        "HOURS": "2",
        "FAULTS": "kill,api-409",
    }
    (scene,) = read_settings(["--lifetime", "60"], asked).scenes
    assert (scene.seed, scene.sessions, scene.hours, scene.lifetime) == (7, 50, 2.0, 60)
    assert scene.kinds == {Kind.KILL, Kind.API_409}
    assert not read_settings(["--faults", "none"], {}).faults


def test_which_stories_watch_secrets() -> None:
    """Those of even seeds, unless all or none are asked for."""
    watching = {
        which: [
            scene.watches_secrets for scene in read_settings(["--seeds", "4"], {"SECRET_WATCH": which}).scenes
        ]
        for which in ("", "by-seed", "always", "never")
    }
    assert watching[""] == watching["by-seed"] == [False, False, True, False, True]
    assert watching["always"] == [True] * 5
    assert watching["never"] == [False] * 5


@pytest.mark.parametrize(
    "bad", [["--faults", "rain"], ["--seeds", "-1"], ["--lifetime", "5"], ["--secret-watch", "often"]]
)
def test_what_cannot_be_asked(bad: list[str]) -> None:
    """It is said, and nothing is played."""
    with pytest.raises(SystemExit) as ended:
        read_settings(bad, {})
    assert ended.value.code == 2
