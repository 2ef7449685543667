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
from hack.controlplane import ControlPlane, control_plane, tool_path

ROOT: Final = Path(__file__).parents[1]
CONTROL_PLANE: Final = ("etcd", "kube-apiserver", "kube-controller-manager")
TOOLS: Final = (*CONTROL_PLANE, "kubectl")
OPERATOR, OBSERVER = "realtime-operator", "observer"
LOG_LINES: Final = 15

Write = Callable[[str], None]
"""Writes for the person who watches, at once and without a line's end."""


@dataclass(frozen=True, slots=True)
class Stage:
    """All that runs.

    Attributes:
        plane: the control plane.
        kubectl: as its administrator.
        operator: the operator's process.
        stand_in: the stand-in provider's process; None with the live API.
        base_url: where tokens are minted.
        observer_kubeconfig: with the observer's own rights.
    """

    plane: ControlPlane
    kubectl: Kubectl
    operator: Child
    stand_in: Child | None
    base_url: str
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

    def end_operator(self) -> list[str]:
        """End the operator as a cluster would; give a sentence if it does not end in order."""
        if self.operator.exit_code() is not None:
            return []  # it is among the deaths
        code = self.operator.end()
        told = f"the operator ended with code {code} on SIGTERM; the end of its log:\n{self.operator.tail()}"
        return [told] if code else []


@contextlib.contextmanager
def stage(settings: Settings, write: Write) -> Iterator[Stage]:
    """Set everything up; sessions are not applied yet.

    Raises:
        hack.controlplane.BuildError, GoMissingError, ControlPlaneError: there is no control plane.
        StartError: provider or operator did not get ready.
        KubectlError: an object was refused.
    """
    with contextlib.ExitStack() as opened:
        for tool in TOOLS:
            tool_path(tool)  # a build shows its own progress
        with _step("control plane", write) as note:
            crds = sorted((ROOT / "crds").glob("*.yaml"))
            plane = opened.enter_context(control_plane(controllers=True, definitions=crds))
            note(f"{plane.server}, with the kinds of crds/")
        stand_in, base_url = None, settings.base_url
        if settings.provider is ProviderChoice.STAND_IN:
            with _step("stand-in provider", write) as note:
                stand_in = start_stand_in(plane, settings.key)
                opened.callback(stand_in.end)
                base_url = stand_in.first("url")
                note(base_url)
        kubectl = Kubectl(plane)
        with _step("rights and provider", write) as note:
            set_up(kubectl, base_url=base_url, key=settings.key)
            note("demo/rbac/operator.yaml, and nothing more")
        with _step("operator", write) as note:
            operator = start_operator(plane, trust_env=stand_in is None)
            opened.callback(operator.end)
            address = f"http://127.0.0.1:{operator.first('port')}"
            operator.answers(f"{address}/readyz")
            note(f"process {operator.pid}, {address}/metrics")
        yield Stage(plane, kubectl, operator, stand_in, base_url, plane.identity(OBSERVER))


@contextlib.contextmanager
def _step(what: str, write: Write) -> Iterator[Callable[[str], None]]:
    """Say what is being done, and when it is, how long it took and what has been noted."""
    notes: list[str] = []
    started = time.monotonic()
    write(f"  {what:<20}")
    try:
        yield notes.append
        write(f"{time.monotonic() - started:5.1f} s   {' '.join(notes)}")
    finally:
        write("\n")


def set_up(kubectl: Kubectl, *, base_url: str, key: str) -> None:
    """Create namespaces, rights, the provider and its key.

    Raises:
        KubectlError: one of them was refused.
    """
    kubectl.apply(
        [
            *documents("samples/namespaces.yaml", "rbac/operator.yaml", "rbac/observer.yaml"),
            provider_document(base_url),
        ]
    )
    kubectl.create([key_secret(key)])


def start_stand_in(plane: ControlPlane, key: str) -> Child:
    """Start the stand-in provider, which accepts this key; its ready line has `url`."""
    key_file = plane.directory / "provider-key"  # the folder is this user's own
    key_file.write_text(f"{key}\n")
    return Child(
        "stand-in provider",
        [sys.executable, "-m", "demo.provider", "--key-file", key_file],
        log_file=plane.directory / "stand-in.log",
        env=_environment(),
        cwd=ROOT,
    )


def start_operator(plane: ControlPlane, *, trust_env: bool = False) -> Child:
    """Start the operator with an identity of its own; the line that says it runs has `port`.

    Args:
        plane: where it works.
        trust_env: whether it mints by way of the proxy that the environment names.
    """
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
