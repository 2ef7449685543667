"""The conformance suite as a gateway's author runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.provider.actions import Blank, Html
from tests.support.provider import KEY

if TYPE_CHECKING:
    from demo.provider.remote import RemoteProvider

pytest_plugins = ["tests.support.provider_fixtures"]

ROOT = Path(__file__).parents[2]
MISTRAL = ("--endpoint", "Sessions", "--path", "/client/sessions", "--lifetime-field", "", "--lifetime", "0")


def run(*flags: str, key: str = KEY) -> subprocess.CompletedProcess[str]:
    """Run the command with the key in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "conformance", "--key-env", "GATEWAY_KEY", *flags],
        cwd=ROOT,
        env=os.environ | {"GATEWAY_KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def counted(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """The line of JSON that comes last."""
    counts: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return counts


def test_a_server_that_does_as_the_api_does_holds_everywhere(provider: RemoteProvider) -> None:
    """All checks hold, the exit is 0, and neither key nor token is printed."""
    done = run("--base-url", provider.url)
    assert (done.returncode, counted(done)) == (0, {"holds": 7, "broken": 0, "noted": 0}), done.stdout
    assert KEY not in done.stdout + done.stderr
    assert "ek_" not in done.stdout + done.stderr


def test_a_server_of_another_dialect_is_asked_in_it(provider: RemoteProvider) -> None:
    """The options are the fields of a provider object."""
    session = json.dumps({"purpose": "realtime", "model": "voxtral"})
    done = run("--base-url", provider.base_of("mistral"), *MISTRAL, "--session", session)
    assert (done.returncode, counted(done)) == (0, {"holds": 6, "broken": 0, "noted": 1}), done.stdout


def test_a_server_without_sound_tokens_is_broken(provider: RemoteProvider) -> None:
    """A success without a token fails what needs one, and says what came."""
    provider.fault(Blank(part="token"))
    done = run("--base-url", provider.url)
    assert done.returncode == 1
    assert "ProviderUnreadable: The provider answered 200, but" in done.stdout


def test_a_server_that_answers_every_path_with_a_page_is_broken(provider: RemoteProvider) -> None:
    """A page with 200 is no refusal: neither of a wrong key nor of anything else."""
    provider.fault(Html(status=200))
    assert counted(run("--base-url", provider.url))["broken"] == 4


def test_what_cannot_be_asked_says_why(provider: RemoteProvider) -> None:
    """Without a key, or with a session that is none, nothing is sent."""
    assert "--key-env: the environment has no GATEWAY_KEY" in run("--base-url", provider.url, key="").stderr
    done = run("--base-url", provider.url, "--session", "[]")
    assert (done.returncode, "--session: a JSON object is needed" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--lifetime", "5", "--lifetime: 10 to 7200 seconds, as spec.lifetimeSeconds, or 0"),
        ("--lifetime", "7201", "--lifetime: 10 to 7200 seconds, as spec.lifetimeSeconds, or 0"),
        ("--lifetime", "-60", "--lifetime: 10 to 7200 seconds, as spec.lifetimeSeconds, or 0"),
        ("--lifetime", "ten", "--lifetime: 10 to 7200 seconds, as spec.lifetimeSeconds, or 0"),
        ("--lifetime-field", "ttl", "--lifetime-field: a JSON pointer, such as /ttl_seconds, or empty"),
        ("--path", "sessions", "--path: a path begins with / and has no fragment and no blanks"),
    ],
)
def test_an_option_that_no_spec_could_have_is_refused(flag: str, value: str, says: str) -> None:
    """With one line that names it and what is allowed, before anything is sent."""
    done = run("--base-url", "http://127.0.0.1:1", f"{flag}={value}")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(f"error: argument {says}")
    assert "Traceback" not in done.stderr
