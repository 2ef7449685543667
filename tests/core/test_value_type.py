"""Values are what frozen dataclasses are, but for who keeps them from being changed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from realtime_operator.core.secret_view import SecretStamp

CHANGING = "from realtime_operator.core.secret_view import SecretStamp\nSecretStamp('u', '1').uid = 'v'\n"


def test_values_are_compared_and_hashed_by_their_fields() -> None:
    """Two of the same fields are one in a set, and no other is like them."""
    stamp = SecretStamp("uid", "1")
    assert stamp == SecretStamp("uid", "1")
    assert {stamp, SecretStamp("uid", "1"), replace(stamp, resource_version="2")} == {
        stamp,
        SecretStamp("uid", "2"),
    }


def test_the_type_checker_refuses_to_change_one(tmp_path: Path) -> None:
    """Nothing else does."""
    script = tmp_path / "changing.py"
    script.write_text(CHANGING)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", str(script)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert 'Property "uid" defined in "SecretStamp" is read-only' in done.stdout, done.stdout + done.stderr
