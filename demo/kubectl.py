"""Kubectl as the demo uses it: as the administrator, with its cache in the run's own folder."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any, Final

from hack.controlplane import tool_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hack.controlplane import ControlPlane

SECONDS: Final = 60.0


class KubectlError(RuntimeError):
    """Kubectl failed; the message is its own."""


class Kubectl:
    """Runs kubectl on one control plane. May be used from any thread."""

    def __init__(self, plane: ControlPlane) -> None:
        self.program = tool_path("kubectl")
        self._environment = os.environ | {
            "KUBECONFIG": str(plane.kubeconfig),
            "KUBECACHEDIR": str(plane.directory / "kubectl-cache"),
        }

    def apply(self, documents: Sequence[dict[str, Any]]) -> None:
        """Apply objects, in this order, as a user does.

        Raises:
            KubectlError: one of them was refused.
        """
        self._run("apply", documents)

    def create(self, documents: Sequence[dict[str, Any]]) -> None:
        """Create objects; unlike `apply`, this leaves no copy of a Secret's values in its annotations.

        Raises:
            KubectlError: one of them was refused.
        """
        self._run("create", documents)

    def _run(self, verb: str, documents: Sequence[dict[str, Any]]) -> None:
        objects = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        try:
            done = self._called(verb, json.dumps(objects))
        except subprocess.TimeoutExpired:
            raise KubectlError(f"kubectl {verb} took more than {SECONDS:.0f} s") from None
        if done.returncode:
            raise KubectlError(f"kubectl {verb} failed:\n{done.stderr.strip()}")

    def _called(self, verb: str, manifest: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, verb, "--filename=-"],
            input=manifest,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            start_new_session=True,  # Ctrl-C in the terminal is for the demo, which ends in order
        )
