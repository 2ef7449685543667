"""One etcd, one kube-apiserver and, if wanted, one kube-controller-manager, as a context manager."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import subprocess
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import yaml

from .admin_api import AdminApi
from .certificates import Authority
from .components import API_SERVER, CONTROLLERS, ETCD, LOOPBACK, Layout
from .interruption import signals_held, sigterm_unwinds
from .kubeconfig import write_for_certificate, write_for_token
from .lookup import tool_path
from .ports import free_port
from .processes import end, spawn
from .readiness import ControllersWork, DefinitionsServed, api_server_is_ready, etcd_is_ready
from .run_folders import RunFolder, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

PORT_ATTEMPTS = 5
READY_SECONDS = 90.0  # on a machine whose every core is busy; 3 s else
LOOK_AGAIN_SECONDS = 0.02
STOP_SECONDS = 5.0
LOG_TAIL_LINES = 25
PORT_TAKEN = "address already in use"


class ControlPlaneError(RuntimeError):
    """A component could not be started; the message names it and has the end of its log."""


class ControlPlane:
    """A running control plane. Made by `control_plane`.

    Attributes:
        directory: everything that belongs to this run; gone afterwards.
    """

    def __init__(
        self,
        folder: RunFolder,
        programs: Mapping[str, Path],
        extra: Mapping[str, Sequence[str]],
        ports: Callable[[], int],
        address: str,
    ) -> None:
        self.directory = folder.path
        self._folder = folder
        self._programs = programs
        self._extra = extra
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = ports
        self._layout = Layout(self.directory, ports(), Authority("control-plane"), address)

    @property
    def server(self) -> str:
        """The URL of the API."""
        return self._layout.server

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that signed the server's."""
        return self._layout.ca_file

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self._layout.kubeconfig

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the components that run now."""
        return {name: process.pid for name, process in self._processes.items() if process.poll() is None}

    def identity(self, name: str, groups: Sequence[str] = ()) -> Path:
        """Write a kubeconfig (mode 0600) whose client certificate is for the user `name` in `groups`."""
        return write_for_certificate(
            self._kubeconfig_path(name),
            server=self.server,
            authority=self._layout.authority.certificate,
            pair=self._layout.authority.client(name, groups),
        )

    def service_account_kubeconfig(
        self, namespace: str, name: str, *, expiration_seconds: int = 3600
    ) -> Path:
        """Write a kubeconfig (mode 0600) with a token of an existing service account.

        Args:
            namespace: of the account.
            name: of the account.
            expiration_seconds: the token's life, at least 600.

        Raises:
            LookupError: the API did not issue one, with the HTTP status.
        """
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": expiration_seconds},
        }
        status, answer = self._api.call("POST", path, request)
        if status != HTTPStatus.CREATED:
            raise LookupError(f"no token for service account {namespace}/{name}: HTTP status {status}")
        return write_for_token(
            self._kubeconfig_path(f"{namespace}.{name}"),
            server=self.server,
            authority=self._layout.authority.certificate,
            token=answer["status"]["token"],
        )

    def start(self, component: str) -> None:
        """Start a component that does not run, on its old port with its old data, and wait until it works.

        Raises:
            ControlPlaneError: it does not get ready.
        """
        self._launch(component)
        self._wait(component, self._question(component))

    def stop(self, component: str) -> None:
        """End a component in order, by force after 5 s."""
        end(self._processes[component], grace_seconds=STOP_SECONDS)

    def kill(self, component: str) -> None:
        """End a component as `kill -9` does."""
        end(self._processes[component], grace_seconds=0)

    def log(self, component: str, lines: int = LOG_TAIL_LINES) -> str:
        """Give the end of what a component printed."""
        try:
            said = self._layout.log_file(component).read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(said.splitlines()[-lines:])

    def start_all(self, definitions: Sequence[Path]) -> None:
        """Start every component, with the CustomResourceDefinitions in place before the controllers."""
        self._layout.write_files()
        self.start(ETCD)
        self._start_api_server()
        documents = [document for path in definitions for document in yaml.safe_load_all(path.read_text())]
        self._wait(API_SERVER, DefinitionsServed(self._api, filter(None, documents)))
        if CONTROLLERS in self._programs:
            self.start(CONTROLLERS)

    def end_all(self) -> None:
        """End every component by force: what they would still write goes with the folder."""
        for component in self._processes:
            self.kill(component)

    def _start_api_server(self) -> None:
        for attempt in range(PORT_ATTEMPTS):
            try:
                self.start(API_SERVER)
            except ControlPlaneError:
                if attempt + 1 == PORT_ATTEMPTS or PORT_TAKEN not in self.log(API_SERVER):
                    raise
                self._layout.log_file(API_SERVER).unlink()
                self._layout = dataclasses.replace(self._layout, port=self._ports())
                self._layout.write_files()
            else:
                return

    @property
    def _api(self) -> AdminApi:
        return AdminApi(
            self._layout.port,
            ca_file=self.ca_file,
            certificate=self.directory / "admin.crt",
            key=self.directory / "admin.key",
            address=self._layout.address,
        )

    def _launch(self, component: str) -> None:
        argv: list[str | Path] = [
            self._programs[component],
            *self._layout.arguments(component),
            *self._extra.get(component, ()),
        ]
        with signals_held():
            process = spawn(argv, log_file=self._layout.log_file(component), cwd=self.directory)
            self._processes[component] = process
            self._folder.record(component, process.pid)

    def _question(self, component: str) -> Callable[[], bool]:
        if component == ETCD:
            return lambda: etcd_is_ready(self.directory)
        api = self._api
        return ControllersWork(api) if component == CONTROLLERS else lambda: api_server_is_ready(api)

    def _wait(self, component: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        process = self._processes[component]
        while not is_ready():
            if process.poll() is not None:
                raise ControlPlaneError(
                    f"{component} ended with code {process.returncode} instead of getting ready:\n"
                    f"{self.log(component)}"
                )
            if time.monotonic() > deadline:
                raise ControlPlaneError(
                    f"{component} was not ready after {READY_SECONDS:.0f} s:\n{self.log(component)}"
                )
            time.sleep(LOOK_AGAIN_SECONDS)

    def _kubeconfig_path(self, name: str) -> Path:
        return self.directory / f"{re.sub(r'[^A-Za-z0-9.-]', '-', name)}.user.kubeconfig"


@contextlib.contextmanager
def control_plane(
    *,
    controllers: bool = False,
    definitions: Sequence[Path] = (),
    extra_arguments: Mapping[str, Sequence[str]] | None = None,
    ports: Callable[[], int] = free_port,
    address: str = LOOPBACK,
    root: Path | None = None,
) -> Iterator[ControlPlane]:
    """Run a fresh control plane for the block; builds what it needs at the first use ever (minutes).

    Its processes end and its folder goes with the block: by exceptions, Ctrl-C and SIGTERM too. After a
    `kill -9` of this process its children die at once, and the next start removes the folder.

    Args:
        controllers: run the garbage collector and the controllers of namespaces and service accounts too.
        definitions: files of CustomResourceDefinitions to create before the controllers start. The garbage
            collector looks for new kinds only every 30 s; of those given here it knows from the start.
        extra_arguments: more arguments by component; the last one of a name counts.
        ports: gives a port to try for the API; asked again if somebody else was quicker.
        address: where the API listens, and the one that kubeconfigs name.
        root: the private folder to make the run's folder in; None is this user's own among the temporary ones.

    Raises:
        ControlPlaneError: a component could not be started.
        BuildError: a tool had to be built, and that failed.
        GoMissingError: a tool had to be built, and there is no Go.
    """
    components = [ETCD, API_SERVER, *([CONTROLLERS] if controllers else [])]
    with sigterm_unwinds():
        programs = {component: tool_path(component) for component in components}
        sweep(root)
        with RunFolder(root) as folder:
            plane = ControlPlane(folder, programs, extra_arguments or {}, ports, address)
            try:
                plane.start_all(definitions)
                yield plane
            finally:
                with signals_held():
                    plane.end_all()
