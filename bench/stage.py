"""What a run stands on: a control plane, a stand-in provider, the operator with its own rights. All of it goes with the block."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from bench.cluster import NAMESPACE
from bench.meters import OPERATOR, Meters
from bench.settings import Settings
from bench.surroundings import OUR_OWN, Home
from demo.children import Child
from demo.kubectl import Kubectl
from demo.samples import KEY_SECRET, OPERATOR_NAMESPACE, documents, key_secret
from hack.controlplane import ControlPlane, control_plane

ROOT: Final = Path(__file__).parents[1]
ETCD, API_SERVER, PROVIDER, BENCH = "etcd", "kube-apiserver", "provider", "bench"
OBSERVER_USER, OPERATOR_USER = "observer", "realtime-operator"
LOG_LINES: Final = 15

Way = Callable[[Path], AbstractContextManager[Path]]
"""From the operator's own kubeconfig to the one that it is started with."""


class Stage:
    """All that runs. Made by `stage`.

    Attributes:
        plane: the control plane.
        ledger: file that the provider enters each mint in.
        base_url: of the provider.
        meters: which follow the processes.
        operator: the operator's process; another one after a restart.
        operator_logs: what the operators printed, one file each.
        witness_logs: what the witnesses printed.
        key_file: with the provider key.
    """

    def __init__(
        self,
        plane: ControlPlane,
        settings: Settings,
        opened: contextlib.ExitStack,
        kubeconfig: Path,
        operators_home: Home,
    ) -> None:
        self.plane = plane
        self._operators_home = operators_home
        self.meters = Meters()
        self.meters.follow(BENCH, os.getpid())
        self._components: dict[str, int] = {}
        for component in plane.pids:
            self.has_begun(component)
        self.ledger = plane.directory / "ledger.jsonl"
        self.key_file = plane.directory / "provider-key"  # the folder is this user's own
        self.operator_logs: list[Path] = []
        self.witness_logs: list[Path] = []
        self._operator_kubeconfig = kubeconfig
        self._opened = opened
        self._children: list[tuple[str, Child]] = []
        key = f"sk-standin-{secrets.token_urlsafe(24)}"
        self._provider = self._start_provider(key, settings.latency)
        self.base_url: str = self._provider.first("url")
        self._flags = ["--watch-secrets"] * settings.watch_secrets
        self._apply(key, watch_secrets=settings.watch_secrets)
        self.operator = self._start_operator()

    def operator_url(self) -> str:
        """Wait until the operator is ready, and give the URL of its probes and metrics.

        Raises:
            StartError: it is not ready in time.
        """
        url = f"http://127.0.0.1:{self.operator.first('port')}"
        self.operator.answers(f"{url}/readyz")
        return url

    def kill_operator(self) -> None:
        """End the operator as ``kill -9`` does."""
        self._no_longer(OPERATOR, self.operator)
        os.kill(self.operator.pid, signal.SIGKILL)
        self.operator.end()

    def start_operator(self) -> None:
        """Start another operator; it is not ready yet."""
        self.operator = self._start_operator()

    def is_to_end(self, component: str) -> None:
        """Take the account of a component of the control plane; it is about to be stopped."""
        self.meters.settle(component, self._components.pop(component))

    def has_begun(self, component: str) -> None:
        """Follow a component of the control plane that was started."""
        self._components[component] = self.plane.pids[component]
        self.meters.follow(component, self._components[component])

    def start_witness(self, of: str) -> tuple[Child, Path, Path]:
        """Start a witness; give its process, the file that will have its evidence, and its log."""
        out, name = self.plane.directory / f"{of}.json", f"witness of the {of}"
        child = self._start(
            BENCH,
            name,
            [
                *("bench.witness", "--kubeconfig", self.plane.identity(OBSERVER_USER)),
                *("--namespace", NAMESPACE, "--ledger", self.ledger, "--out", out),
            ],
        )
        self.witness_logs.append(self._log_file(name))
        return child, out, self.witness_logs[-1]

    def dismiss(self, witness: Child) -> None:
        """Take a witness's account; it is about to be ended."""
        self._no_longer(BENCH, witness)

    def deaths(self) -> list[str]:
        """Give for each process that has ended although nobody asked it to: a sentence, and the end of its log."""
        running = self.plane.pids
        return [
            f"the {child.name} ended by itself with code {child.exit_code()}; the end of its log:\n{child.tail()}"
            for _, child in self._children
            if child.exit_code() is not None
        ] + [
            f"{component} ended by itself; the end of its log:\n{self.plane.log(component, LOG_LINES)}"
            for component in self._components
            if component not in running
        ]

    def _apply(self, key: str, *, watch_secrets: bool) -> None:
        kubectl = Kubectl(self.plane)
        rights = documents("rbac/operator.yaml") + _in_namespace(documents("rbac/observer.yaml"))
        if watch_secrets:
            (role,) = (it for it in rights if it["kind"] == "ClusterRole")
            role["rules"].append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]})
        kubectl.apply(
            [_namespace(OPERATOR_NAMESPACE), _namespace(NAMESPACE), *rights, _provider(self.base_url)]
        )
        kubectl.create([key_secret(key)])

    def _start_provider(self, key: str, latency: float) -> Child:
        self.key_file.write_text(f"{key}\n")
        flags = ("--key-file", self.key_file, "--ledger", self.ledger, "--latency", str(latency))
        return self._start(PROVIDER, "stand-in provider", ["demo.provider", *flags])

    def _start_operator(self) -> Child:
        name = f"operator {len(self.operator_logs) + 1}"
        self.operator_logs.append(self._log_file(name))
        return self._start(
            OPERATOR,
            name,
            ["realtime_operator", "--host", "127.0.0.1", "--port", "0", "--no-trust-env", *self._flags],
            kubeconfig=self._operator_kubeconfig,
            home=self._operators_home,
        )

    def _no_longer(self, role: str, child: Child) -> None:
        """Take a child's account; it is about to end on purpose."""
        self._children.remove((role, child))
        self.meters.settle(role, child.pid)

    def _log_file(self, name: str) -> Path:
        return self.plane.directory / f"{name.replace(' ', '-')}.log"

    def _start(
        self,
        role: str,
        name: str,
        module: list[str | Path],
        kubeconfig: Path | None = None,
        home: Home = OUR_OWN,
    ) -> Child:
        environment = {
            variable: value
            for variable, value in os.environ.items()
            if not variable.startswith(("REALTIME_OPERATOR_", "STANDIN_"))
        }
        if kubeconfig is not None:
            environment["KUBECONFIG"] = str(kubeconfig)
        child = Child(
            name,
            home.command(module, self.plane.directory),
            log_file=self._log_file(name),
            env=home.environment(environment),
            cwd=ROOT,
        )
        self._opened.callback(child.end)
        self._children.append((role, child))
        self.meters.follow(role, child.pid)
        return child


