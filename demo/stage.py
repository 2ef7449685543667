"""What the demo stands on: a control plane, a provider, the operator with its own rights. All of it goes with the block."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo.children import Child
from demo.kubectl import Kubectl
from demo.samples import documents, key_secret, provider_document
from demo.settings import ProviderChoice, Settings
from hack.controlplane import ControlPlane, control_plane

ROOT: Final = Path(__file__).parents[1]
CONTROL_PLANE: Final = ("etcd", "kube-apiserver", "kube-controller-manager")
OPERATOR, OBSERVER = "realtime-operator", "observer"
LOG_LINES: Final = 15

Say = Callable[[str], None]
"""Tells the person who watches what is ready now."""


@dataclass(frozen=True, slots=True)
class Stage:
    """All that runs.

    Attributes:
        plane: the control plane.
        kubectl: as its administrator.
        operator: the operator's process.
        stand_in: the stand-in provider's process; None with the live API.
        base_url: where tokens are minted.
        metrics_url: of the operator.
        observer_kubeconfig: with the observer's own rights.
    """

    plane: ControlPlane
    kubectl: Kubectl
    operator: Child
    stand_in: Child | None
    base_url: str
    metrics_url: str
    observer_kubeconfig: Path

    def deaths(self) -> list[str]:
        """Give for each process that has ended although nobody asked it to: a sentence, and the end of its log."""
        children = [child for child in (self.operator, self.stand_in) if child is not None]
        sentences = [
            f"the {child.name} ended by itself with code {child.exit_code()}; the end of its log:\n{child.tail()}"
            for child in children
            if child.exit_code() is not None
        ]
        running = self.plane.pids
        return sentences + [
            f"{component} ended by itself; the end of its log:\n{self.plane.log(component, LOG_LINES)}"
            for component in CONTROL_PLANE
            if component not in running
        ]


@contextlib.contextmanager
def stage(settings: Settings, say: Say) -> Iterator[Stage]:
    """Set everything up; sessions are not applied yet.

    Raises:
        hack.controlplane.BuildError, GoMissingError, ControlPlaneError: there is no control plane.
        StartError: provider or operator did not get ready.
        KubectlError: an object was refused.
    """
    watch = StopWatch(say)
    with contextlib.ExitStack() as opened:
        crds = sorted((ROOT / "crds").glob("*.yaml"))
        plane = opened.enter_context(control_plane(controllers=True, definitions=crds))
        watch.ready("control plane", f"{plane.server}, with the kinds of crds/")
        stand_in, base_url = None, settings.base_url
        if settings.provider is ProviderChoice.STAND_IN:
            stand_in = _stand_in(plane, settings.key)
            opened.callback(stand_in.end)
            base_url = stand_in.first("url")
        watch.ready(stand_in.name if stand_in else "live provider", base_url)
        kubectl = Kubectl(plane)
        kubectl.apply(
            [
                *documents("samples/namespaces.yaml", "rbac/operator.yaml", "rbac/observer.yaml"),
                provider_document(base_url),
            ]
        )
        kubectl.create([key_secret(settings.key)])
        watch.ready("rights and provider", "demo/rbac/operator.yaml is all that the operator may do")
        operator = _operator(plane, trust_env=stand_in is None)
        opened.callback(operator.end)
        address = f"http://127.0.0.1:{operator.first('port')}"
        operator.answers(f"{address}/readyz")
        watch.ready("operator", f"process {operator.pid}, {address}/metrics")
        yield Stage(
            plane, kubectl, operator, stand_in, base_url, f"{address}/metrics", plane.identity(OBSERVER)
        )


class StopWatch:
    """Says what is ready, and how long it took."""

    def __init__(self, say: Say) -> None:
        self._say, self._since = say, time.monotonic()

    def ready(self, what: str, more: str) -> None:
        """Say that `what` is ready now."""
        now = time.monotonic()
        self._say(f"{what:<20} {now - self._since:5.1f} s   {more}")
        self._since = now


def _stand_in(plane: ControlPlane, key: str) -> Child:
    key_file = plane.directory / "provider-key"  # the folder is this user's own
    key_file.write_text(f"{key}\n")
    return Child(
        "stand-in provider",
        [sys.executable, "-m", "demo.provider", "--key-file", key_file],
        log_file=plane.directory / "stand-in.log",
        env=_environment(),
        cwd=ROOT,
    )


def _operator(plane: ControlPlane, *, trust_env: bool) -> Child:
    own = {name: value for name, value in _environment().items() if not name.startswith("REALTIME_OPERATOR_")}
    own["KUBECONFIG"] = str(plane.identity(OPERATOR))
    return Child(
        "operator",
        [
            *(sys.executable, "-m", "realtime_operator"),
            *("--host", "127.0.0.1", "--port", "0", "--trust-env" if trust_env else "--no-trust-env"),
        ],
        log_file=plane.directory / "operator.log",
        env=own,
        cwd=ROOT,
    )


def _environment() -> dict[str, str]:
    """Make children run this tree, whatever is installed."""
    paths = [str(ROOT / "operator"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
