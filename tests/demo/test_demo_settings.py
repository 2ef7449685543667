"""What the environment may ask of the demo, and what it may not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.settings import LIVE_URL, ProviderChoice, SettingsInvalid, take_settings

ROOT = Path(__file__).parents[2]
KEY = "sk-live-0123456789-wxyz"


def test_an_empty_environment_is_a_minute_with_the_stand_in() -> None:
    """The stand-in gets a key of its own, another one for each run."""
    settings, other = take_settings({}), take_settings({"DEMO_SECONDS": "", "DEMO_PROVIDER": ""})
    assert (settings.seconds, settings.provider, settings.base_url) == (60.0, ProviderChoice.STAND_IN, "")
    assert settings.key != other.key


def test_the_key_leaves_the_environment_and_never_shows() -> None:
    """No child process inherits the key, used or not."""
    live = {"DEMO_PROVIDER": "openai", "OPENAI_API_KEY": f" {KEY}\n", "DEMO_SECONDS": "12.5"}
    settings = take_settings(live)
    assert (settings.key, settings.base_url, settings.seconds) == (KEY, LIVE_URL, 12.5)
    assert KEY not in repr(settings)
    unused = {"OPENAI_API_KEY": KEY}
    assert take_settings(unused).key != KEY
    assert KEY not in str([live, unused])


def test_a_gateway_may_stand_for_the_live_api() -> None:
    """Its address is taken without a slash at its end."""
    gateway = {
        "DEMO_PROVIDER": "openai",
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": "https://gateway.test/v1/",
    }
    assert take_settings(gateway).base_url == "https://gateway.test/v1"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEMO_SECONDS": "abc"}, "DEMO_SECONDS='abc': give a number from 5 to 86400"),
        ({"DEMO_SECONDS": "nan"}, "DEMO_SECONDS='nan'"),
        ({"DEMO_SECONDS": "4.9"}, "DEMO_SECONDS='4.9'"),
        ({"DEMO_SECONDS": "-60"}, "DEMO_SECONDS='-60'"),
        ({"DEMO_SECONDS": "1e9"}, "DEMO_SECONDS='1e9'"),
        ({"DEMO_PROVIDER": "x"}, "DEMO_PROVIDER='x': give stand-in or openai"),
        ({"DEMO_PROVIDER": "openai"}, "needs a key in OPENAI_API_KEY"),
        ({"DEMO_PROVIDER": "openai", "OPENAI_API_KEY": " "}, "needs a key in OPENAI_API_KEY"),
        ({"DEMO_PROVIDER": "openai", "OPENAI_API_KEY": f"{KEY}\n{KEY}"}, "OPENAI_API_KEY holds what no key"),
        ({"DEMO_PROVIDER": "openai", "OPENAI_API_KEY": f"{KEY}é"}, "OPENAI_API_KEY holds what no key"),
        (
            {"DEMO_PROVIDER": "openai", "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "gateway"},
            "OPENAI_BASE_URL",
        ),
    ],
)
def test_what_cannot_be_used_is_named(environment: dict[str, str], sentence: str) -> None:
    """The variable is in the sentence, a key never is."""
    with pytest.raises(SettingsInvalid) as refused:
        take_settings(environment)
    assert sentence in str(refused.value)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    "setting", ["DEMO_SECONDS=abc", "DEMO_PROVIDER=x", "DEMO_PROVIDER=openai"], ids=lambda it: it
)
def test_the_process_says_it_in_one_line_and_starts_nothing(setting: str) -> None:
    """Exit code 2, one line on standard error, and no figures on standard output."""
    name, _, value = setting.partition("=")
    environment = {key: it for key, it in os.environ.items() if key != "OPENAI_API_KEY"} | {name: value}
    done = subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("demo: ")
    assert done.stderr.count("\n") == 1