@contextlib.contextmanager
def stage(
    settings: Settings,
    *,
    controllers: bool = False,
    way: Way = contextlib.nullcontext,
    operators_home: Home = OUR_OWN,
) -> Iterator[Stage]:
    """Set everything up; there are no sessions yet.

    Args:
        settings: what was asked for.
        controllers: whether there is a garbage collector, which takes away the Secrets of sessions that are deleted.
        way: to the API server for the operator; its own, unless something stands between.
        operators_home: what the operator is started in.

    Raises:
        hack.controlplane.BuildError, GoMissingError, ControlPlaneError: there is no control plane.
        StartError: provider or operator did not get ready.
        KubectlError: an object was refused.
    """
    definitions = sorted((ROOT / "crds").glob("*.yaml"))
    with contextlib.ExitStack() as opened:
        plane = opened.enter_context(control_plane(controllers=controllers, definitions=definitions))
        kubeconfig = opened.enter_context(way(plane.identity(OPERATOR_USER)))
        made = Stage(plane, settings, opened, kubeconfig, operators_home)
        made.operator_url()
        yield made


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _in_namespace(rights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each | {"metadata": each["metadata"] | {"namespace": NAMESPACE}} for each in rights]


def _provider(base_url: str) -> dict[str, Any]:
    return {
        "apiVersion": "realtime-operator.io/v1alpha1",
        "kind": "ClusterRealtimeProvider",
        "metadata": {"name": "default"},
        "spec": {
            "baseURL": base_url,
            "auth": {"secretRef": {"name": KEY_SECRET, "namespace": OPERATOR_NAMESPACE}},
        },
    }
