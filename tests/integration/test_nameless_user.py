"""The operator as a pod runs it: by a user that is a number and has no name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hack.controlplane import ControlPlane
from tests.support.operator import operator_process

pytestmark = pytest.mark.controlplane

NAMELESS = ("unshare", "--user", "--map-user=65532", "--map-group=65532", "--")
UNNAMED = ("env", *(f"--unset={name}" for name in ("LOGNAME", "USER", "LNAME", "USERNAME")))
"""Python looks for a user's name in these variables, and then in the system's table of users."""


def test_a_user_without_a_name_watches(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path: Path
) -> None:
    """It gets ready, which it does only once it watches."""
    del control_plane
    if subprocess.run([*NAMELESS, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let us have a user namespace")
    with operator_process(operator_kubeconfig, tmp_path / "log", prefix=(*NAMELESS, *UNNAMED)) as running:
        assert running.is_ready()
